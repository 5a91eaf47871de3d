"""The request log and the per-tenant limit, both by time of arrival on the real clock.

The log is the witness of "never more than the limit in any second": it is written when a request arrives, before
anything else happens to it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

LOG_SIZE = 200_000


@dataclass
class Entry:
    """One request. `arrived` is wall-clock seconds; `fault` names the rule that touched it."""

    number: int
    arrived: float
    method: str
    path: str
    query: str
    tenant_id: int | None
    resource: str | None
    client: str
    simulated: str
    status: int | None = None
    rows: int | None = None
    bytes: int | None = None
    fault: str | None = None
    user_agent: str | None = None
    params: dict[str, str] = field(default_factory=dict)


class RequestLog:
    """Bounded; the oldest entries go first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=LOG_SIZE)
        self._count = 0

    def open(self, **facts: Any) -> Entry:
        with self._lock:
            self._count += 1
            entry = Entry(number=self._count, arrived=time.time(), **facts)
            self._entries.append(entry)
            return entry

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._count = 0

    def entries(self, *, tenant_id: int | None = None, resource: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            chosen = list(self._entries)
        return [
            asdict(entry)
            for entry in chosen
            if (tenant_id is None or entry.tenant_id == tenant_id) and (resource is None or entry.resource == resource)
        ]


class ArrivalLimit:
    """At most `per_second` requests of a tenant in any second. None lifts the limit."""

    def __init__(self, per_second: int | None) -> None:
        self.per_second = per_second
        self._lock = threading.Lock()
        self._arrivals: dict[int, deque[float]] = {}

    def wait_for(self, tenant_id: int) -> float:
        """0 when the request may pass, else the seconds until one could."""
        if self.per_second is None:
            return 0.0
        now = time.monotonic()
        with self._lock:
            arrivals = self._arrivals.setdefault(tenant_id, deque())
            while arrivals and now - arrivals[0] >= 1.0:
                arrivals.popleft()
            if len(arrivals) >= self.per_second:
                return 1.0 - (now - arrivals[0])
            arrivals.append(now)
            return 0.0

    def clear(self) -> None:
        with self._lock:
            self._arrivals.clear()

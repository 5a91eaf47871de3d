"""The fault plan: what goes wrong with which request, decided by tests.

A rule matches requests and says what happens to them; the shell (`api.py`) carries it out. Pure bookkeeping, no I/O.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RowChange(_Strict):
    """Changes one row of the page: `row` by index, or every row when None. `raw` values are JSON texts, so they may
    be anything; `drop` removes fields; `duplicate` repeats the row right after itself."""

    row: int | None = 0
    raw: dict[str, str] = Field(default_factory=dict)
    drop: list[str] = Field(default_factory=list)
    duplicate: bool = False


class Rule(_Strict):
    """One line of the plan.

    Matching: `path` is a regular expression searched in the path, `tenant` and `resource` compare, `query` are
    parameters that must be there (None: must be absent). `nth` picks the nth matching request (from 1), `first` the
    first n, `after` all but the first n, `every` each nth; with none of them every match is hit.

    What happens, in this order: `delay` seconds; `edits` (bodies of `POST /_sim/edit`) and `advance` seconds, which
    take effect once the request has been answered; `revoke_tokens` makes all issued tokens worthless first. `status`
    with `body` replaces the answer. `replace` are [old, new] texts in the body, `rows` changes to rows, `envelope`
    JSON texts for envelope fields (None drops the field). `cut_after` bytes the connection is closed, or reset with
    `reset`; `bytes_per_second` drips. `encoding` is `corrupt` (gzip with a wrong checksum), `bomb` (gzip of
    `bomb_bytes` zeros) or `identity`.
    """

    name: str = ""
    path: str | None = None
    tenant: int | None = None
    resource: str | None = None
    query: dict[str, str | None] = Field(default_factory=dict)
    nth: int | None = None
    first: int | None = None
    after: int | None = None
    every: int | None = None

    delay: float = 0.0
    status: int | None = None
    body: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = Field(default_factory=dict)
    revoke_tokens: bool = False
    edits: list[dict[str, Any]] = Field(default_factory=list)
    advance: float = 0.0
    replace: list[tuple[str, str]] = Field(default_factory=list)
    rows: list[RowChange] = Field(default_factory=list)
    envelope: dict[str, str | None] = Field(default_factory=dict)
    cut_after: int | None = None
    reset: bool = False
    bytes_per_second: int | None = None
    encoding: str | None = None
    bomb_bytes: int = 128 * 2**20

    def matches(self, path: str, tenant: int | None, resource: str | None, params: dict[str, str]) -> bool:
        return (
            (self.path is None or re.search(self.path, path) is not None)
            and (self.tenant is None or self.tenant == tenant)
            and (self.resource is None or self.resource == resource)
            and all(params.get(name) == value for name, value in self.query.items())
        )

    def hits(self, count: int) -> bool:
        """Whether the `count`th matching request (from 1) is hit."""
        return (
            (self.nth is None or count == self.nth)
            and (self.first is None or count <= self.first)
            and (self.after is None or count > self.after)
            and (self.every is None or count % self.every == 0)
        )


@dataclass
class _Planned:
    rule: Rule
    seen: int = 0
    hit: int = 0


@dataclass
class FaultPlan:
    """Rules in order of addition; the first that hits a request is carried out. Every matching rule counts it."""

    _planned: list[_Planned] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._planned.append(_Planned(rule))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def choose(self, path: str, tenant: int | None, resource: str | None, params: dict[str, str]) -> Rule | None:
        chosen: Rule | None = None
        with self._lock:
            for planned in self._planned:
                if not planned.rule.matches(path, tenant, resource, params):
                    continue
                planned.seen += 1
                if chosen is None and planned.rule.hits(planned.seen):
                    planned.hit += 1
                    chosen = planned.rule
        return chosen

    def report(self) -> list[dict[str, Any]]:
        """Each rule with how many requests matched it and how many it hit."""
        with self._lock:
            return [
                {**planned.rule.model_dump(exclude_defaults=True), "seen": planned.seen, "hit": planned.hit}
                for planned in self._planned
            ]

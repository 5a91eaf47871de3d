"""The simulated clock: stands still until told, or runs at the pace of the real one.

Everything the simulator shows is a function of this clock; moving it forward is how business happens.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime

from st_platform.simulator.instants import SECOND, from_ticks, to_ticks


class Clock:
    """`now()` in ticks. Moves backwards only through `set`."""

    def __init__(self, start: datetime, *, ticking: bool) -> None:
        self._lock = threading.Lock()
        self._base = to_ticks(start)
        self._ticking = ticking
        self._started = time.monotonic_ns()

    def now(self) -> int:
        """The simulated instant, ticks."""
        with self._lock:
            return self._now()

    def set(self, moment: int) -> int:
        """Jump to an instant (ticks) and answer it."""
        with self._lock:
            self._base = moment
            self._started = time.monotonic_ns()
            return self._base

    def advance(self, seconds: float) -> int:
        """Move forward and answer the new now. One lock, so two callers never lose a move."""
        with self._lock:
            self._base = self._now() + round(seconds * SECOND)
            self._started = time.monotonic_ns()
            return self._base

    @property
    def ticking(self) -> bool:
        return self._ticking

    @ticking.setter
    def ticking(self, value: bool) -> None:
        with self._lock:
            self._base = self._now()
            self._started = time.monotonic_ns()
            self._ticking = value

    def moment(self) -> datetime:
        """Now as a datetime, UTC."""
        return from_ticks(self.now())

    def _now(self) -> int:
        elapsed = (time.monotonic_ns() - self._started) // 100 if self._ticking else 0
        return self._base + elapsed

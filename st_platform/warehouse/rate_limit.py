"""One rate limit for all processes: a GCRA row per bucket, on the database's clock.

Has the shape of the API client's `RateLimiter`. Knows one table; knows nothing of HTTP. A grant is one statement in
its own transaction; the waiting happens here, with no session held.

GCRA keeps the *theoretical arrival time* (tat) of the next request. Every caller takes the next place in line and
waits for its turn, which is at most a burst ahead of its tat: in any one second at most `rate + burst` are granted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from st_platform.warehouse.database import Database

MOST_PER_SECOND = 52.0
"""The highest rate that is ever granted. The API allows 60; the rest is for bursts and for requests that leave late."""

BURST = 5

_RESERVE = """
    INSERT INTO platform.rate_limits AS r (bucket, tat) VALUES (%(bucket)s, clock_timestamp() + %(interval)s)
    ON CONFLICT (bucket) DO UPDATE
    SET tat = greatest(r.tat, r.paused_until, clock_timestamp()) + %(interval)s
    RETURNING extract(epoch FROM
        greatest(tat - %(interval)s - %(ahead)s, paused_until) - clock_timestamp())::double precision
"""
_PAUSE = """
    INSERT INTO platform.rate_limits AS r (bucket, tat, paused_until)
    VALUES (%(bucket)s, clock_timestamp(), clock_timestamp() + %(pause)s)
    ON CONFLICT (bucket) DO UPDATE
    SET paused_until = greatest(r.paused_until, excluded.paused_until)
"""
_IS_PAUSED = """
    SELECT FROM platform.rate_limits WHERE bucket = %(bucket)s AND paused_until > clock_timestamp()
"""


class SharedRateLimiter:
    """Grants requests of `bucket` at `rate` per second on average, all processes together.

    The rate is cut to `MOST_PER_SECOND` whatever the caller asks for. Thread-safe.
    """

    def __init__(
        self, database: Database, bucket: str, rate: float, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if rate <= 0:
            raise ValueError(f"the rate of {bucket} must be above zero, not {rate}")
        self.rate = min(rate, MOST_PER_SECOND)
        self.burst = max(1, min(BURST, int(self.rate)))
        self._database = database
        self._sleep = sleep
        interval = timedelta(seconds=1 / self.rate)
        self._values = {"bucket": bucket, "interval": interval, "ahead": interval * (self.burst - 1)}

    def acquire(self) -> None:
        """Wait until one request may be sent."""
        while (seconds := self._reserve()) > 0:
            self._sleep(seconds)
            if not self._is_paused():  # a pause declared meanwhile voids our place in line
                return

    def pause(self, seconds: float) -> None:
        """Let nobody send for `seconds`; a longer pause that is already on stays."""
        with self._database.autocommit() as connection:
            connection.execute(_PAUSE, {**self._values, "pause": timedelta(seconds=seconds)})

    def _reserve(self) -> float:
        with self._database.autocommit() as connection:
            row = connection.execute(_RESERVE, self._values).fetchone()
        return float(row[0]) if row else 0.0

    def _is_paused(self) -> bool:
        with self._database.autocommit() as connection:
            return connection.execute(_IS_PAUSED, self._values).fetchone() is not None

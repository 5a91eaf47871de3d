"""One rate limit for all processes: a GCRA row per bucket, on the database's clock.

Has the shape of the API client's `RateLimiter`. Knows one table; knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from st_platform.warehouse.database import Database


class SharedRateLimiter:
    """Grants at most `limit` requests in any one second, all processes together, at `rate` per second on average."""

    def __init__(
        self, database: Database, bucket: str, rate: float, *, sleep: Callable[[float], None] | None = None
    ) -> None:
        raise NotImplementedError

    def acquire(self) -> None:
        """Wait until one request may be sent."""
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        raise NotImplementedError

"""What the client expects of a rate limiter. It knows the two questions and no answer.

The budget of 60 requests per second belongs to an app on a tenant, whatever the number of processes that spend it
(platform.md §4), so the real limiter lives where all processes meet: in the warehouse.
"""

from __future__ import annotations

from typing import Protocol


class RateLimiter(Protocol):
    """Hands out permission to send, one request at a time. Called from several threads."""

    def acquire(self) -> None:
        """Block until one request may be sent."""
        ...

    def pause(self, seconds: float) -> None:
        """Nobody sends for `seconds`: the API answered 429."""
        ...


class Unlimited:
    """No limit at all, for tests and for tools that talk to loopback."""

    def acquire(self) -> None:
        return None

    def pause(self, seconds: float) -> None:
        return None

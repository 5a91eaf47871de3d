"""The API's own time. Knows the `Date` header and nothing else.

Windows open and close by the source's clock, never by ours (a machine ten minutes off would otherwise call today
finished, or never look at its last minutes).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class ServerClock:
    """The source's time, carried on from the last `Date` header by the monotonic clock.

    `Date` has whole seconds and the answer took a while to arrive, so the time told is never ahead of the source.
    """

    def __init__(self) -> None:
        self._seen: tuple[datetime, float] | None = None

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take the time from an answer's headers; without a readable `Date` nothing changes."""
        date = http_date(headers.get("date", ""))
        if date is not None:
            self._seen = (date, time.monotonic())

    def adopt(self, other: ServerClock) -> None:
        """Take over what `other` has seen."""
        self._seen = other._seen

    def now(self) -> datetime | None:
        """The source's time, UTC; None when no answer has told it yet."""
        if self._seen is None:
            return None
        date, at = self._seen
        return date + timedelta(seconds=time.monotonic() - at)


def http_date(text: str) -> datetime | None:
    """An HTTP date as a moment, UTC; None when it is not one."""
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None

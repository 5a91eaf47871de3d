"""Time as the simulator counts it: ticks of 100 ns since 1970, UTC, the precision the API shows.

Knows how to read and write ISO instants and nothing of business or HTTP. Ticks are plain integers, or int64 arrays
where there are many.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]

SECOND = 10_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).max
"""Later than every instant: the time of something that does not happen."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)


class NotAnInstant(ValueError):
    """A text that is neither an ISO date nor an ISO instant."""


def to_ticks(moment: datetime) -> int:
    """Ticks of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND * 10


def from_ticks(ticks: int) -> datetime:
    """The datetime, UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=int(ticks) // 10)


def day_ticks(day: date) -> int:
    """Midnight UTC of a calendar day."""
    return (day - _EPOCH.date()).days * DAY


def parse(text: str) -> int:
    """Read an ISO date or instant; a missing zone means UTC, digits beyond the seventh are cut.

    Raises:
        NotAnInstant: the text is something else.
    """
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        raise NotAnInstant(text)
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in (None, "Z") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone}")
    except ValueError as error:
        raise NotAnInstant(text) from error
    return to_ticks(moment) + int((fraction or "0")[:7].ljust(7, "0"))


def text(ticks: int) -> str:
    """One instant as the API writes it: seven digits and `Z`."""
    seconds, rest = divmod(int(ticks), SECOND)
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:07d}Z"


def texts(ticks: Ticks) -> list[str]:
    """Many instants as JSON strings, quotes included; `NEVER` becomes `null`."""
    never = ticks == NEVER
    moments = np.where(never, 0, ticks).view("M8[100ns]")
    written = [f'"{moment[:27]}Z"' for moment in np.datetime_as_string(moments).tolist()]
    if never.any():
        for index in np.flatnonzero(never).tolist():
            written[index] = "null"
    return written


def day_texts(ticks: Ticks, suffix: str = "T00:00:00Z") -> list[str]:
    """The calendar day of each instant as a JSON string, the way the API writes dates; `NEVER` becomes `null`."""
    never = ticks == NEVER
    days = np.where(never, 0, ticks // DAY).astype("M8[D]")
    written = [f'"{day}{suffix}"' for day in np.datetime_as_string(days).tolist()]
    if never.any():
        for index in np.flatnonzero(never).tolist():
            written[index] = "null"
    return written

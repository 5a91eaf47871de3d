"""Instants as the API writes them: text, up to seven fractional digits, compared and cut without rounding.

Pure. A parsed datetime holds six digits, so order within a microsecond exists only in the text; what compares or
stores instants does it here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:[T ](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_DIGITS = 7
_SECONDS_END = 19  # len("2024-01-01T23:59:59")


class BadInstant(ValueError):
    """A text that names no moment: malformed, impossible, or of a time zone nobody states."""


def order_key(instant: str) -> str:
    """A text that sorts as the instants do; `…00Z` comes before `…00.5Z`, which plain text gets wrong.

    >>> order_key("2024-01-01T00:00:00Z") < order_key("2024-01-01T00:00:00.5Z")
    True
    """
    return instant[:_SECONDS_END] + instant[_SECONDS_END + 1 : -1].ljust(_DIGITS, "0")


def as_datetime(instant: str) -> datetime:
    """An instant as a datetime, UTC, cut to microseconds."""
    fraction = instant[_SECONDS_END + 1 : -1][:6].ljust(6, "0")
    return datetime.fromisoformat(f"{instant[:_SECONDS_END]}.{fraction}+00:00")


def as_text(moment: datetime) -> str:
    """A datetime as the API wants it in a query: UTC with `Z`, never `+00:00`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def normalised(text: str) -> tuple[str | None, str | None]:
    """The same moment written with `Z`, and what had to be done to it (None when nothing).

    A time without a zone is refused unless it is midnight, where it can only mean the day. Year 1, .NET's "no
    value", becomes None.

    Raises:
        BadInstant: with the reason.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise BadInstant("is not an ISO 8601 instant")
    if text.startswith("0001-"):
        return None, "year 0001 stands for no value"
    day, clock, fraction, zone = match.group("day", "time", "fraction", "zone")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{_offset(zone)}")
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInstant(str(error)) from None
    if zone == "Z" and clock and (fraction is None or len(fraction) <= _DIGITS) and text[10] == "T":
        return text, None
    if zone is None and (clock or "00:00:00") + (fraction or "").rstrip("0") != "00:00:00":
        raise BadInstant("states no time zone")
    written = f"{utc:%Y-%m-%dT%H:%M:%S}" if utc.year >= 1000 else utc.isoformat()[:_SECONDS_END]
    result = f"{written}.{fraction[:_DIGITS]}Z" if fraction else f"{written}Z"
    return result, "midnight without a time zone is read as UTC" if zone is None else "converted to UTC"


def _offset(zone: str | None) -> str:
    return "+00:00" if zone in (None, "Z") else zone

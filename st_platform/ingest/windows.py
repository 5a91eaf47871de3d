"""Windows of modification time, and what of a window is closed, still open, or not there yet.

Pure: plain values in, plain values out. Knows calendars and the feed's visibility delay; must not know the API,
the database or the local clock ("now" is always the source's own time, handed in).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from st_platform.servicetitan.tenant import Tenant

VISIBILITY = timedelta(minutes=15)
"""How long after a change a feed may still hide it (`platform.md` §6). A day is closed this long after its end."""

MARGIN = timedelta(minutes=10)
"""Windows are read this much wider on both sides: feeds are only usually in order of modification."""

_CLOCK_TOLERANCE = timedelta(hours=1)


class FutureWindow(ValueError):
    """A window that begins after the source's own present. Nothing can be read from it."""


@dataclass(frozen=True, order=False)
class Window:
    """A stretch of modification time, UTC, half-open `[start, end)`; None is unbounded on that side."""

    start: datetime | None
    end: datetime | None

    def __post_init__(self) -> None:
        for edge in (self.start, self.end):
            if edge is not None and edge.utcoffset() != timedelta():
                raise ValueError(f"a window's edges are instants in UTC, not {edge.isoformat()}")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"a window ends after it starts: {self}")

    def __str__(self) -> str:
        return f"[{_text(self.start, '-inf')}, {_text(self.end, 'inf')})"

    @property
    def scope(self) -> str:
        """The name a lease on this window goes by: the same window, the same text."""
        return f"{_text(self.start, '-inf')}/{_text(self.end, 'inf')}"

    def contains(self, other: Window) -> bool:
        """Whether every instant of `other` lies in this window."""
        starts = self.start is None or (other.start is not None and other.start >= self.start)
        ends = self.end is None or (other.end is not None and other.end <= self.end)
        return starts and ends


@dataclass(frozen=True)
class Division:
    """A window as it stands at one moment: the part that is final, and the UTC days that still receive changes."""

    closed: Window | None
    open_days: tuple[Window, ...]


def day_window(tenant: Tenant, day: date) -> Window:
    """The window of one date partition. The tenant's first day reaches back to the beginning of time.

    >>> day_window(tenant, tenant.start_date).start is None
    True
    """
    return window_of_days(tenant, day, day)


def window_of_days(tenant: Tenant, first: date, last: date) -> Window:
    """The window of a run over the partitions `first` to `last`, both included.

    Raises:
        ValueError: the days lie before the tenant's start date (that history belongs to its first partition), or
            `last` is before `first`.
    """
    if first < tenant.start_date:
        raise ValueError(
            f"{first} is before the first partition of tenant {tenant.name} ({tenant.start_date}), "
            f"which reaches back to the beginning; ask for that day instead"
        )
    start = None if first == tenant.start_date else _midnight(first)
    return Window(start, _midnight(last) + timedelta(days=1))


def utc_day(moment: datetime) -> Window:
    """The UTC day that `moment` lies in."""
    start = _midnight(moment.astimezone(UTC).date())
    return Window(start, start + timedelta(days=1))


def is_closed(window: Window, now: datetime) -> bool:
    """Whether every change of `window` is visible at `now`."""
    return window.end is not None and window.end + VISIBILITY <= now


def divide(window: Window, now: datetime) -> Division:
    """Separate what is final from what still changes. `now` is the source's time, UTC.

    A window that ends in the past by more than the visibility delay is closed as it stands, whatever its edges.
    Anything later is cut at the first open midnight; the rest is covered by whole open days, of which there are
    at most two (yesterday keeps open for the visibility delay after midnight).

    Raises:
        FutureWindow: the window begins more than an hour after `now`.
    """
    if is_closed(window, now):
        return Division(window, ())
    if window.start is not None and window.start > now + _CLOCK_TOLERANCE:
        raise FutureWindow(f"the window {window} begins in the future: the source says it is {now.isoformat()}")
    first_open = utc_day(now - VISIBILITY)
    assert first_open.start is not None
    closed = None
    if window.start is None or window.start < first_open.start:
        closed = Window(window.start, first_open.start)
    days: list[Window] = []
    day = first_open if closed or window.start is None else utc_day(window.start)
    last = utc_day(max(now, window.start) if window.start else now)
    while day.start and last.start and day.start <= last.start:
        if window.end is None or day.start < window.end:
            days.append(day)
        assert day.end is not None
        day = utc_day(day.end)
    return Division(closed, tuple(days))


def read_from(window: Window) -> datetime | None:
    """Where reading a window begins: its start, less the margin; None reads from the first record."""
    return None if window.start is None else window.start - MARGIN


def as_month_start(moment: datetime) -> datetime:
    """The first instant of the month that `moment` lies in, UTC."""
    return _midnight(moment.astimezone(UTC).date().replace(day=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _text(edge: datetime | None, unbounded: str) -> str:
    return unbounded if edge is None else edge.astimezone(UTC).isoformat().replace("+00:00", "Z")

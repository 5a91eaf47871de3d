"""When things happen: the tenant's local days, its seasons and working hours.

Turns demand into instants (ticks, UTC). Knows the time zone and the trades, no customers and no jobs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from st_platform.simulator.business.chance import Floats, Ints
from st_platform.simulator.business.profile import Profile, Span, Trade
from st_platform.simulator.instants import DAY, HOUR, SECOND, Ticks, day_ticks

_WEEKDAYS = np.array([1.18, 1.08, 1.02, 1.0, 0.98, 0.46, 0.14])
_HOLIDAYS = {(1, 1), (7, 4), (11, 27), (12, 24), (12, 25)}


class LocalCalendar:
    """Local days of one time zone over a span. A local instant is ticks counted as if local time were UTC."""

    def __init__(self, timezone: str, span: Span) -> None:
        self._first = (span.oldest - timedelta(days=3) - date(1970, 1, 1)).days
        days = (span.last - span.oldest).days + 800
        zone = ZoneInfo(timezone)
        noon = datetime(1970, 1, 1, 12, tzinfo=UTC)
        offsets = [
            (noon + timedelta(days=self._first + day)).astimezone(zone).utcoffset() or timedelta()
            for day in range(days)
        ]
        self._offsets = np.array([int(offset.total_seconds()) * SECOND for offset in offsets], dtype=np.int64)

    def to_utc(self, local: Ticks) -> Ticks:
        """Ticks, UTC, of local instants. Exact but for the small hours of the two days when clocks change."""
        return local - self._offset(local // DAY)

    def to_local(self, utc: Ticks) -> Ticks:
        return utc + self._offset(utc // DAY)

    def local_midnight(self, utc: Ticks) -> Ticks:
        """The local day of each instant, as midnight UTC of the same date: how the API writes calendar dates."""
        return self.to_local(utc) // DAY * DAY

    def _offset(self, days: Ints) -> Ticks:
        return self._offsets[np.clip(days - self._first, 0, len(self._offsets) - 1)]


class Demand:
    """How eager customers are to call about one trade, by local day; draws instants accordingly."""

    def __init__(self, profile: Profile, trade: Trade, calendar: LocalCalendar, span: Span) -> None:
        self._calendar = calendar
        self._start = day_ticks(span.start) // DAY
        days = np.arange((span.last - span.start).days + 1)
        dates = [span.start + timedelta(days=int(day)) for day in days]
        of_year = np.array([day.timetuple().tm_yday for day in dates], dtype=np.float64)
        weight = np.ones(len(days))
        for peak, height, width in trade.peaks:
            distance = np.abs(of_year - peak)
            distance = np.minimum(distance, 365.25 - distance)
            weight += height * np.exp(-0.5 * (distance / width) ** 2)
        weight *= _WEEKDAYS[[day.weekday() for day in dates]]
        weight *= [0.05 if (day.month, day.day) in _HOLIDAYS else 1.0 for day in dates]
        weight *= (1 + profile.growth) ** (days / 365.25)
        self._cumulative = np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum()

    def share_before(self, instant: Ticks | int) -> Floats:
        """The part of all demand that comes before each instant, 0 to 1."""
        days = np.asarray(instant, dtype=np.float64) / DAY - self._start
        return np.interp(days, np.arange(len(self._cumulative)), self._cumulative)

    def calls(self, stream: np.random.Generator, after: Ticks, count: int | None = None) -> Ticks:
        """One call per entry of `after`, later than it, in office hours and in season. `NEVER` cannot come out: calls
        past the end of the world fall on its last day."""
        low = self.share_before(after)
        wanted = low + stream.random(len(low) if count is None else count) * (1 - low)
        days = np.clip(np.searchsorted(self._cumulative, wanted, side="right") - 1, 0, len(self._cumulative) - 2)
        hours = stream.triangular(6.5, 9.5, 19.5, len(days))
        local = (self._start + days) * DAY + (hours * HOUR).astype(np.int64)
        called = self._calendar.to_utc(local)
        return np.where(called <= after, after + (stream.random(len(days)) * 2 * HOUR).astype(np.int64) + 1, called)


def workday(local_days: Ints, stream: np.random.Generator) -> Ints:
    """Move most Sundays and some Saturdays into the week after. `local_days` are days since 1970."""
    weekday = (local_days + 3) % 7  # 1970-01-01 was a Thursday
    moved = stream.random(len(local_days))
    shift = np.where((weekday == 6) & (moved < 0.9), 1, np.where((weekday == 5) & (moved < 0.5), 2, 0))
    return local_days + shift + np.where(shift > 0, stream.integers(0, 4, len(local_days)), 0)

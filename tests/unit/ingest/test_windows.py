"""Windows: which days they hold, what of them is closed, and where reading begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.windows import (
    MARGIN,
    VISIBILITY,
    FutureWindow,
    Window,
    day_window,
    divide,
    is_closed,
    read_from,
    utc_day,
    window_of_days,
)
from st_platform.servicetitan.tenant import ENDPOINTS, Credentials, Environment, Tenant

START = date(2026, 7, 1)
TENANT = Tenant(
    name="acme",
    tenant_id=1,
    environment=Environment.PRODUCTION,
    endpoints=ENDPOINTS[Environment.PRODUCTION],
    credentials=Credentials("id", "secret", "key"),
    timezone=ZoneInfo("America/New_York"),
    start_date=START,
)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=UTC)


def test_the_first_partition_reaches_back_to_the_beginning() -> None:
    assert day_window(TENANT, START) == Window(None, at(2))
    assert window_of_days(TENANT, START, date(2026, 7, 9)) == Window(None, at(10))


def test_a_later_day_is_its_utc_day_whatever_the_tenants_time_zone() -> None:
    assert day_window(TENANT, date(2026, 7, 5)) == Window(at(5), at(6))


def test_a_day_before_the_first_partition_is_refused_with_the_day_to_ask_for() -> None:
    with pytest.raises(ValueError, match=r"before the first partition.*2026-07-01"):
        day_window(TENANT, date(2026, 6, 30))


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Window(at(2), at(2))


def test_a_window_with_edges_outside_utc_is_refused() -> None:
    with pytest.raises(ValueError, match="instants in UTC"):
        Window(datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=-4))), None)


def test_yesterday_stays_open_for_the_visibility_delay_after_midnight() -> None:
    yesterday = Window(at(5), at(6))
    assert divide(yesterday, at(6, 0, 14)).open_days == (yesterday,)
    assert divide(yesterday, at(6, 0, 15)).closed == yesterday


def test_a_range_that_ends_today_is_a_closed_stretch_and_one_open_day() -> None:
    division = divide(Window(at(1), at(6)), at(5, 12))
    assert division.closed == Window(at(1), at(5))
    assert division.open_days == (Window(at(5), at(6)),)


def test_just_after_midnight_two_days_are_open() -> None:
    division = divide(Window(None, at(7)), at(6, 0, 5))
    assert division.closed == Window(None, at(5))
    assert division.open_days == (Window(at(5), at(6)), Window(at(6), at(7)))


def test_a_stretch_of_hours_within_today_is_read_as_the_whole_day() -> None:
    assert divide(Window(at(5, 10), at(5, 14)), at(5, 12)).open_days == (Window(at(5), at(6)),)


def test_a_stretch_of_hours_that_is_over_is_closed_as_it_stands() -> None:
    window = Window(at(5, 10), at(5, 11))
    assert divide(window, at(5, 12)).closed == window


def test_an_unbounded_window_ends_with_today() -> None:
    division = divide(Window(None, None), at(5, 12))
    assert (division.closed, division.open_days) == (Window(None, at(5)), (Window(at(5), at(6)),))


def test_a_window_in_the_future_is_refused() -> None:
    with pytest.raises(FutureWindow, match="2999"):
        divide(Window(datetime(2999, 12, 31, tzinfo=UTC), None), at(5, 12))


def test_a_day_that_began_a_moment_ago_by_our_clock_is_open_though_the_source_is_a_little_behind() -> None:
    today = Window(at(6), at(7))
    assert divide(today, at(5, 23, 59)).open_days == (today,)


def test_reading_begins_the_margin_before_the_window() -> None:
    assert read_from(Window(at(5), at(6))) == at(5) - MARGIN
    assert read_from(Window(None, at(6))) is None


instants = st.datetimes(datetime(2026, 6, 1), datetime(2026, 8, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.none() | instants, st.none() | instants, instants)
def test_nothing_of_a_window_that_lies_in_the_past_is_left_out(
    start: datetime | None, end: datetime | None, now: datetime
) -> None:
    if (start and end and start >= end) or (start and start > now):
        return
    window = Window(start, end)
    division = divide(window, now)
    parts = [*([division.closed] if division.closed else []), *division.open_days]
    assert parts, "a window that has begun always has something to read"
    if division.closed:
        assert is_closed(division.closed, now)
    for day in division.open_days:
        assert day == utc_day(day.start) if day.start else False
        assert not is_closed(day, now)
    for before, after in pairwise(parts):
        assert before.end == after.start, "no gap and no overlap"
    first, last = parts[0], parts[-1]
    assert first.start is None if start is None else first.start is not None and first.start <= start
    reach = min(end, now) if end else now
    assert last.end is not None
    assert last.end >= reach


@given(instants, instants)
def test_a_window_is_closed_exactly_when_nothing_in_it_can_still_be_hidden(end: datetime, now: datetime) -> None:
    assert is_closed(Window(None, end), now) == (end <= now - VISIBILITY)

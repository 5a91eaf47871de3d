"""Lanes: when a page ends one, where the rest of one is cut, and that no part of a window is left without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.instants import as_text
from st_platform.ingest.lanes import FEWEST_PAGES, Times, cuts, uncovered
from st_platform.ingest.windows import MARGIN, Window

END = datetime(2026, 7, 1, tzinfo=UTC)


def times(*moments: datetime | None) -> Times:
    return Times.of([None if moment is None else as_text(moment) for moment in moments])


def evenly(start: datetime, covered: timedelta, rows: int = 100) -> Times:
    return times(*(start + covered * n / rows for n in range(rows)))


def test_a_page_ends_a_lane_only_when_all_of_it_lies_behind_the_margin() -> None:
    late = END + MARGIN
    assert times(late, late + timedelta(hours=1)).are_past(END)
    assert not times(late - timedelta(seconds=1), late + timedelta(hours=1)).are_past(END)
    assert not times(late, None).are_past(END), "a row without a time proves nothing"
    assert not times().are_past(END), "an empty page proves nothing"
    assert not times(late).are_past(None), "a lane without an end is never past"


def test_the_newest_time_is_exact_below_the_microsecond() -> None:
    page = Times.of(["2026-07-01T00:00:00Z", None, "2026-07-01T00:00:00.0000001Z", "2026-06-30T23:59:59.9999999Z"])
    assert page.newest == "2026-07-01T00:00:00.0000001Z"
    assert Times.of([None]).newest is None


def test_a_long_history_is_cut_at_first_days_of_months() -> None:
    start = datetime(2023, 1, 1, tzinfo=UTC)
    found = cuts(Window(None, END), evenly(start, timedelta(days=3)), 4)
    assert len(found) == 3
    assert all((cut.day, cut.hour) == (1, 0) for cut in found)
    assert all(start < cut < END for cut in found)


def test_a_short_stretch_is_cut_at_midnights() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    found = cuts(Window(start, END), evenly(start, timedelta(hours=2)), 4)
    assert len(found) == 3
    assert all(cut.hour == cut.minute == 0 for cut in found)


def test_what_a_few_more_pages_finish_is_not_cut() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    assert cuts(Window(start, END), evenly(start, (END - start) / 6), 4) == []


def test_one_row_far_off_does_not_hide_how_dense_a_page_is() -> None:
    start = datetime(2023, 1, 1, tzinfo=UTC)
    dense = [as_text(start + timedelta(minutes=n)) for n in range(100)]
    assert cuts(Window(None, END), Times.of(["2011-01-01T00:00:00Z", *dense]), 4)


def test_nobody_idle_means_no_cut() -> None:
    assert cuts(Window(None, END), evenly(datetime(2023, 1, 1, tzinfo=UTC), timedelta(days=3)), 1) == []


moments = st.datetimes(datetime(2023, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(moments, min_size=2, max_size=40), st.integers(1, 24))
def test_pieces_lie_in_order_between_what_was_read_and_the_end(page: list[datetime], pieces: int) -> None:
    found = cuts(Window(None, END), times(*page), pieces)
    edges = [max(page), *found, END]
    assert len(found) < pieces
    assert all(before < after for before, after in pairwise(edges))
    if found:
        covered = sorted(page)[-1 - len(page) // 20] - sorted(page)[len(page) // 20]
        assert (END - max(page)) >= covered * FEWEST_PAGES * 2


edges = st.none() | st.integers(0, 20)


@given(edges, edges, st.lists(st.tuples(edges, edges), max_size=5))
def test_what_is_covered_and_what_is_not_make_up_the_window(
    start: int | None, end: int | None, parts: list[tuple[int | None, int | None]]
) -> None:
    def window(first: int | None, last: int | None) -> Window | None:
        if first is not None and last is not None and first >= last:
            return None
        day = datetime(2026, 1, 1, tzinfo=UTC)
        return Window(
            None if first is None else day + timedelta(days=first), None if last is None else day + timedelta(days=last)
        )

    whole = window(start, end)
    if whole is None:
        return
    covered = [part for part in (window(*part) for part in parts) if part]
    left = uncovered(whole, covered)
    for hour in range(-24, 22 * 24, 12):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        point = Window(moment, moment + timedelta(microseconds=1))
        wanted = whole.contains(point) and not any(part.contains(point) for part in covered)
        assert sum(part.contains(point) for part in left) == int(wanted)

"""Version logs, running sums and feeds, against the plainest possible reckoning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.simulator.endpoints import BY_RESOURCE
from st_platform.simulator.instants import NEVER
from st_platform.simulator.runs import Ledger
from st_platform.simulator.store import VISIBILITY_DELAY, FeedPosition, Shelf
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.versions import VersionLog

EVENTS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 7)), max_size=60)


def _log(events: list[tuple[int, int]]) -> VersionLog:
    times = np.array([time for time, _ in events], dtype=np.int64)
    rows = np.array([row for _, row in events], dtype=np.int64)
    return VersionLog.build(times, rows, 8)


def _expected(events: list[tuple[int, int]], cut: int) -> list[tuple[int, int]]:
    latest: dict[int, int] = {}
    for time, row in events:
        if time <= cut:
            latest[row] = max(time, latest.get(row, 0))
    return sorted((time, row) for row, time in latest.items())


def _read(log: VersionLog, start: int, cut: int, after_row: int = -1) -> list[tuple[int, int]]:
    return [
        (int(time), int(row))
        for times, rows in log.current(start=start, cut=cut, after_row=after_row)
        for time, row in zip(times, rows, strict=True)
    ]


@given(EVENTS, st.integers(0, 70), st.integers(0, 70), st.integers(-1, 8))
def test_each_row_is_shown_once_at_its_latest_version(
    events: list[tuple[int, int]], start: int, cut: int, after: int
) -> None:
    wanted = [entry for entry in _expected(events, cut) if entry[0] > start or (entry[0] == start and entry[1] > after)]
    assert _read(_log(events), start, cut, after) == wanted


def test_a_scan_that_forgot_to_drop_replaced_versions_would_be_noticed() -> None:
    events = [(1, 0), (5, 0)]
    log = _log(events)
    forgetful = replace(log, following=np.full(len(log.times), -1, dtype=np.int32))
    assert _read(log, 0, 9) == _expected(events, 9)
    assert _read(forgetful, 0, 9) != _expected(events, 9)


@given(EVENTS, st.integers(0, 70))
def test_the_version_of_a_row_at_an_instant_is_its_last_one_until_then(events: list[tuple[int, int]], at: int) -> None:
    found = _log(events).modified(np.arange(8), at)
    latest = {row: time for time, row in _expected(events, at)}
    assert found.tolist() == [latest.get(row, NEVER) for row in range(8)]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 4), st.integers(-900, 900)), max_size=40), st.integers(0, 50)
)
def test_a_balance_is_the_sum_of_what_happened_until_then(events: list[tuple[int, int, int]], at: int) -> None:
    columns = np.array(events, dtype=np.int64).reshape(-1, 3)
    ledger = Ledger.build(columns[:, 1], columns[:, 0], columns[:, 2], 5)
    wanted = [sum(amount for time, owner, amount in events if owner == one and time <= at) for one in range(5)]
    assert ledger.at(np.arange(5), at).tolist() == wanted


def test_what_happens_before_a_row_exists_or_after_it_is_gone_is_no_version() -> None:
    created = np.array([10, 20], dtype=np.int64)
    removed = np.array([NEVER, 30], dtype=np.int64)
    early_and_late = (np.array([5, 40, 25], dtype=np.int64), np.array([0, 1, 1]))
    table = build_table("jobs", 1, created, [early_and_late], _numbers, removed_at=removed)
    assert list(zip(table.versions.times.tolist(), table.versions.rows.tolist(), strict=True)) == [
        (10, 0),
        (20, 1),
        (25, 1),
        (30, 1),
    ]
    with pytest.raises(ValueError, match="in order of creation"):
        build_table("jobs", 1, created[::-1], [], _numbers)


def _numbers(rows: np.ndarray, modified: np.ndarray, at: int) -> list[str]:
    return [f'{{"id":{row + 100},"modifiedOn":"x","seen":{when}}}' for row, when in zip(rows, modified, strict=True)]


def _shelf(events: list[tuple[int, int]]) -> Shelf:
    base = VISIBILITY_DELAY
    times = np.array([base + time for time, _ in events], dtype=np.int64)
    rows = np.array([row for _, row in events])
    created = np.full(8, base, dtype=np.int64)
    table: Table = build_table("customers", 100, created, [(times, rows)], _numbers)
    return Shelf(table, BY_RESOURCE["customers"])


@given(EVENTS, st.integers(1, 5), st.integers(0, 80))
def test_a_feed_read_page_by_page_shows_every_row_once_in_order(
    events: list[tuple[int, int]], size: int, wait: int
) -> None:
    shelf, now = _shelf(events), 2 * VISIBILITY_DELAY + wait
    read: list[str] = []
    position = FeedPosition(0)
    for _ in range(40):
        page = shelf.feed(position, now=now, recent=False, size=size)
        assert len(page.rows) == size or not page.has_more
        read += page.rows
        position = page.position
        if not page.has_more:
            break
    whole = shelf.feed(FeedPosition(0), now=now, recent=False, size=1000)
    assert read == whole.rows
    assert len(whole.rows) == 8
    assert shelf.feed(position, now=now, recent=False, size=1000).rows == []


@given(EVENTS)
def test_a_reader_who_follows_the_token_misses_no_change(events: list[tuple[int, int]]) -> None:
    """Reading again from the last token after every tick ends with the newest version of each row."""
    shelf = _shelf(events)
    last: dict[str, str] = {}
    position = FeedPosition(0)
    for tick in range(0, 70, 3):
        page = shelf.feed(position, now=2 * VISIBILITY_DELAY + tick, recent=False, size=1000)
        last.update({row[:10]: row for row in page.rows})
        position = page.position
    final = shelf.feed(FeedPosition(0), now=2 * VISIBILITY_DELAY + 70, recent=False, size=1000)
    assert sorted(last.values()) == sorted(final.rows)

"""No way of reading costs more calls than docs/reference/calls.md allows, plus 5 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

import pytest

from st_platform.ingest.reconcile import Method, reconcile
from st_platform.ingest.report import Certificate
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, IdsFilter, LoadMode, Resource
from st_platform.warehouse.database import Database
from tests.integration.catalog.truth import Row, stored
from tests.simulated import Simulator
from tests.syncing import Bench

SLACK = 1.05
FEED_PAGE = 150
LIST_PAGE = 40
MARGIN = timedelta(minutes=10)
VISIBILITY = timedelta(minutes=15)

UNSORTED = frozenset({"technician_shifts", "campaigns", "pricebook_services", "pricebook_materials"})
"""Lists that take `sort` and do not keep to it. A page shows it, and reading starts over in passes."""

every_resource = pytest.mark.parametrize("name", CATALOG)


@pytest.fixture
def bench(simulator: Simulator, database: Database) -> Bench:
    simulator.options(feed_page_size=FEED_PAGE, unlimited=True)
    return Bench(simulator, database)


def paged(name: str) -> Resource:
    """The resource with pages small enough that there are several."""
    entry = CATALOG[name]
    return replace(entry, list=replace(entry.list, page_size=LIST_PAGE)) if entry.list else entry


def counted(bench: Bench, entry: Resource, window: Window | None) -> tuple[int, int]:
    """Calls of one sync as the source counts them, and its lanes."""
    bench.simulator.clear_requests()
    report = bench.sync(entry, window)
    seen = len(bench.requests(entry.name))
    assert report.calls == seen
    return seen, report.lanes


def pages(rows: int, size: int) -> int:
    return max(1, ceil(rows / size))


def parts_of(entry: Resource) -> int:
    """Into how many parts a parameter divides the list."""
    return len(entry.list.parts) if entry.list and not entry.feed else 1


def modified(entry: Resource, rows: Sequence[Row]) -> list[datetime]:
    column = next((each.api_name for each in entry.columns if each.name == entry.version), None)
    return [stored(row[column], "timestamptz") for row in rows] if column else []


@every_resource
def test_a_first_load_and_a_poll_cost_no_more_than_the_least(bench: Bench, name: str) -> None:
    entry = paged(name)
    if entry.window is not None:
        days, segments = 5, len(entry.window.segments[1]) if entry.window.segments else 1
        assert bench.today.start
        stretch = Window(bench.today.start - timedelta(days=days), bench.today.start)
        calls, _ = counted(bench, entry, stretch)
        slices = days if entry.window.slice else 1
        assert calls <= slices * segments * SLACK
        assert counted(bench, entry, bench.today)[0] <= segments
        return
    past = Window(None, bench.today.start) if entry.is_dated else None
    rows = list(bench.simulator.truth(name).values())
    calls, lanes = counted(bench, entry, past)
    assert calls <= least(bench, entry, rows, past) * SLACK + lanes - 1
    if entry.is_dated:
        counted(bench, entry, bench.today)
    bench.simulator.advance(minutes=1)
    quiet, _ = counted(bench, entry, bench.today if entry.is_dated else None)
    rows = list(bench.simulator.truth(name).values())
    fresh = since(entry, rows, bench.now - timedelta(minutes=31))
    if entry.load_mode is LoadMode.SNAPSHOT:
        assert quiet <= least(bench, entry, rows, None) * SLACK
    elif entry.feed is not None or fresh <= LIST_PAGE:
        assert quiet == parts_of(entry)


def least(bench: Bench, entry: Resource, rows: Sequence[Row], window: Window | None) -> int:
    """The least number of calls of a first read, as the page says."""
    if entry.feed is not None and entry.load_mode is not LoadMode.SNAPSHOT:
        if window is None:
            return pages(len(rows), FEED_PAGE)
        assert window.end
        return pages(sum(each < window.end + MARGIN for each in modified(entry, rows)), FEED_PAGE) + 1
    assert entry.list is not None
    if entry.list.each is not None:
        name, values = entry.list.each
        whole = replace(entry, list=replace(entry.list, each=None))
        parts = [[row for row in rows if row[name] == value] for value in values]
        return len(parts) * max(least(bench, whole, part, window) for part in parts)
    inside = len(rows)
    if window is not None and window.end is not None:
        inside = sum(each < window.end for each in modified(entry, rows))
    if inside <= LIST_PAGE:
        return 1
    passes = 2 * pages(inside, LIST_PAGE)
    if not (entry.list.sort and entry.list.modified_filter and entry.version):
        return passes
    return 1 + passes if entry.name in UNSORTED else ceil(inside / (LIST_PAGE - 1))


def since(entry: Resource, rows: Sequence[Row], moment: datetime) -> int:
    return sum(each >= moment for each in modified(entry, rows))


COUNTED = [
    name
    for name, entry in CATALOG.items()
    if entry.list is not None and entry.list.ids is not IdsFilter.REQUIRED and entry.load_mode is not LoadMode.SNAPSHOT
]


@pytest.mark.parametrize("name", COUNTED)
def test_a_comparison_that_agrees_costs_one_call(bench: Bench, name: str) -> None:
    entry = CATALOG[name]
    bench.simulator.set_clock(bench.now + VISIBILITY)
    bench.sync(entry, Window(None, bench.today.start) if entry.is_dated else None)
    if entry.is_dated:
        bench.sync(entry, bench.today, include_recent=True)
    bench.simulator.clear_requests()
    with bench.client() as client:
        report = reconcile(bench.simulator.tenant, entry, client=client, database=bench.database)
    assert (report.method, report.missing, report.gone) == (Method.COUNT, 0, 0)
    assert len(bench.requests(name)) == parts_of(entry)


def test_a_resource_without_its_scope_costs_no_call(bench: Bench) -> None:
    entry = CATALOG["jobs"]
    bench.simulator.scopes([each.scope for each in CATALOG.values() if each.scope != entry.scope])
    assert bench.sync(entry, bench.today).certificate is Certificate.NOT_GRANTED
    assert bench.requests("jobs") == []


def test_a_reader_that_asks_twice_is_noticed(bench: Bench) -> None:
    entry = paged("customers")
    rows = list(bench.simulator.truth("customers").values())
    window = Window(None, bench.today.start)
    bench.simulator.clear_requests()
    for _ in range(3):
        bench.sync(entry, window, refresh=True)
    assert len(bench.requests("customers")) > least(bench, entry, rows, window) * SLACK

"""What an initial load will cost, estimated from the counts that the API gives, before anything is loaded.

A list says how many rows it has. A feed does not: its density is measured with a page at a few instants, which is
close enough to plan by and says so. Reads a handful of pages per resource and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from st_platform.ingest.date_lanes import edges_of, slices_of
from st_platform.ingest.date_windows import stretch_of
from st_platform.ingest.decode import Decoder
from st_platform.ingest.instants import as_datetime, as_text
from st_platform.ingest.lanes import FEWEST_PAGES, MOST_LANES, Times
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import DateWindow, Feed, IdsFilter, List, Resource
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.errors import NotGranted
from st_platform.servicetitan.paging import FeedPager, ListPager
from st_platform.servicetitan.tenant import Tenant

_FEED_PAGE = 5000
"""Rows on a page of a feed. Not settable and not documented; replaced by what a full page shows."""

_SAMPLES = 4
_ROWS_PER_SECOND = 40_000
"""What one core decodes, sends and merges; see `benchmarks/`."""

_DISK_PER_BYTE = 0.6
"""Bytes in the table, key included, per byte of JSON."""

_LANES = 4
"""How many lanes a first load finds useful as a rule."""
_SMALL_LIST = 50


@dataclass(frozen=True)
class LoadEstimate:
    """One resource of one tenant. `rows` None: there is no telling; `basis` says how the number was come by.

    `seconds` is for this resource alone, at the pace of its tenant's budget and of one core; `disk` in bytes.
    """

    tenant: str
    resource: str
    rows: int | None
    calls: int | None
    seconds: float | None
    disk: int | None
    basis: str


@dataclass(frozen=True)
class _Sample:
    """What a look at the source showed: how many rows, how wide they are, how long a page takes to come; `calls`
    where these do not follow from the rows."""

    rows: int
    page: int
    bytes_per_row: float
    seconds_per_page: float
    basis: str
    calls: int | None = None


def plan_initial_load(tenant: Tenant, resources: Iterable[Resource], client: ServiceTitanClient) -> list[LoadEstimate]:
    """Estimates, in the order of `resources`. A resource that is not granted says so instead of stopping the rest.

    Raises:
        ServiceTitanError: the API cannot be reached, or refuses the tenant.
    """
    return [_estimate(tenant, entry, client) for entry in resources]


def _estimate(tenant: Tenant, entry: Resource, client: ServiceTitanClient) -> LoadEstimate:
    try:
        sample = _look(tenant, entry, client)
    except NotGranted:
        return LoadEstimate(tenant.name, entry.name, None, None, None, None, f"not granted: needs {entry.scope}")
    calls = sample.calls or calls_for(
        sample.rows, sample.page, from_feed=entry.feed is not None, is_sorted=_is_sorted(entry)
    )
    lanes = min(_LANES, max(1, calls // FEWEST_PAGES)) if entry.feed or entry.window else 1
    seconds = max(
        calls / tenant.requests_per_second,
        calls * sample.seconds_per_page / lanes,
        sample.rows / _ROWS_PER_SECOND,
    )
    disk = int(sample.rows * sample.bytes_per_row * _DISK_PER_BYTE)
    return LoadEstimate(tenant.name, entry.name, sample.rows, calls, round(seconds, 1), disk, sample.basis)


def calls_for(rows: int, page: int, *, from_feed: bool, is_sorted: bool) -> int:
    """Requests of an initial load.

    A feed costs its pages, and one more per lane where the lane's end is seen. A list costs its pages, twice if there
    are several and no order to read them by.

    >>> calls_for(12_000, 5_000, from_feed=False, is_sorted=False)
    6
    """
    pages = max(1, ceil(rows / page))
    if from_feed:
        return pages + min(MOST_LANES, pages // FEWEST_PAGES)
    return pages if pages == 1 or is_sorted else 2 * pages


def _is_sorted(entry: Resource) -> bool:
    return bool(entry.list and entry.list.sort and entry.list.modified_filter and entry.version)


def _look(tenant: Tenant, entry: Resource, client: ServiceTitanClient) -> _Sample:
    if entry.window is not None:
        return _survey(tenant, entry.window, client)
    if entry.list is not None and entry.list.ids is not IdsFilter.REQUIRED:
        return _count(entry, entry.list, client)
    if entry.feed is not None:
        return _measure(entry, entry.feed, client)
    raise ValueError(f"{entry.name} has neither a feed nor a list that can be counted")


def _survey(tenant: Tenant, dates: DateWindow, client: ServiceTitanClient) -> _Sample:
    """From one slice, the last that is over: as many rows are in each of the others. A single slice is counted."""
    now = client.server_now()
    slices = list(slices_of(stretch_of(Window(None, None), dates, tenant, now), dates))
    start, end = edges_of(slices[-2 if len(slices) > 1 else -1])
    params = {dates.start: as_text(start), dates.end: as_text(end), "pageSize": _SMALL_LIST, "includeTotal": "true"}
    segments = dates.segments or ("", ("",))
    asked = [{**params, segments[0]: value} if dates.segments else params for value in segments[1]]
    pager = ListPager(client, dates.path)
    looks = [_timed(lambda one=one: pager.fetch(one, page=1)) for one in asked]
    pages = [page for page, _ in looks]
    rows = sum(page.row_count if page.total_count is None else page.total_count for page in pages) * len(slices)
    if len(slices) > 1:
        basis, calls = "one day like another", len(slices) * len(asked)
    else:
        basis, calls = "count of the list", calls_for(rows, dates.page_size, from_feed=False, is_sorted=False)
    return _Sample(rows, dates.page_size, _width(pages), looks[0][1], basis, calls)


def _count(entry: Resource, listing: List, client: ServiceTitanClient) -> _Sample:
    """From the list's own count, and a small page for the width of a row."""
    params = {"pageSize": _SMALL_LIST, "includeTotal": "true", **listing.shown}
    page, seconds = _timed(lambda: ListPager(client, listing.path, parts=listing.parts).fetch(params, page=1))
    size = _FEED_PAGE if entry.feed is not None else listing.page_size
    rows = page.row_count if page.total_count is None else page.total_count
    return _Sample(rows, size, _width([page]), seconds, "count of the list")


def _measure(entry: Resource, feed: Feed, client: ServiceTitanClient) -> _Sample:
    """From how dense the feed is at a few instants between its first row and now."""
    pager, decoder, now = FeedPager(client, feed.path), Decoder(entry), client.server_now()
    first, seconds = _timed(lambda: pager.fetch(None))
    size = max(first.row_count, 1) if first.has_more else _FEED_PAGE
    begin = _span(decoder, first)
    if not first.has_more or begin is None:
        basis = "the feed has one page" if not first.has_more else "at least; the feed has no times to measure by"
        return _Sample(first.row_count, size, _width([first]), seconds, basis)
    pages = [first]
    densities = [_density(first, *begin)]
    rest = now - begin[1]
    for number in range(1, _SAMPLES):
        asked = begin[1] + rest * number / _SAMPLES
        page = pager.fetch(as_text(asked))
        span = _span(decoder, page)
        pages.append(page)
        densities.append(_density(page, asked, span[1] if span is not None and page.has_more else now))
    rows = first.row_count + int(_area(densities, rest))
    return _Sample(rows, size, _width(pages), seconds, f"density of the feed at {_SAMPLES} instants")


def _area(densities: Sequence[float], rest: timedelta) -> float:
    """Rows per second along the feed, summed up over the time that is left."""
    return sum(densities) / len(densities) * rest.total_seconds()


def _density(page: Page, begin: datetime, end: datetime) -> float:
    """Rows per second on a page that covers this time, the gap before its first row included."""
    return page.row_count / max((end - begin).total_seconds(), 1.0)


def _span(decoder: Decoder, page: Page) -> tuple[datetime, datetime] | None:
    times = Times.of(decoder.versions(decoder.page(page.body, lambda: page.rows))).known
    return (as_datetime(times[0]), as_datetime(times[-1])) if times else None


def _width(pages: Sequence[Page]) -> float:
    rows = sum(page.row_count for page in pages)
    return sum(len(page.body) for page in pages) / rows if rows else 0.0


def _timed(fetch: Callable[[], Page]) -> tuple[Page, float]:
    began = time.perf_counter()
    page = fetch()
    return page, time.perf_counter() - began

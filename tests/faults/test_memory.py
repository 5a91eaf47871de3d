"""The memory of a sync does not grow with what it reads."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchmarks.feed_of_jobs import ROWS, serving, tenant_at, window_of
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.paging import FeedPager
from st_platform.servicetitan.rate_limit import Unlimited
from st_platform.warehouse.database import Database

MOST = 200
"""MB of resident memory at the peak."""


def _measure(answer: Connection, url: str, database_url: str, pages: int, hoard: bool) -> None:
    if hoard:
        _keep_every_page()
    tenant = tenant_at(url)
    with Database(database_url, role="st_loader") as database, ServiceTitanClient(tenant, Unlimited()) as client:
        request = SyncRequest(tenant, CATALOG["jobs"], window_of(pages), f"{pages} pages")
        report = sync(request, client=client, database=database)
    answer.send((report.received, _peak_of_this_process()))


def _peak_of_this_process() -> float:
    """MB; not from `getrusage`, which starts with what the parent had."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def _keep_every_page() -> None:
    kept: list[object] = []
    honest = FeedPager.fetch

    def fetch(self: FeedPager, start: str | None) -> object:
        page = honest(self, start)
        kept.append(page)
        return page

    FeedPager.fetch = fetch  # type: ignore[method-assign]


def peak(url: str, database_url: str, pages: int, *, hoard: bool = False) -> tuple[int, float]:
    """Rows received and MB at the peak, of a sync in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_measure, args=(theirs, url, database_url, pages, hoard))
    process.start()
    try:
        assert ours.poll(240), "the child did not finish"
        return ours.recv()
    finally:
        process.join(10)
        process.kill()


@pytest.mark.slow
def test_memory_is_flat_from_fifty_thousand_to_half_a_million_rows(database_url: str) -> None:
    figures = {}
    for pages in (10, 100):
        with serving(pages) as url:
            received, figures[pages] = peak(url, database_url, pages)
            assert received >= pages * ROWS
    assert figures[100] <= MOST
    assert figures[100] <= figures[10] * 1.25 + 10


@pytest.mark.slow
def test_the_measure_notices_pages_that_are_kept(database_url: str) -> None:
    with serving(40) as url:
        _, kept = peak(url, database_url, 40, hoard=True)
    assert kept > MOST

"""Long feeds in lanes, and feeds that do not advance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from st_platform.ingest.report import Certificate, PageDone
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.ingest.windows import VISIBILITY, Window
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.errors import FeedStuck
from st_platform.warehouse import progress
from st_platform.warehouse.progress import Lane
from tests.syncing import Bench, day

HISTORY = Window(None, day(2026, 6, 14))


def pages_needed(bench: Bench, name: str, page: int) -> int:
    rows = [row for row in bench.simulator.truth(name).values() if row["modifiedOn"] < "2026-06-14"]
    return -(-len(rows) // page)


def test_a_long_history_is_read_in_lanes_that_together_are_the_window(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=5)
    report = bench.sync("jobs", HISTORY, generation="history")
    read = sorted(bench.lanes("jobs"), key=lambda lane: (lane["lane_start"] is not None, lane["lane_start"]))
    assert report.lanes == len(read) > 2
    assert (read[0]["lane_start"], read[-1]["lane_end"]) == (None, HISTORY.end)
    for before, after in pairwise(read):
        assert before["lane_end"] == after["lane_start"]
    assert all(lane["state"] == "done" and lane["certified_at"] for lane in read)
    bench.sync("jobs", Window(HISTORY.end, None))
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)


def test_lanes_cost_few_pages_beyond_those_needed(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=5)
    report = bench.sync("jobs", HISTORY)
    assert report.calls <= pages_needed(bench, "jobs", 5) + 3 * report.lanes


def test_a_short_history_is_one_lane_and_one_request(bench: Bench) -> None:
    report = bench.sync("jobs", HISTORY)
    assert (report.lanes, report.calls) == (1, 1)


def test_a_resumed_read_takes_its_lanes_from_the_ledger_and_skips_the_finished_ones(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=5)
    request = SyncRequest(bench.simulator.tenant, CATALOG["jobs"], HISTORY, "history")
    pages = 0

    def break_off(_: PageDone) -> None:
        nonlocal pages
        pages += 1
        if any(lane["state"] == "done" for lane in bench.lanes("jobs")):
            raise KeyboardInterrupt

    with bench.client() as client, pytest.raises(KeyboardInterrupt):
        sync(request, client=client, database=bench.database, on_page=break_off)
    first = {lane["lane_id"]: lane for lane in bench.lanes("jobs")}
    bench.simulator.clear_requests()
    report = bench.sync("jobs", HISTORY, generation="history")
    assert report.lanes_skipped >= 1
    assert report.certificate is Certificate.CERTIFIED
    for lane in bench.lanes("jobs"):
        before = first.get(lane["lane_id"])
        if before is not None and before["state"] == "done":
            assert lane["pages"] == before["pages"]
    bench.sync("jobs", Window(HISTORY.end, None))
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)


def test_a_feed_that_is_out_of_order_loses_nothing_within_the_margin(bench: Bench) -> None:
    edge = day(2026, 6, 13)
    late = bench.insert("jobs", modified_on="2026-06-12T23:58:00.0000000Z")
    bench.insert("jobs", modified_on="2026-06-13T00:07:00.0000000Z")
    bench.simulator.options(feed_page_size=1000)
    report = bench.sync("jobs", Window(edge - timedelta(days=1), edge))
    assert late in bench.rows("jobs")
    assert report.certificate is Certificate.CERTIFIED


def test_rows_beyond_the_end_of_a_window_are_merged_as_well(bench: Bench) -> None:
    bench.sync("jobs", Window(None, day(2026, 5, 1)))
    newest = max(row["modified_on"] for row in bench.rows("jobs").values())
    assert newest > day(2026, 5, 1), "one page holds more than the window"


@pytest.mark.parametrize("name", ["jobs", "technicians"])
def test_a_token_that_comes_back_stops_the_feed_with_an_error(bench: Bench, name: str) -> None:
    bench.simulator.fault(resource=name, status=200, body='{"hasMore":true,"continueFrom":"same","data":[{"id":1}]}')
    window = HISTORY if CATALOG[name].is_dated else None
    with pytest.raises(FeedStuck, match="already used"):
        bench.sync(name, window)
    assert "already used" in bench.lanes(name)[0]["error"]
    bench.simulator.clear_faults()


def test_more_than_ten_empty_pages_stop_the_feed_with_an_error(bench: Bench) -> None:
    for number in range(1, 20):
        body = f'{{"hasMore":true,"continueFrom":"token {number}","data":[]}}'
        bench.simulator.fault(resource="jobs", nth=number, status=200, body=body)
    with pytest.raises(FeedStuck, match="more than 10 empty pages"):
        bench.sync("jobs", HISTORY)
    assert len(bench.requests("jobs")) == 11


def test_a_full_page_without_more_is_the_end(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=5)
    bench.simulator.fault(resource="jobs", envelope={"hasMore": "false"})
    report = bench.sync("jobs", HISTORY)
    assert (report.calls, report.received) == (1, 5)


def test_a_piece_of_history_that_no_lane_reads_would_show(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def beginning_late(connection: Any, key: Any, bounds: Iterable[Any], **more: Any) -> list[Lane]:
        late = [(start + (end - start) / 2, end) for start, end in bounds]
        return progress.add_lanes(connection, key, late, **more)

    monkeypatch.setattr("st_platform.ingest.feeds.add_lanes", beginning_late)
    bench.simulator.options(feed_page_size=5)
    assert bench.sync("jobs", HISTORY).lanes > 1
    bench.sync("jobs", Window(HISTORY.end, None))
    with pytest.raises(AssertionError):
        bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)

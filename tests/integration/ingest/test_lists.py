"""Lists that change while they are paged: no row may slip through between two pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from st_platform.ingest.lists import MOST_PASSES
from st_platform.ingest.report import Certificate
from st_platform.ingest.sync import SyncFailed
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, List, LoadMode, Resource
from tests.syncing import EVERYTHING, Bench, day

PAGE = 20


def listed(name: str, **changes: Any) -> Resource:
    """A resource read from its list, in small pages."""
    entry = CATALOG[name]
    assert entry.list is not None
    return replace(entry, feed=None, list=replace(entry.list, page_size=PAGE, **changes))


SORTED = listed("customers")
"""Sorted by modification time, and the API keeps to it."""
UNSORTED = listed("invoices")
"""No sort at all."""
PRETENDED = listed("invoices", sort={"sort": "+ModifiedOn"})
"""Asked to sort, but the API ignores it, as it does with parameters it does not know."""

CLOSED = Window(None, day(2026, 6, 14))


def list_of(entry: Resource) -> List:
    assert entry.list is not None
    return entry.list


def modified_before_the_end(bench: Bench, name: str) -> list[int]:
    """The rows of the closed window, oldest first."""
    rows = bench.simulator.truth(name).values()
    return [row["id"] for row in sorted(rows, key=lambda row: row["modifiedOn"]) if row["modifiedOn"] < "2026-06-14"]


def touch_while_paging(bench: Bench, entry: Resource, rows: list[int], *, after_request: int = 1) -> None:
    """Rows of the first page are modified after it was answered: they leave the window, and all others move up."""
    edits = [{"tenant_id": 1001, "resource": entry.name, "op": "touch", "id": row} for row in rows]
    bench.simulator.fault(resource=entry.name, nth=after_request, edits=edits)


@pytest.mark.parametrize("entry", [SORTED, UNSORTED, PRETENDED], ids=["sorted", "unsorted", "pretended"])
def test_a_row_modified_while_a_list_is_paged_hides_no_other(bench: Bench, entry: Resource) -> None:
    expected = modified_before_the_end(bench, entry.name)
    assert len(expected) > 2 * PAGE
    touch_while_paging(bench, entry, expected[3:8])
    report = bench.sync(entry, CLOSED)
    assert set(bench.rows(entry.name)) >= set(expected) - set(expected[3:8])
    assert report.certificate is Certificate.CERTIFIED
    bench.sync(entry, bench.today)
    assert set(bench.rows(entry.name)) >= set(expected), "those that were modified are in the window of today"


def test_one_pass_without_a_second_look_would_lose_rows(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = modified_before_the_end(bench, "invoices")
    touch_while_paging(bench, UNSORTED, expected[3:8])
    monkeypatch.setattr("st_platform.ingest.lists._agree", lambda *_: True)
    bench.sync(UNSORTED, CLOSED)
    bench.sync(UNSORTED, bench.today)
    assert set(expected) - set(bench.rows("invoices")), "the check of the test above can tell"


def test_a_list_that_keeps_its_order_is_read_once_by_instant(bench: Bench) -> None:
    rows = len(modified_before_the_end(bench, "customers"))
    report = bench.sync(SORTED, CLOSED)
    assert set(bench.rows("customers")) >= set(modified_before_the_end(bench, "customers"))
    assert report.calls <= rows // (PAGE - 1) + 1
    assert {request["params"]["page"] for request in bench.requests("customers")} == {"1"}


def test_a_list_without_order_is_read_until_two_passes_agree(bench: Bench) -> None:
    pages = -(-len(modified_before_the_end(bench, "invoices")) // PAGE)
    report = bench.sync(UNSORTED, CLOSED)
    assert report.calls == 2 * pages
    assert report.received == report.inserted + report.unchanged
    assert report.received == 2 * report.inserted


def test_a_list_of_one_page_is_one_request(bench: Bench) -> None:
    report = bench.sync("credit_memos", Window(None, day(2026, 6, 14)))
    assert report.calls == 1
    assert report.certificate is Certificate.CERTIFIED


def test_a_list_that_never_holds_still_fails_and_says_so(bench: Bench) -> None:
    rows = iter(modified_before_the_end(bench, "invoices"))
    for number in range(1, 200, 2):
        if (row := next(rows, None)) is None:
            break
        touch_while_paging(bench, UNSORTED, [row], after_request=number)
    with pytest.raises(SyncFailed, match=f"did not hold still: {MOST_PASSES} passes"):
        bench.sync(UNSORTED, CLOSED)
    bench.simulator.clear_faults()
    assert bench.sync(UNSORTED, CLOSED).certificate is Certificate.CERTIFIED


def test_one_instant_that_fills_a_page_is_no_trap(bench: Bench) -> None:
    for row in modified_before_the_end(bench, "customers")[: PAGE + 5]:
        bench.simulator.edit("customers", "touch", id=row, modified_on="2026-06-12T08:00:00.0000000Z")
    expected = modified_before_the_end(bench, "customers")
    bench.sync(SORTED, CLOSED)
    assert set(bench.rows("customers")) >= set(expected)


def test_inactive_rows_are_asked_for(bench: Bench) -> None:
    row = modified_before_the_end(bench, "customers")[0]
    bench.simulator.edit("customers", "deactivate", id=row)
    bench.sync(SORTED, EVERYTHING)
    assert bench.rows("customers")[row]["active"] is False


# -- open windows and tails ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["credit_memos", "campaigns", "job_types"])
def test_what_is_read_again_and_again_costs_one_request_when_nothing_changed(bench: Bench, name: str) -> None:
    window: Callable[[], Window | None] = lambda: bench.today if CATALOG[name].is_dated else None  # noqa: E731
    bench.sync(name, window())
    bench.simulator.advance(minutes=30)
    quiet = bench.sync(name, window())
    assert (quiet.calls, quiet.received) == (1, 0)
    row = bench.insert(name)
    bench.simulator.advance(minutes=5)
    busy = bench.sync(name, window())
    assert (busy.calls, busy.inserted) == (1, 1)
    assert row in bench.rows(name)
    assert busy.data_version > quiet.data_version
    again = bench.sync(name, window())
    assert (again.calls, again.updated, again.data_version) == (1, 0, busy.data_version)


def test_a_dated_list_completes_its_day(bench: Bench) -> None:
    yesterday = bench.today
    bench.sync("credit_memos", yesterday)
    late = bench.insert("credit_memos", modified_on="2026-06-15T23:59:59.9999999Z")
    assert yesterday.end is not None
    bench.simulator.set_clock(yesterday.end + timedelta(minutes=20))
    report = bench.sync("credit_memos", yesterday)
    assert report.certificate is Certificate.CERTIFIED
    assert late in bench.rows("credit_memos")
    (lane,) = bench.lanes("credit_memos")
    assert (lane["state"], lane["generation"][:4]) == ("done", "cli:")


def test_a_tail_reads_everything_once_and_then_what_is_new(bench: Bench) -> None:
    assert bench.sync("membership_status_changes").certificate is Certificate.CERTIFIED
    assert bench.sync("membership_status_changes").certificate is Certificate.CAUGHT_UP
    row = bench.insert("membership_status_changes")
    bench.simulator.advance(minutes=20)
    report = bench.sync("membership_status_changes")
    assert (report.calls, report.inserted) == (1, 1)
    assert row in bench.rows("membership_status_changes")


@pytest.mark.parametrize("name", ["membership_status_changes", "technicians", "campaigns"])
def test_a_refresh_of_a_tail_reads_from_the_start_and_the_tail_goes_on_where_it_ended(bench: Bench, name: str) -> None:
    assert CATALOG[name].load_mode is LoadMode.TAIL
    first = bench.sync(name)
    with bench.database.connection() as connection:
        connection.execute(f"DELETE FROM servicetitan.{name}".encode())
    refreshed = bench.sync(name, refresh=True, generation="repair")
    assert (refreshed.inserted, refreshed.certificate) == (first.inserted, Certificate.CERTIFIED)
    retried = bench.sync(name, refresh=True, generation="repair")
    assert (retried.calls, retried.lanes_skipped) == (0, 1)
    after = bench.sync(name)
    assert (after.calls, after.received, after.certificate) == (1, 0, Certificate.CAUGHT_UP)


def test_a_damaged_position_is_refused_with_the_way_out(bench: Bench) -> None:
    bench.sync("campaigns")
    with bench.database.connection() as connection:
        connection.execute('UPDATE platform.sync_lanes SET position = \'{"watermark": "2999-12-31T00:00:00Z"}\'')
    with pytest.raises(SyncFailed, match=r"lies in the future.*--refresh"):
        bench.sync("campaigns")
    with bench.database.connection() as connection:
        connection.execute("UPDATE platform.sync_lanes SET position = '[1'")
    with pytest.raises(SyncFailed, match=r"damaged.*--refresh"):
        bench.sync("campaigns")
    assert bench.sync("campaigns", refresh=True).certificate is Certificate.CERTIFIED
    assert bench.sync("campaigns").certificate is Certificate.CAUGHT_UP

"""Rows that are gone from the source: inferred from certified key sets alone, and taken back when they return."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from st_platform.ingest.lists import Reading
from st_platform.ingest.report import Certificate
from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.errors import BadRequest
from tests.syncing import EVERYTHING, Bench

COSTS = "campaign_costs"


def small_pages(name: str, size: int = 20) -> Resource:
    entry = CATALOG[name]
    assert entry.list is not None
    return replace(entry, list=replace(entry.list, page_size=size))


def remove(bench: Bench, name: str, count: int) -> list[int]:
    """Take rows away at the source without a trace."""
    gone = sorted(bench.simulator.truth(name))[:count]
    for row in gone:
        bench.simulator.edit(name, "remove", id=row)
    return gone


def deleted(bench: Bench, name: str) -> list[int]:
    return sorted(key for key, row in bench.rows(name).items() if row["_deleted_at"] is not None)


def fill(bench: Bench, name: str, rows: int) -> None:
    """At least so many rows at the source."""
    for _ in range(rows - len(bench.simulator.truth(name))):
        bench.insert(name)


def test_a_row_that_is_gone_is_marked_and_taken_back_when_it_returns(bench: Bench) -> None:
    first = bench.sync(COSTS)
    (gone,) = remove(bench, COSTS, 1)
    report = bench.sync(COSTS)
    assert (report.deleted, deleted(bench, COSTS)) == (1, [gone])
    assert report.data_version > first.data_version
    assert bench.sync(COSTS).deleted == 0
    bench.simulator.edit(COSTS, "insert", id=gone, like=min(bench.simulator.truth(COSTS)))
    back = bench.sync(COSTS)
    assert deleted(bench, COSTS) == []
    assert back.updated == 1
    assert back.data_version > report.data_version


def test_a_refresh_of_a_list_tail_finds_what_is_gone_and_a_delta_does_not(bench: Bench) -> None:
    bench.sync("job_types")
    (gone,) = remove(bench, "job_types", 1)
    assert bench.sync("job_types").deleted == 0
    assert deleted(bench, "job_types") == []
    assert bench.sync("job_types", refresh=True).deleted == 1
    assert deleted(bench, "job_types") == [gone]


@pytest.mark.parametrize("pages", [1, 3])
def test_more_than_twenty_rows_and_five_percent_are_parked_for_a_person(bench: Bench, pages: int) -> None:
    fill(bench, COSTS, 60)
    entry = small_pages(COSTS, size=60 // pages + 40 // pages)
    bench.sync(entry)
    remove(bench, COSTS, 21)
    report = bench.sync(entry)
    assert (report.deleted, deleted(bench, COSTS)) == (0, [])
    assert any("too many to believe" in note for note in report.notes)
    (parked,) = bench.query("SELECT missing, living, resolved_at FROM platform.parked_deletes")
    assert (parked["missing"], parked["resolved_at"]) == (21, None)


def test_twenty_rows_are_believed(bench: Bench) -> None:
    fill(bench, COSTS, 60)
    bench.sync(COSTS)
    gone = remove(bench, COSTS, 20)
    assert bench.sync(COSTS).deleted == 20
    assert deleted(bench, COSTS) == gone


def test_a_pass_that_breaks_off_infers_nothing(bench: Bench) -> None:
    entry = small_pages(COSTS, 10)
    bench.sync(entry)
    bench.simulator.fault(resource=COSTS, nth=3, status=400, body="{}")
    with pytest.raises(BadRequest):
        bench.sync(entry)
    assert deleted(bench, COSTS) == []


def test_a_list_that_says_it_has_more_rows_than_it_shows_infers_nothing(bench: Bench) -> None:
    bench.sync(COSTS)
    remove(bench, COSTS, 1)
    bench.simulator.fault(resource=COSTS, envelope={"totalCount": "5000"})
    assert bench.sync(COSTS).deleted == 0


def test_a_quarantined_row_is_not_gone(bench: Bench) -> None:
    bench.sync(COSTS)
    row = max(bench.simulator.truth(COSTS))
    bench.simulator.edit(COSTS, "set", id=row, raw={"dailyCost": '"much"'})
    report = bench.sync(COSTS)
    assert (report.quarantined, report.deleted) == (1, 0)
    assert deleted(bench, COSTS) == []


def test_a_row_whose_key_cannot_be_read_might_be_any_so_nothing_is_inferred(bench: Bench) -> None:
    bench.sync(COSTS)
    first, *_ = sorted(bench.simulator.truth(COSTS))
    remove(bench, COSTS, 2)
    bench.simulator.fault(resource=COSTS, rows=[{"row": 0, "raw": {"id": '{"broken": true}'}}])
    report = bench.sync(COSTS)
    assert (report.quarantined, report.deleted) == (1, 0)
    bench.simulator.clear_faults()
    assert bench.sync(COSTS).deleted == 2
    assert first in deleted(bench, COSTS)


def test_a_row_that_shifts_while_a_snapshot_is_paged_is_not_taken_for_gone(bench: Bench) -> None:
    fill(bench, COSTS, 60)
    entry = small_pages(COSTS, 20)
    bench.sync(entry)
    first = min(bench.simulator.truth(COSTS))
    edits = [{"tenant_id": 1001, "resource": COSTS, "op": "remove", "id": first}]
    bench.simulator.fault(resource=COSTS, nth=1, edits=edits)
    report = bench.sync(entry)
    assert deleted(bench, COSTS) == [first]
    assert report.certificate is Certificate.CERTIFIED


def test_inferring_from_a_single_unproven_pass_would_delete_a_living_row(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench, COSTS, 60)
    entry = small_pages(COSTS, 20)
    bench.sync(entry)
    first = min(bench.simulator.truth(COSTS))
    edits = [{"tenant_id": 1001, "resource": COSTS, "op": "remove", "id": first}]
    bench.simulator.fault(resource=COSTS, nth=1, edits=edits)
    monkeypatch.setattr("st_platform.ingest.lists._agree", lambda *_: True)

    def always(first_seq: int, rows: int, keys_known: bool) -> Any:
        return Reading(first_seq, rows, keys_known=True)

    monkeypatch.setattr("st_platform.ingest.lists.Reading", always)
    bench.sync(entry)
    assert set(deleted(bench, COSTS)) - {first}, "the check of the test above can tell"


def test_a_status_that_says_deleted_marks_the_row(bench: Bench) -> None:
    member = min(bench.simulator.truth("memberships"))
    bench.sync("memberships", EVERYTHING)
    bench.simulator.edit("memberships", "set", id=member, fields={"status": "Deleted"})
    bench.simulator.advance(minutes=20)
    bench.sync("memberships", bench.today)
    assert member in deleted(bench, "memberships")
    bench.simulator.edit("memberships", "set", id=member, fields={"status": "Active"})
    bench.simulator.advance(minutes=20)
    bench.sync("memberships", bench.today)
    assert member not in deleted(bench, "memberships")

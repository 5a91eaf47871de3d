"""Comparing with the source: what is missing comes in, what is stale is renewed, what is gone is marked, or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_platform.ingest import key_reading
from st_platform.ingest.errors import SyncFailed, WindowBusy
from st_platform.ingest.key_reading import KeyPass
from st_platform.ingest.reconcile import Method
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.errors import BadRequest
from st_platform.warehouse.comparison import reconciliations
from st_platform.warehouse.progress import holding
from st_platform.warehouse.removals import accept_parked
from tests.integration.ingest.comparing import (
    COSTS,
    ITEMS,
    JOBS,
    MEMOS,
    agrees,
    compare,
    execute,
    fill,
    living,
    load,
    lose,
    marked,
    outdate,
    pages_of,
    small_pages,
    some,
)
from tests.syncing import EVERYTHING, Bench

# -- by count ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [JOBS, MEMOS, COSTS])
def test_equal_counts_end_it_with_one_request(bench: Bench, name: str) -> None:
    load(bench, name)
    report = compare(bench, name)
    assert (report.method, report.certified, report.calls) == (Method.COUNT, True, 1)
    assert report.warehouse_count == living(bench, name)
    assert report.source_count in (living(bench, name), len(bench.simulator.truth(name)))
    (asked,) = bench.requests(name)
    assert asked["rows"] <= 1


def test_a_row_that_the_feed_called_deleted_is_no_difference(bench: Bench) -> None:
    (row,) = some(bench, JOBS, 1)
    bench.simulator.edit(JOBS, "deactivate", id=row)
    load(bench, JOBS)
    before = marked(bench, JOBS)
    assert row in before
    assert compare(bench, JOBS).certified
    deep = compare(bench, JOBS, deep=True)
    assert (deep.certified, deep.missing, deep.stale, deep.gone) == (True, 0, 0, 0)
    assert marked(bench, JOBS) == before


def test_a_feed_without_a_list_is_not_asked_unless_deep(bench: Bench) -> None:
    load(bench, ITEMS)
    report = compare(bench, ITEMS)
    assert (report.method, report.certified, report.calls) == (Method.NONE, False, 0)
    assert "deep" in report.note
    with bench.database.connection() as connection:
        assert reconciliations(connection, 1001, ITEMS) == []


# -- what differs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [5000, 40])
@pytest.mark.parametrize("name", [JOBS, MEMOS])
def test_missing_and_stale_rows_are_asked_for_by_id_and_gone_ones_are_marked(
    bench: Bench, name: str, page: int
) -> None:
    fill(bench, name)
    before, keys = marked(bench, name), some(bench, name, 7)[1:]
    lose(bench, name, keys[:2])
    outdate(bench, name, keys[2:4], *(("summary", "old") if name == JOBS else ("description", "old")))
    bench.simulator.edit(name, "remove", id=keys[5])
    report = compare(bench, small_pages(name, page), deep=True)
    assert (report.missing, report.stale, report.gone) == (2, 2, 1)
    assert (report.healed, report.deleted, report.parked, report.certified) == (4, 1, 0, True)
    assert marked(bench, name) - before == {keys[5]}
    bench.assert_true_of(name, set(keys[:4]), unless={"active"} if name == JOBS else set())
    assert report.calls == pages_of(bench, name, page) + 1
    assert compare(bench, name).certified


@pytest.mark.parametrize("page", [5000, 20])
def test_without_ids_the_rows_come_from_the_pages(bench: Bench, page: int) -> None:
    fill(bench, COSTS)
    keys = some(bench, COSTS, 3)
    lose(bench, COSTS, keys[:2])
    bench.simulator.edit(COSTS, "remove", id=keys[2])
    report = compare(bench, small_pages(COSTS, page))
    assert (report.missing, report.gone, report.healed, report.deleted) == (2, 1, 2, 1)
    assert report.certified
    assert agrees(bench, COSTS)
    assert report.calls == 1 + (1 if page == 5000 else 2 * pages_of(bench, COSTS, page))


def test_a_list_does_not_empty_the_columns_that_only_the_feed_has(bench: Bench) -> None:
    load(bench, JOBS)
    stale, gone = some(bench, JOBS, 3)[1:]
    bench.simulator.edit(JOBS, "deactivate", id=gone)
    bench.simulator.advance(minutes=20)
    bench.sync(JOBS, bench.today)
    assert bench.rows(JOBS)[stale]["active"] is True
    outdate(bench, JOBS, [stale, gone], "summary", "old")
    report = compare(bench, JOBS, deep=True)
    rows = bench.rows(JOBS)
    assert report.stale >= 1
    assert (rows[stale]["summary"], rows[stale]["active"]) == (bench.simulator.truth(JOBS)[stale]["summary"], True)
    assert rows[gone]["active"] is False
    assert rows[gone]["_deleted_at"] is not None


def test_a_row_that_comes_back_loses_its_mark(bench: Bench) -> None:
    load(bench, MEMOS)
    (row,) = some(bench, MEMOS, 1)
    execute(bench, f"UPDATE servicetitan.{MEMOS} SET _deleted_at = now() WHERE id = %s", row)
    report = compare(bench, MEMOS)
    assert (report.missing, report.healed, report.certified) == (1, 1, True)
    assert marked(bench, MEMOS) == set()


def test_an_empty_warehouse_is_filled_from_the_pages_not_row_by_row(bench: Bench) -> None:
    entry = small_pages(JOBS, 40)
    report = compare(bench, entry)
    assert report.healed >= living(bench, JOBS)
    assert report.certified
    assert report.calls <= 1 + 3 * pages_of(bench, JOBS, 40)


def test_a_feed_without_a_list_is_compared_from_its_beginning_when_deep(bench: Bench) -> None:
    load(bench, ITEMS)
    keys = some(bench, ITEMS, 3)
    lose(bench, ITEMS, keys[:1])
    outdate(bench, ITEMS, keys[1:2], "description", "old")
    bench.simulator.edit(ITEMS, "remove", id=keys[2])
    bench.simulator.options(feed_page_size=50)
    report = compare(bench, ITEMS, deep=True)
    assert (report.missing, report.stale, report.gone) == (1, 1, 1)
    assert (report.healed, report.deleted, report.certified) == (2, 1, True)
    assert marked(bench, ITEMS) >= {keys[2]}


def test_a_row_that_a_feed_hides_after_its_change_is_not_gone(bench: Bench) -> None:
    load(bench, ITEMS)
    bench.simulator.options(feed_hides_changed_rows=True)
    (row,) = some(bench, ITEMS, 1)
    bench.simulator.edit(ITEMS, "touch", id=row)
    assert compare(bench, ITEMS, deep=True).gone == 0
    assert row not in marked(bench, ITEMS)


# -- what proves nothing ---------------------------------------------------------------------------------------------


def test_more_than_twenty_rows_and_five_percent_are_parked_by_name(bench: Bench) -> None:
    fill(bench, MEMOS, 60)
    keys = some(bench, MEMOS, 22)
    for key in keys:
        bench.simulator.edit(MEMOS, "remove", id=key)
    report = compare(bench, MEMOS)
    assert (report.gone, report.deleted, report.parked) == (22, 0, 22)
    assert "deletes list" in report.note
    assert marked(bench, MEMOS) == set()
    with bench.database.connection() as connection:
        outcome = accept_parked(connection, CATALOG[MEMOS], 1001, at=bench.now)
    assert outcome is not None
    assert outcome.deleted == 22
    assert marked(bench, MEMOS) == set(keys), "only the rows that were named"
    assert compare(bench, MEMOS).certified


def test_a_parked_removal_that_turns_out_wrong_is_closed(bench: Bench) -> None:
    fill(bench, MEMOS, 60)
    rows = bench.simulator.truth(MEMOS)
    for key in some(bench, MEMOS, 22):
        bench.simulator.edit(MEMOS, "remove", id=key)
    assert compare(bench, MEMOS).parked == 22
    for key in sorted(set(rows) - set(bench.simulator.truth(MEMOS))):
        bench.simulator.edit(MEMOS, "insert", id=key, like=min(bench.simulator.truth(MEMOS)))
    assert compare(bench, MEMOS, deep=True).certified
    assert bench.query("SELECT * FROM platform.parked_deletes WHERE resolved_at IS NULL") == []
    assert bench.query("SELECT * FROM platform.parked_keys") == []


EMPTY = '{"page":1,"pageSize":5000,"hasMore":false,"totalCount":0,"data":[]}'


@pytest.mark.parametrize("name", [MEMOS, COSTS])
def test_an_empty_answer_where_rows_stood_marks_nothing(bench: Bench, name: str) -> None:
    load(bench, name)
    keep = some(bench, name, 5)
    for key in set(bench.simulator.truth(name)) - set(keep):
        bench.simulator.edit(name, "remove", id=key)
    execute(bench, f"DELETE FROM servicetitan.{name} WHERE id <> ALL (%s)", keep)
    bench.simulator.fault(resource=name, status=200, body=EMPTY)
    report = compare(bench, name)
    assert (report.deleted, report.gone) == (0, 5)
    assert "no row at all" in report.note
    assert marked(bench, name) == set()


def test_an_answer_that_is_short_of_its_own_count_marks_nothing(bench: Bench) -> None:
    load(bench, COSTS)
    bench.simulator.edit(COSTS, "remove", id=some(bench, COSTS, 1)[0])
    bench.simulator.fault(resource=COSTS, envelope={"totalCount": "5000"})
    report = compare(bench, COSTS)
    assert (report.deleted, report.certified) == (0, False)
    assert "5000" in report.note
    assert marked(bench, COSTS) == set()


def test_pages_that_break_off_mark_nothing(bench: Bench) -> None:
    fill(bench, MEMOS)
    bench.simulator.edit(MEMOS, "remove", id=some(bench, MEMOS, 1)[0])
    bench.simulator.fault(resource=MEMOS, nth=3, status=400, body="{}")
    with pytest.raises(BadRequest):
        compare(bench, small_pages(MEMOS, 5), deep=True)
    assert marked(bench, MEMOS) == set()
    assert bench.query("SELECT * FROM platform.seen_keys") == []


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_refusal_at_any_request_marks_nothing_and_says_so(bench: Bench, nth: int) -> None:
    load(bench, MEMOS)
    bench.simulator.edit(MEMOS, "remove", id=some(bench, MEMOS, 1)[0])
    bench.simulator.fault(resource=MEMOS, nth=nth, status=403, body="{}")
    report = compare(bench, MEMOS)
    assert (report.granted, report.certified, report.deleted) == (False, False, 0)
    assert CATALOG[MEMOS].scope in report.note
    assert marked(bench, MEMOS) == set()


def test_a_resource_that_is_not_granted_is_not_asked(bench: Bench) -> None:
    load(bench, MEMOS)
    bench.simulator.scopes(["tn.crm.customers:r"])
    bench.simulator.revoke_tokens()
    bench.sync("customers", EVERYTHING)
    bench.simulator.clear_requests()
    report = compare(bench, MEMOS, deep=True)
    assert (report.granted, report.method, report.calls) == (False, Method.NONE, 0)
    assert bench.requests(MEMOS) == []


def test_a_row_that_slips_through_between_two_pages_is_asked_for_before_it_is_called_gone(bench: Bench) -> None:
    fill(bench, MEMOS)
    first, *_ = some(bench, MEMOS, 1)
    edits = [{"tenant_id": 1001, "resource": MEMOS, "op": "remove", "id": first}]
    bench.simulator.fault(resource=MEMOS, nth=1, edits=edits)
    report = compare(bench, small_pages(MEMOS, 10), deep=True)
    assert (report.gone, report.calls, marked(bench, MEMOS)) == (0, 5 + 1, set())
    assert compare(bench, MEMOS).deleted == 1
    assert marked(bench, MEMOS) == {first}, "it was seen before it went; the next comparison misses it"


def test_a_row_that_slips_through_without_ids_is_found_by_the_second_pass(bench: Bench) -> None:
    fill(bench, COSTS)
    first, *_ = some(bench, COSTS, 1)
    edits = [{"tenant_id": 1001, "resource": COSTS, "op": "remove", "id": first}]
    bench.simulator.fault(resource=COSTS, nth=1, edits=edits)
    report = compare(bench, small_pages(COSTS, 20), deep=True)
    assert (report.deleted, report.certified) == (1, True)
    assert marked(bench, COSTS) == {first}


def test_a_list_that_does_not_heed_ids_proves_nothing(bench: Bench) -> None:
    load(bench, MEMOS)
    lost, gone = some(bench, MEMOS, 2)
    lose(bench, MEMOS, [lost])
    bench.simulator.edit(MEMOS, "remove", id=gone)
    other = max(bench.simulator.truth(MEMOS))
    bench.simulator.fault(resource=MEMOS, nth=2, rows=[{"row": 0, "raw": {"id": str(other + 1)}}])
    with pytest.raises(SyncFailed, match="heed"):
        compare(bench, MEMOS, deep=True)
    assert marked(bench, MEMOS) == set()


def test_a_row_that_a_sync_has_read_meanwhile_is_not_gone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    load(bench, COSTS)
    honest = key_reading.KeyReader.read

    def read(self: key_reading.KeyReader, *, landing: bool) -> KeyPass:
        found = honest(self, landing=landing)
        bench.insert(COSTS)
        bench.sync(COSTS)
        return found

    monkeypatch.setattr(key_reading.KeyReader, "read", read)
    report = compare(bench, COSTS, deep=True)
    assert (report.gone, marked(bench, COSTS)) == (0, set())


def test_a_broken_row_is_quarantined_not_gone_and_not_counted_as_a_difference_for_ever(bench: Bench) -> None:
    load(bench, MEMOS)
    (row,) = some(bench, MEMOS, 1)
    lose(bench, MEMOS, [row])
    bench.simulator.edit(MEMOS, "set", id=row, raw={"total": '"much"'})
    report = compare(bench, MEMOS)
    assert (report.missing, report.healed, report.deleted) == (1, 0, 0)
    assert "quarantine" in report.note
    again = compare(bench, MEMOS)
    assert (again.method, again.certified) == (Method.COUNT, True)


def test_two_comparisons_of_one_resource_do_not_run_at_once(bench: Bench) -> None:
    load(bench, MEMOS)
    with (
        holding(bench.database, 1001, MEMOS, "reconciliation"),
        pytest.raises(WindowBusy, match="since"),
    ):
        compare(bench, MEMOS, patience=0)


def test_each_comparison_leaves_a_line_of_history(bench: Bench) -> None:
    load(bench, MEMOS)
    (row,) = some(bench, MEMOS, 1)
    lose(bench, MEMOS, [row])
    report = compare(bench, MEMOS)
    compare(bench, MEMOS)
    with bench.database.connection() as connection:
        latest, first = reconciliations(connection, 1001, MEMOS)
    assert (first.method, first.missing, first.healed, first.run_id) == ("keys", 1, 1, "run 1")
    assert (first.calls, first.certified, first.at) == (report.calls, True, report.at)
    assert (latest.method, latest.missing) == ("count", 0)
    assert abs(latest.at - bench.now) < timedelta(minutes=1)


# -- any damage ------------------------------------------------------------------------------------------------------

DAMAGES = st.lists(
    st.tuples(st.sampled_from(["lose", "outdate", "remove", "mark", "touch"]), st.integers(0, 14)), max_size=12
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=DAMAGES, page=st.sampled_from([4, 5000]))
def test_whatever_was_damaged_a_comparison_mends_it(bench: Bench, damages: list[tuple[str, int]], page: int) -> None:
    bench.simulator.reset()
    for table in (f"servicetitan.{MEMOS}", "platform.sync_lanes", "platform.stale_reads"):
        execute(bench, f"DELETE FROM {table}")
    fill(bench, MEMOS, 15)
    keys, removed = some(bench, MEMOS, 15), set[int]()
    for damage, place in damages:
        key = keys[place]
        if damage == "lose":
            lose(bench, MEMOS, [key])
        elif damage == "outdate":
            outdate(bench, MEMOS, [key], "description", "old")
        elif damage == "mark":
            execute(bench, f"UPDATE servicetitan.{MEMOS} SET _deleted_at = now() WHERE id = %s", key)
        elif key not in removed:
            bench.simulator.edit(MEMOS, damage, id=key)
            removed |= {key} if damage == "remove" else set()
    report = compare(bench, small_pages(MEMOS, page), deep=True)
    assert report.certified, report
    assert agrees(bench, MEMOS)
    bench.assert_true_of(MEMOS, set(bench.simulator.truth(MEMOS)))
    assert compare(bench, MEMOS).method is Method.COUNT


# -- the checkers can tell -------------------------------------------------------------------------------------------


def test_a_single_pass_that_is_believed_would_mark_a_living_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(bench, MEMOS)
    first, *_ = some(bench, MEMOS, 1)
    edits = [{"tenant_id": 1001, "resource": MEMOS, "op": "remove", "id": first}]
    bench.simulator.fault(resource=MEMOS, nth=1, edits=edits)
    monkeypatch.setattr(key_reading.KeyReader, "ask", lambda *_: (set[str](), key_reading.Landed()))
    compare(bench, small_pages(MEMOS, 10), deep=True)
    assert marked(bench, MEMOS) - {first}, "the slipped row is taken for gone"


def test_a_merge_that_trusts_the_list_would_empty_the_flag(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    load(bench, JOBS)
    (stale,) = some(bench, JOBS, 1)
    outdate(bench, JOBS, [stale], "summary", "old")
    monkeypatch.setattr(key_reading.KeyReader, "_absent", lambda *_: frozenset[str]())
    compare(bench, JOBS, deep=True)
    assert bench.rows(JOBS)[stale]["active"] is None

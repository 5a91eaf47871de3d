"""Killed at every step of a sync and started again: nothing is lost, and at most one page per lane is fetched twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from st_platform.ingest.failpoints import VARIABLE, Failpoint
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.ingest.windows import VISIBILITY, Window
from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.errors import FencedOut
from tests.faults.children import KILLED, Job, finished
from tests.syncing import Bench

FEED = "jobs"
"""A feed with an open and a closed part, in several lanes."""
SNAPSHOT = "campaign_costs"
"""A list of several pages, read in passes, with a row to delete."""

DATES = "marketing_ads_performance"
"""Days and segments, several of them to a transaction."""
COMPARED = "credit_memos"
"""A list of several pages whose rows can be asked for by id."""

ONLY_FEED = {Failpoint.AFTER_SPLIT}
ONLY_COMPARISON = {Failpoint.AFTER_KEYS}
ONLY_SNAPSHOT = {Failpoint.BEFORE_DELETE_INFERENCE, Failpoint.AFTER_DELETE_INFERENCE}
ONCE = {Failpoint.AFTER_PLAN, Failpoint.BEFORE_REPORT, Failpoint.AFTER_SPLIT, *ONLY_SNAPSHOT}
"""Points that a sync passes once, or in the case of a split maybe once."""

OF_A_SYNC = [point for point in Failpoint if point not in ONLY_COMPARISON]
FEED_KILLS = [f"{point}:1" for point in OF_A_SYNC if point not in ONLY_SNAPSHOT] + [
    f"{point}:2" for point in OF_A_SYNC if point not in ONCE | ONLY_SNAPSHOT
]
SNAPSHOT_KILLS = [f"{point}:1" for point in OF_A_SYNC if point not in ONLY_FEED] + [
    f"{point}:4"
    for point in OF_A_SYNC
    if point not in ONCE | ONLY_FEED | {Failpoint.AFTER_LEASE, Failpoint.BEFORE_LANE_DONE, Failpoint.AFTER_LANE_DONE}
]


COMPARISON_KILLS = [
    f"{point}:1"
    for point in (
        Failpoint.AFTER_LEASE,
        Failpoint.BEFORE_FETCH,
        Failpoint.AFTER_FETCH,
        Failpoint.AFTER_KEYS,
        Failpoint.AFTER_MERGE,
        Failpoint.BEFORE_COMMIT,
        Failpoint.AFTER_COMMIT,
        Failpoint.BEFORE_DELETE_INFERENCE,
        Failpoint.AFTER_DELETE_INFERENCE,
        Failpoint.BEFORE_REPORT,
    )
]


def feed_job(bench: Bench, database_url: str) -> Job:
    bench.simulator.options(feed_page_size=8)
    window = Window(None, bench.today.end)
    return Job(bench.simulator.tenant, FEED, window, "request 1", database_url)


def snapshot_job(bench: Bench, database_url: str) -> Job:
    for _ in range(25 - len(bench.simulator.truth(SNAPSHOT))):
        bench.insert(SNAPSHOT)
    job = Job(bench.simulator.tenant, SNAPSHOT, None, "before", database_url, page_size=10)
    assert finished(job) == 0
    bench.simulator.edit(SNAPSHOT, "remove", id=min(bench.simulator.truth(SNAPSHOT)))
    bench.simulator.clear_requests()
    return replace(job, generation="request 1")


def undisturbed(bench: Bench, job: Job) -> str:
    """The table as a run from nothing that is left in peace makes it."""
    with bench.database.connection() as connection:
        for table in (f"servicetitan.{job.resource}", "platform.sync_lanes", "platform.resource_state"):
            connection.execute(f"DELETE FROM {table}".encode())
    assert finished(replace(job, generation="undisturbed", failpoint="")) == 0
    return bench.table_hash(job.resource)


def starts_of_unfinished_lanes(bench: Bench, name: str) -> set[str | None]:
    """What the next request of each unfinished lane sends as `from`."""
    starts: set[str | None] = set()
    for lane in bench.lanes(name):
        if lane["state"] == "done":
            continue
        if lane["position"] is not None:
            starts.add(json.loads(lane["position"])["start"])
        elif lane["lane_start"] is None:
            starts.add(None)
        else:
            starts.add("an instant")
    return starts


def froms(bench: Bench, name: str) -> Counter[str | None]:
    """How often each page was asked for; lanes that begin at an instant count under one name each."""
    return Counter(request["params"].get("from") for request in bench.requests(name))


@pytest.mark.parametrize("failpoint", FEED_KILLS)
def test_a_feed_killed_at_any_step_goes_on_as_if_nothing_had_happened(
    bench: Bench, database_url: str, failpoint: str
) -> None:
    job = feed_job(bench, database_url)
    assert finished(replace(job, failpoint=failpoint)) == KILLED, "the step was reached"
    before = froms(bench, FEED)
    starts = starts_of_unfinished_lanes(bench, FEED)
    done = {lane["lane_id"]: lane["pages"] for lane in bench.lanes(FEED) if lane["state"] == "done"}
    bench.simulator.clear_requests()
    assert finished(job) == 0
    twice = before & froms(bench, FEED)
    tokens = {start for start in twice if start is None or len(start) > 40}
    assert tokens <= starts, "only the page that was under way in a lane is fetched again"
    assert max(twice.values(), default=1) == 1
    lanes = bench.lanes(FEED)
    assert all(lane["pages"] == done[lane["lane_id"]] for lane in lanes if lane["lane_id"] in done)
    assert {lane["state"] for lane in lanes if lane["generation"] != "open"} == {"done"}
    assert sum(lane["pages"] for lane in lanes) == sum(lane["calls"] for lane in lanes)
    assert bench.table_hash(FEED) == undisturbed(bench, job)


@pytest.mark.parametrize("failpoint", SNAPSHOT_KILLS)
def test_a_snapshot_killed_at_any_step_reads_at_most_one_page_again_and_deletes_the_same_rows(
    bench: Bench, database_url: str, failpoint: str
) -> None:
    job = snapshot_job(bench, database_url)
    assert finished(replace(job, failpoint=failpoint)) == KILLED, "the step was reached"
    assert finished(job) == 0
    pages = -(-len(bench.simulator.truth(SNAPSHOT)) // 10)
    assert 2 * pages <= len(bench.requests(SNAPSHOT)) <= 2 * pages + 1
    deleted = [row for row in bench.rows(SNAPSHOT).values() if row["_deleted_at"]]
    assert len(deleted) == 1
    assert deleted[0]["id"] not in bench.simulator.truth(SNAPSHOT)
    with bench.database.connection() as connection:
        connection.execute(b"DELETE FROM servicetitan.campaign_costs WHERE _deleted_at IS NOT NULL")
    assert bench.table_hash(SNAPSHOT) == undisturbed(bench, job)


@pytest.mark.parametrize(
    "failpoint",
    [
        "after_plan:1",
        "after_fetch:40",
        "before_commit:2",
        "after_commit:1",
        "before_delete_inference:2",
        "after_lane_done:1",
    ],
)
def test_a_window_of_dates_killed_at_any_step_reads_at_most_the_slices_of_one_transaction_again(
    bench: Bench, database_url: str, failpoint: str
) -> None:
    bench.simulator.options(unlimited=True)
    assert bench.today.start is not None
    window = Window(bench.today.start - timedelta(days=30), bench.today.start)
    job = Job(bench.simulator.tenant, DATES, window, "request 1", database_url)
    assert finished(replace(job, failpoint=failpoint)) == KILLED, "the step was reached"
    done = sum(lane["calls"] for lane in bench.lanes(DATES))
    bench.simulator.clear_requests()
    assert finished(job) == 0
    assert len(bench.requests(DATES)) == 30 * 3 - done, "what was committed is not asked for again"
    lanes = bench.lanes(DATES)
    assert sum(lane["calls"] for lane in lanes) == 30 * 3
    assert {lane["state"] for lane in lanes} == {"done"}
    assert bench.table_hash(DATES) == undisturbed(bench, job)


@pytest.mark.parametrize("failpoint", COMPARISON_KILLS)
def test_a_comparison_killed_at_any_step_marks_nothing_false_and_the_next_one_mends_all(
    bench: Bench, database_url: str, failpoint: str
) -> None:
    for _ in range(25 - len(bench.simulator.truth(COMPARED))):
        bench.insert(COMPARED)
    job = Job(bench.simulator.tenant, COMPARED, Window(None, None), "before", database_url, page_size=10)
    assert finished(job) == 0
    lost, gone, *_ = sorted(bench.simulator.truth(COMPARED))
    with bench.database.connection() as connection:
        connection.execute(f"DELETE FROM servicetitan.{COMPARED} WHERE id = %s".encode(), [lost])
    bench.simulator.edit(COMPARED, "remove", id=gone)
    compare = replace(job, task="reconcile")
    assert finished(replace(compare, failpoint=failpoint)) == KILLED, "the step was reached"
    assert {key for key, row in bench.rows(COMPARED).items() if row["_deleted_at"]} <= {gone}
    assert finished(compare) == 0
    rows = bench.rows(COMPARED)
    assert {key for key, row in rows.items() if row["_deleted_at"]} == {gone}
    assert rows.keys() - {gone} == set(bench.simulator.truth(COMPARED))
    assert bench.query("SELECT * FROM platform.seen_keys") == []


def test_every_failpoint_is_killed_at_somewhere() -> None:
    assert {name.partition(":")[0] for name in FEED_KILLS + SNAPSHOT_KILLS + COMPARISON_KILLS} == set(Failpoint)


def test_the_variable_arms_a_failpoint_in_any_process() -> None:
    code = "from st_platform.ingest.failpoints import *; reach(Failpoint.AFTER_FETCH); reach(Failpoint.AFTER_FETCH)"
    for armed, expected in (("after_fetch:2", KILLED), ("after_fetch:3", 0), ("before_fetch", 0)):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, VARIABLE: armed}, check=False)
        assert done.returncode == expected


def test_a_database_that_drops_every_connection_between_pages_is_come_back_to(bench: Bench, database_url: str) -> None:
    bench.simulator.options(feed_page_size=40)
    request = SyncRequest(bench.simulator.tenant, CATALOG[FEED], Window(None, bench.today.end), "request 1")
    dropped: list[int] = []

    def drop(_: object) -> None:
        with psycopg.connect(database_url, autocommit=True) as admin:
            found = admin.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
        dropped.append(int(found[0]) if found else 0)

    with bench.client() as client:
        report = sync(request, client=client, database=bench.database, on_page=drop)
    assert sum(dropped) > 2
    lanes = bench.lanes(FEED)
    assert sum(lane["received"] for lane in lanes) == report.received
    assert sum(lane["pages"] for lane in lanes) == report.pages == report.calls
    bench.assert_true(FEED, visible_until=bench.now - VISIBILITY)


def test_a_reader_that_lost_its_lease_commits_nothing_more(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=40)
    request = SyncRequest(bench.simulator.tenant, CATALOG[FEED], Window(None, bench.today.start), "request 1")

    def take_over(_: object) -> None:
        with bench.database.connection() as connection:
            connection.execute(b"UPDATE platform.leases SET epoch = epoch + 1 WHERE epoch < 2")

    with bench.client() as client, pytest.raises(FencedOut):
        sync(request, client=client, database=bench.database, on_page=take_over)
    assert len(bench.rows(FEED)) == 40


# -- the checkers can tell -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "page", "kill"), [("cursor_before_rows", 8, 3), ("lane_done_before_rows", 1000, 1)]
)
def test_progress_that_is_committed_before_its_rows_loses_rows(
    bench: Bench, database_url: str, variant: str, page: int, kill: int
) -> None:
    bench.simulator.options(feed_page_size=page)
    job = Job(bench.simulator.tenant, FEED, Window(None, bench.today.start), "request 1", database_url, variant=variant)
    assert finished(replace(job, failpoint=f"before_commit:{kill}")) == KILLED
    assert finished(job) == 0
    assert bench.table_hash(FEED) != undisturbed(bench, replace(job, variant=None))


@pytest.mark.parametrize("variant", ["has_more_ignored", "last_row_dropped"])
def test_rows_that_are_never_read_show_in_the_comparison_with_the_source(
    bench: Bench, database_url: str, variant: str
) -> None:
    job = replace(feed_job(bench, database_url), variant=variant)
    code = finished(job)
    if code == 0:
        with pytest.raises(AssertionError):
            bench.assert_true(FEED, visible_until=bench.now)
    else:
        assert any("accounted for" in (lane["error"] or "") for lane in bench.lanes(FEED))


def test_an_older_page_that_comes_late_replaces_nothing_unless_the_guard_is_missing(
    bench: Bench, database_url: str
) -> None:
    job = Job(bench.simulator.tenant, FEED, bench.today, "request 1", database_url)
    generated = bench.simulator.truth(FEED)
    row = min(generated)
    place = sum(one["modifiedOn"] >= f"{bench.today.start:%Y-%m-%d}" for one in generated.values())
    bench.simulator.edit(FEED, "set", id=row, fields={"summary": "newer"})
    bench.simulator.advance(minutes=20)
    assert finished(job) == 0
    assert bench.rows(FEED)[row]["summary"] == "newer"
    old = {"summary": '"older"', "modifiedOn": '"2026-06-01T00:00:00Z"'}
    bench.simulator.fault(resource=FEED, rows=[{"row": place, "raw": old}])
    assert finished(replace(job, generation="request 2", include={"refresh": True})) == 0
    assert bench.rows(FEED)[row]["summary"] == "newer"
    assert finished(replace(job, include={"refresh": True}, variant="no_version_guard")) == 0
    assert bench.rows(FEED)[row]["summary"] == "older", "the check above can tell"

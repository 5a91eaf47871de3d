"""Windows of dated resources, read from the simulated feeds into a real Postgres."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from st_platform.ingest.report import Certificate
from st_platform.ingest.sync import SyncFailed
from st_platform.ingest.windows import VISIBILITY, Window, day_window
from st_platform.servicetitan.catalog import CATALOG
from tests.syncing import EVERYTHING, Bench, day

EDGE = day(2026, 6, 13)
"""A midnight that lies behind the simulated present."""


SUMS = "marketing_ads_performance"
"""What the API adds up when it is asked: there are no rows to compare with."""


@pytest.mark.parametrize("name", [name for name in CATALOG if name != SUMS])
def test_a_whole_read_brings_every_row_as_it_is(bench: Bench, name: str) -> None:
    report = bench.sync(name, EVERYTHING if CATALOG[name].is_dated else None)
    bench.assert_true(name, visible_until=bench.now - VISIBILITY)
    assert report.received == report.inserted + report.unchanged > 0
    listing = None if CATALOG[name].feed else CATALOG[name].list
    parts = len(listing.parts) if listing else 1
    assert report.calls == report.pages * parts
    assert report.pages == report.lanes


def test_rows_last_touched_before_the_first_partition_come_with_it(bench: Bench) -> None:
    tenant = bench.simulator.tenant
    old = {
        key
        for key, row in bench.simulator.truth("customers").items()
        if date.fromisoformat(row["modifiedOn"][:10]) < tenant.start_date
    }
    assert old, "the simulated business began before its first partition"
    report = bench.sync("customers", day_window(tenant, tenant.start_date), generation="one")
    assert set(bench.rows("customers")) >= old
    assert report.certificate is Certificate.CERTIFIED


def test_neighbours_below_the_microsecond_survive_a_window_edge(bench: Bench) -> None:
    last = bench.insert("jobs", modified_on="2026-06-12T23:59:59.9999999Z")
    first = bench.insert("jobs", modified_on="2026-06-13T00:00:00.0000000Z")
    both = bench.insert("jobs", modified_on="2026-06-13T00:00:00.0000001Z")
    bench.sync("jobs", Window(EDGE - timedelta(days=1), EDGE))
    rows = bench.rows("jobs")
    assert rows[last]["modified_on"] == EDGE - timedelta(microseconds=1)
    bench.sync("jobs", Window(EDGE, EDGE + timedelta(days=1)))
    rows = bench.rows("jobs")
    assert rows[first]["modified_on"] == rows[both]["modified_on"] == EDGE


def test_of_two_versions_in_one_microsecond_the_later_one_stays(bench: Bench) -> None:
    instant = "2026-06-13T10:00:00.000000{}Z"
    job = min(bench.simulator.truth("jobs"))
    bench.simulator.edit("jobs", "set", id=job, fields={"summary": "later"}, modified_on=instant.format(8))
    row = bench.simulator.truth("jobs")[job]
    older = {"modifiedOn": f'"{instant.format(3)}"', "summary": '"earlier"'}
    bench.simulator.fault(resource="jobs", rows=[{"row": -1, "raw": older, "duplicate": True}])
    bench.sync("jobs", Window(EDGE, EDGE + timedelta(days=1)))
    assert bench.rows("jobs")[job]["summary"] == row["summary"] == "later"


# -- generations ---------------------------------------------------------------------------------------------------


def test_a_retry_of_a_finished_request_reads_nothing_and_a_new_request_repairs_the_day(bench: Bench) -> None:
    window = Window(None, EDGE)
    first = bench.sync("jobs", window, generation="run 1")
    with bench.database.connection() as connection:
        connection.execute("DELETE FROM servicetitan.jobs WHERE id % 2 = 0")
        connection.execute("UPDATE servicetitan.jobs SET summary = 'spoiled', modified_on = NULL WHERE id % 3 = 0")
    bench.simulator.clear_requests()
    again = bench.sync("jobs", window, generation="run 1")
    assert (again.calls, again.lanes, again.lanes_skipped) == (0, 0, first.lanes)
    assert again.certificate is Certificate.CERTIFIED
    fresh = bench.sync("jobs", window, generation="run 2")
    assert fresh.received == first.received
    assert fresh.inserted > 0
    assert fresh.updated > 0
    bench.sync("jobs", EVERYTHING)
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)


def test_the_command_line_goes_on_with_an_unfinished_read_of_the_same_window_only(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=50)
    window = Window(None, EDGE)
    bench.simulator.fault(resource="jobs", nth=3, status=400, body="{}")
    with pytest.raises(Exception, match="400"):
        bench.sync("jobs", window)
    bench.simulator.clear_faults()
    bench.simulator.clear_requests()
    bench.sync("jobs", Window(None, EDGE - timedelta(days=1)))
    assert "from" not in bench.requests("jobs")[0]["params"], "another window begins at its own beginning"
    bench.simulator.clear_requests()
    resumed = bench.sync("jobs", window)
    assert resumed.received < len(bench.rows("jobs"))
    assert len(bench.requests("jobs")[0]["params"]["from"]) > 40, "a token, not an instant"
    fresh = bench.sync("jobs", window)
    assert fresh.received >= len(bench.rows("jobs"))


def test_a_refresh_begins_anew_even_where_a_read_was_unfinished(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=50)
    bench.simulator.fault(resource="jobs", nth=3, status=400, body="{}")
    with pytest.raises(Exception, match="400"):
        bench.sync("jobs", Window(None, EDGE))
    bench.simulator.clear_faults()
    assert bench.sync("jobs", Window(None, EDGE), refresh=True).received >= len(bench.rows("jobs"))


def test_a_failed_lane_says_in_the_ledger_why(bench: Bench) -> None:
    bench.simulator.fault(resource="jobs", status=400, body="{}")
    with pytest.raises(Exception, match="400"):
        bench.sync("jobs", Window(None, EDGE))
    assert "400" in bench.lanes("jobs")[0]["error"]
    bench.simulator.clear_faults()
    bench.sync("jobs", Window(None, EDGE))
    assert bench.lanes("jobs")[0]["error"] is None


# -- open days -----------------------------------------------------------------------------------------------------


def test_todays_second_run_is_one_request_and_the_same_data_version(bench: Bench) -> None:
    bench.simulator.edit("jobs", "touch", id=min(bench.simulator.truth("jobs")))
    bench.simulator.advance(minutes=16)
    first = bench.sync("jobs", bench.today, generation="a")
    second = bench.sync("jobs", bench.today, generation="b")
    assert first.received >= 1
    assert (second.calls, second.received) == (1, 0)
    assert first.certificate is second.certificate is Certificate.CAUGHT_UP
    assert first.data_version == second.data_version > 0


def test_todays_next_run_reads_only_what_changed_since(bench: Bench) -> None:
    bench.sync("jobs", bench.today)
    job = max(bench.simulator.truth("jobs"))
    bench.simulator.edit("jobs", "set", id=job, fields={"summary": "changed at noon"})
    before = bench.sync("jobs", bench.today)
    assert before.received == 0, "the feed hides a change for a quarter of an hour"
    bench.simulator.advance(minutes=16)
    after = bench.sync("jobs", bench.today)
    assert (after.calls, after.received) == (1, 1)
    assert after.data_version > before.data_version
    assert bench.rows("jobs")[job]["summary"] == "changed at noon"


def test_recent_changes_are_read_on_request_without_giving_up_the_place_in_the_feed(bench: Bench) -> None:
    bench.sync("jobs", bench.today)
    kept = bench.lanes("jobs")[0]["position"]
    job = max(bench.simulator.truth("jobs"))
    bench.simulator.edit("jobs", "set", id=job, fields={"summary": "just now"})
    bench.sync("jobs", bench.today, include_recent=True)
    assert bench.rows("jobs")[job]["summary"] == "just now"
    assert bench.lanes("jobs")[0]["position"] == kept
    bench.simulator.advance(minutes=16)
    assert bench.sync("jobs", bench.today).received == 1, "the plain feed shows it once more"


def test_yesterday_completes_a_quarter_of_an_hour_after_midnight(bench: Bench) -> None:
    yesterday = bench.today
    bench.simulator.advance(hours=3)
    bench.sync("jobs", yesterday, generation="afternoon")
    assert yesterday.end is not None
    late = bench.insert("jobs", modified_on="2026-06-15T23:59:59.9999999Z")
    bench.simulator.set_clock(yesterday.end + timedelta(minutes=5))
    assert bench.sync("jobs", yesterday, generation="midnight").certificate is Certificate.CAUGHT_UP
    bench.simulator.set_clock(yesterday.end + timedelta(minutes=15, seconds=1))
    bench.simulator.clear_requests()
    report = bench.sync("jobs", yesterday, generation="morning")
    assert report.certificate is Certificate.CERTIFIED
    assert late in bench.rows("jobs")
    assert all(len(request["params"]["from"]) > 40 for request in bench.requests("jobs")), "it goes on from the token"
    assert bench.sync("jobs", yesterday, generation="morning").calls == 0, "the request is done"
    assert bench.sync("jobs", yesterday, generation="repair").received >= 1, "a new one reads the day afresh"
    bench.sync("jobs", EVERYTHING)
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)


def test_a_range_read_later_covers_open_days_that_nobody_completed(bench: Bench) -> None:
    monday = bench.today
    bench.sync("jobs", monday)
    bench.simulator.advance(days=4)
    assert monday.start is not None
    assert monday.end is not None
    report = bench.sync("jobs", Window(monday.start, monday.end + timedelta(days=3)), generation="catch up")
    assert report.certificate is Certificate.CERTIFIED
    assert not [lane for lane in bench.lanes("jobs") if lane["generation"] == "open"]
    bench.sync("jobs", EVERYTHING)
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)


def test_a_range_up_to_today_is_certified_but_for_today(bench: Bench) -> None:
    report = bench.sync("jobs", Window(EDGE, bench.today.end), generation="x")
    assert report.certificate is Certificate.CAUGHT_UP
    assert {lane["state"] for lane in bench.lanes("jobs")} == {"done", "open"}
    (closed,) = bench.query("SELECT * FROM platform.sync_windows WHERE generation = 'x'")
    assert closed["certified_at"] is not None
    assert closed["received"] == closed["inserted"] + closed["updated"] + closed["unchanged"] + closed["quarantined"]


def test_a_window_in_the_future_is_refused(bench: Bench) -> None:
    with pytest.raises(SyncFailed, match="future"):
        bench.sync("jobs", Window(day(2999, 12, 31), None))
    assert not bench.requests("jobs")


def test_a_resource_without_windows_refuses_one(bench: Bench) -> None:
    with pytest.raises(SyncFailed, match="no windows"):
        bench.sync("technicians", bench.today)


def test_a_token_the_feed_no_longer_knows_is_replaced_by_the_time_reached(bench: Bench) -> None:
    bench.simulator.options(feed_token_seconds=3600)
    bench.simulator.edit("jobs", "touch", id=min(bench.simulator.truth("jobs")))
    bench.simulator.advance(minutes=20)
    bench.sync("jobs", bench.today)
    bench.simulator.advance(hours=3)
    bench.simulator.edit("jobs", "touch", id=max(bench.simulator.truth("jobs")))
    bench.simulator.advance(minutes=20)
    report = bench.sync("jobs", bench.today)
    assert any("refused its own token" in note for note in report.notes)
    bench.sync("jobs", EVERYTHING)
    bench.assert_true("jobs", visible_until=bench.now - VISIBILITY)

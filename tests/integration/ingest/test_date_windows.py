"""Resources that are asked for by date: slices and segments, filled columns, and what a window no longer shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_platform.ingest import date_lanes
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.instants import as_text
from st_platform.ingest.report import Certificate
from st_platform.ingest.windows import Window
from st_platform.servicetitan.errors import BadRequest
from st_platform.warehouse.database import Database
from st_platform.warehouse.removals import accept_parked
from tests.integration.ingest.date_source import NOW, DateBench, at, days, empty, refusal, source_of
from tests.integration.servicetitan.scripted_api import problem
from tests.syncing import EVERYTHING, Bench, midnight

SEGMENTS = ("Campaign", "AdGroup", "Keyword")


@pytest.fixture
def ads(database: Database) -> Iterator[DateBench]:
    """Performance per day, each segment asked for by itself."""
    with source_of("marketing_ads_performance") as source:
        yield DateBench(source, database)


@pytest.fixture
def leads(database: Database) -> Iterator[DateBench]:
    """Leads by the instant they came, without a limit on the stretch."""
    with source_of("attributed_leads") as source:
        yield DateBench(source, database)


def spend(bench: DateBench, day: int, campaign: int, cost: int = 1, *, segment: str = "Campaign") -> None:
    bench.source.add(at(day), segment, campaign={"id": campaign}, digitalStats={"cost": cost})


def lead(bench: DateBench, day: int, call: int, **more: Any) -> None:
    bench.source.add(at(day, 9), dateTime=f"2026-07-{day:02}T09:00:00Z", leadType=1, call={"id": call}, **more)


# -- what is asked ---------------------------------------------------------------------------------------------------


def test_a_window_is_asked_by_the_day_and_segment_and_rows_know_both(ads: DateBench) -> None:
    for day in (2, 3):
        for segment in SEGMENTS:
            spend(ads, day, 7, day, segment=segment)
    report = ads.sync(days(2, 3))
    assert [(asked["fromUtc"], asked["toUtc"], asked["performanceSegmentationType"]) for asked in ads.source.asked] == [
        (f"2026-07-{day:02}T00:00:00Z", f"2026-07-{day + 1:02}T00:00:00Z", segment)
        for day in (2, 3)
        for segment in SEGMENTS
    ]
    assert (report.certificate, report.received, report.inserted, report.calls) == (Certificate.CERTIFIED, 6, 6, 6)
    found = {(str(row["day"]), row["segmentation"], row["segment_key"]) for row in ads.rows()}
    assert found == {(f"2026-07-0{day}", segment, "7/-/-") for day in (2, 3) for segment in SEGMENTS}


def test_a_stretch_without_a_limit_is_one_question(leads: DateBench) -> None:
    lead(leads, 2, 5)
    lead(leads, 8, 6)
    report = leads.sync(days(1, 9))
    assert (report.calls, report.received) == (1, 2)
    assert leads.keys() == ["2026-07-02T09:00:00Z/1/5/-/-", "2026-07-08T09:00:00Z/1/6/-/-"]


def test_the_first_partition_reaches_back_as_far_as_the_history_goes(ads: DateBench, leads: DateBench) -> None:
    ads.sync(Window(None, at(2)))
    assert min(asked["fromUtc"] for asked in ads.source.asked) == "2025-05-27T00:00:00Z"
    assert len(ads.source.asked) == 401 * 3
    leads.sync(Window(None, at(2)))
    (asked,) = leads.source.asked
    assert (asked["fromUtc"], asked["toUtc"]) == ("2000-01-01T00:00:00Z", "2026-07-02T00:00:00Z")


def test_many_days_land_together_and_side_by_side(ads: DateBench) -> None:
    for day in range(1, 10):
        spend(ads, day, 7, day)
    report = ads.sync(Window(None, at(10)))
    assert report.lanes == 4
    assert report.pages < report.calls / 10
    assert len(ads.rows()) == 9
    lanes = ads.query("SELECT * FROM platform.sync_lanes")
    assert {lane["state"] for lane in lanes} == {"done"}
    assert sum(lane["calls"] for lane in lanes) == report.calls


def test_a_window_that_reaches_into_today_is_caught_up_and_read_whole_each_time(leads: DateBench) -> None:
    lead(leads, 10, 1)
    first = leads.sync(days(9, 10), generation="run 1")
    assert (first.certificate, first.lanes) == (Certificate.CAUGHT_UP, 2)
    lead(leads, 10, 2)
    leads.source.now = NOW + timedelta(minutes=5)
    again = leads.sync(days(9, 10), generation="run 1")
    assert (again.certificate, again.lanes_skipped, again.calls, again.inserted) == (Certificate.CAUGHT_UP, 1, 1, 1)
    leads.source.now = NOW + timedelta(days=1)
    assert leads.sync(days(9, 10), generation="run 1").certificate is Certificate.CERTIFIED
    assert leads.sync(days(9, 10), generation="run 1").calls == 0
    assert leads.sync(days(9, 10), generation="run 2").calls == 1


def test_a_window_that_has_not_begun_is_refused(leads: DateBench) -> None:
    with pytest.raises(SyncFailed, match="future"):
        leads.sync(days(20, 20))


# -- what is gone ----------------------------------------------------------------------------------------------------


def test_a_row_that_its_window_no_longer_shows_is_marked_and_its_return_clears_the_mark(ads: DateBench) -> None:
    for campaign in (1, 2):
        spend(ads, 3, campaign)
        spend(ads, 4, campaign)
        spend(ads, 3, campaign, segment="AdGroup")
    ads.sync(days(3, 4))
    ads.source.rows = [
        row for row in ads.source.rows if row != (at(3), "Campaign", row[2]) or row[2]["campaign"]["id"] == 2
    ]
    report = ads.sync(days(3, 3))
    assert report.deleted == 1
    assert [(row["day"].day, row["segmentation"]) for row in ads.rows() if row["_deleted_at"]] == [(3, "Campaign")]
    spend(ads, 3, 1)
    back = ads.sync(days(3, 3))
    assert (back.updated, back.deleted, ads.keys(deleted=True)) == (1, 0, [])


def test_a_row_of_another_window_or_segment_is_none_of_its_business(ads: DateBench) -> None:
    spend(ads, 3, 1)
    spend(ads, 3, 2)
    spend(ads, 5, 1)
    ads.sync(days(3, 5))
    ads.source.rows.clear()
    spend(ads, 3, 2)
    spend(ads, 3, 1, segment="Keyword")
    ads.sync(days(3, 3))
    assert {(row["day"].day, row["segment_key"]) for row in ads.rows() if row["_deleted_at"]} == {(3, "1/-/-")}


def test_a_day_that_comes_back_empty_is_believed_if_the_source_shows_rows_elsewhere(leads: DateBench) -> None:
    lead(leads, 3, 1)
    lead(leads, 5, 2)
    leads.sync(days(1, 9))
    del leads.source.rows[0]
    report = leads.sync(days(3, 3))
    assert (report.deleted, report.calls) == (1, 2)
    assert len(leads.keys(deleted=True)) == 1


def test_a_source_that_shows_nothing_at_all_marks_nothing_and_asks_a_person(leads: DateBench) -> None:
    lead(leads, 3, 1)
    leads.sync(days(1, 9))
    leads.source.before = lambda *_: empty()
    report = leads.sync(days(3, 3))
    assert (report.deleted, leads.keys(deleted=True)) == (0, [])
    assert any("deletes list" in note for note in report.notes)
    with leads.database.connection() as connection:
        outcome = accept_parked(connection, leads.source.resource, 1001, at=NOW)
    assert outcome is not None
    assert outcome.deleted == 1
    assert len(leads.keys(deleted=True)) == 1


def test_more_than_twenty_rows_and_five_percent_at_once_are_parked(ads: DateBench) -> None:
    for campaign in range(30):
        spend(ads, 3, campaign)
    ads.sync(days(3, 3))
    del ads.source.rows[:21]
    report = ads.sync(days(3, 3))
    assert (report.deleted, ads.keys(deleted=True)) == (0, [])
    (parked,) = ads.query("SELECT * FROM platform.parked_deletes")
    assert (parked["missing"], parked["living"], parked["named"]) == (21, 30, True)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_refusal_in_the_middle_marks_nothing(ads: DateBench, nth: int) -> None:
    for segment in SEGMENTS:
        spend(ads, 3, 1, segment=segment)
    ads.sync(days(3, 3))
    ads.source.rows.clear()
    ads.source.before = lambda number, _: refusal() if number == nth else None
    report = ads.sync(days(3, 3))
    assert report.certificate is Certificate.NOT_GRANTED
    assert ads.keys(deleted=True) == []


def test_a_broken_row_has_no_key_so_nothing_is_inferred_for_its_day(ads: DateBench) -> None:
    for day in (3, 4):
        for campaign in (1, 2, 3):
            spend(ads, day, campaign)
    ads.sync(days(3, 4))
    ads.source.rows = [row for row in ads.source.rows if row[2]["campaign"]["id"] != 3]
    ads.source.rows[0][2]["returnOnInvestment"] = "much"
    report = ads.sync(days(3, 4))
    assert (report.quarantined, report.deleted) == (1, 1)
    assert [row["day"].day for row in ads.rows() if row["_deleted_at"]] == [4]


def test_a_read_that_broke_off_goes_on_behind_the_last_slices_that_landed(ads: DateBench) -> None:
    for day in range(1, 10):
        spend(ads, day, 7)
    ads.source.before = lambda number, _: problem(400, "no") if number == 26 else None
    with pytest.raises(BadRequest):
        ads.sync(days(1, 9), generation="run 1")
    assert len(ads.rows()) == 8
    ads.source.before = lambda *_: None
    report = ads.sync(days(1, 9), generation="run 1")
    assert (report.calls, report.certificate) == (3, Certificate.CERTIFIED)
    assert len(ads.rows()) == 9
    assert ads.sync(days(1, 9), generation="run 1").calls == 0


# -- several pages ---------------------------------------------------------------------------------------------------


def test_a_day_of_several_pages_is_read_until_two_passes_agree(ads: DateBench) -> None:
    for campaign in range(10):
        spend(ads, 3, campaign)
    report = ads.sync(days(3, 3), page_size=4)
    assert report.calls == 3 * 2 + 2
    assert len(ads.keys()) == 10
    assert report.certificate is Certificate.CERTIFIED
    assert ads.sync(days(3, 3), page_size=4).deleted == 0


def test_a_row_that_slips_between_two_pages_is_not_taken_for_gone(ads: DateBench) -> None:
    for campaign in range(10):
        spend(ads, 3, campaign)
    ads.sync(days(3, 3))
    first = ads.source.rows[0]

    def vanish(number: int, _: dict[str, str]) -> None:
        if number == 4:
            ads.source.rows.remove(first)

    ads.source.before = vanish
    report = ads.sync(days(3, 3), page_size=4)
    assert (report.deleted, ads.keys(deleted=True)) == (1, ["0/-/-"])


def test_a_day_that_never_holds_still_fails_and_marks_nothing(ads: DateBench) -> None:
    for campaign in range(10):
        spend(ads, 3, campaign)
    ads.source.before = lambda number, _: spend(ads, 3, 100 + number)
    with pytest.raises(SyncFailed, match="hold still"):
        ads.sync(days(3, 3), page_size=4)
    assert ads.keys(deleted=True) == []


def test_a_page_that_counts_more_rows_than_it_shows_is_not_believed(leads: DateBench) -> None:
    lead(leads, 3, 1)
    leads.sync(days(3, 3))
    leads.source.before = lambda *_: empty().replace(b'"totalCount": 0', b'"totalCount": 1')
    with pytest.raises(SyncFailed, match="hold still"):
        leads.sync(days(3, 3))
    assert leads.keys(deleted=True) == []


# -- any history -----------------------------------------------------------------------------------------------------

Step = tuple[str, int, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "drop", "change", "shuffle"]), st.integers(2, 4), st.integers(1, 3), st.integers(0, 9)
    ),
    min_size=1,
    max_size=5,
)


def act(bench: DateBench, step: Step) -> None:
    what, day, campaign, cost = step
    rows = bench.source.rows
    mine = [row for row in rows if row[0] == at(day) and row[2]["campaign"]["id"] == campaign]
    if what == "add":
        spend(bench, day, campaign, cost)
    elif what == "drop" and mine:
        rows.remove(mine[0])
    elif what == "change" and mine:
        mine[0][2]["digitalStats"] = {"cost": cost}
    elif what == "shuffle":
        rows.sort(key=lambda row: (row[2]["digitalStats"]["cost"] * 7 + cost) % 5)


def expected(bench: DateBench) -> set[tuple[int, int, int]]:
    return {(when.day, body["campaign"]["id"], body["digitalStats"]["cost"]) for when, _, body in bench.source.rows}


def found(bench: DateBench) -> list[tuple[int, int, int]]:
    living = [row for row in bench.rows() if row["_deleted_at"] is None]
    return sorted((row["day"].day, row["campaign"]["id"], row["digital_stats"]["cost"]) for row in living)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(STEPS, min_size=1, max_size=3), size=st.sampled_from([2, 5000]))
def test_whatever_comes_and_goes_the_table_is_what_the_source_shows(
    ads: DateBench, rounds: list[list[Step]], size: int
) -> None:
    ads.source.rows.clear()
    for table in ("servicetitan.marketing_ads_performance", "platform.sync_lanes"):
        with ads.database.connection() as connection:
            connection.execute(f"DELETE FROM {table}".encode())
    spend(ads, 5, 1)  # a source that shows nothing at all would not be believed
    for steps in rounds:
        for step in steps:
            act(ads, step)
        ads.sync(days(2, 5), page_size=size)
        assert found(ads) == sorted(expected(ads))
    again = ads.sync(days(2, 5), page_size=size)
    assert (again.inserted, again.updated, again.deleted) == (0, 0, 0), "read again, nothing changes"


def test_forgetting_to_mark_shows_in_the_comparison(ads: DateBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant of the test above: it can tell."""
    spend(ads, 3, 1)
    spend(ads, 5, 1)
    ads.sync(days(2, 5))
    act(ads, ("drop", 3, 1, 0))
    monkeypatch.setattr(date_lanes, "unseen_in", lambda *_, **__: [])
    ads.sync(days(2, 5))
    assert found(ads) != sorted(expected(ads))


# -- the simulated tenants -------------------------------------------------------------------------------------------


def test_performance_of_simulated_ads_is_what_the_api_says_for_each_day(bench: Bench) -> None:
    last = midnight(bench.now.date())
    first = last - timedelta(days=4)
    report = bench.sync("marketing_ads_performance", Window(first, last))
    assert (report.calls, report.certificate) == (4 * 3, Certificate.CERTIFIED)
    found = bench.query(
        "SELECT day, segmentation, digital_stats, lead_stats FROM servicetitan.marketing_ads_performance"
    )
    with bench.client() as client:
        for day in range(4):
            for segment in SEGMENTS:
                params = {
                    "fromUtc": as_text(first + timedelta(days=day)),
                    "toUtc": as_text(first + timedelta(days=day + 1)),
                    "performanceSegmentationType": segment,
                    "pageSize": 5000,
                }
                path = "/marketingads/v2/tenant/{tenant}/performance"
                shown = json.loads(client.get(path, params))["data"]
                ours = [
                    row
                    for row in found
                    if row["day"] == (first + timedelta(days=day)).date() and row["segmentation"] == segment
                ]
                assert sorted(json.dumps(row["digital_stats"], sort_keys=True) for row in ours) == sorted(
                    json.dumps(row["digitalStats"], sort_keys=True) for row in shown
                )
    assert report.received == len(found) > 0


def test_leads_of_the_simulated_ads_module_come_and_go(bench: Bench) -> None:
    bench.sync("attributed_leads", EVERYTHING)
    bench.assert_true("attributed_leads")
    gone, changed, *_ = bench.simulator.truth("attributed_leads")
    bench.simulator.edit("attributed_leads", "remove", id=gone)
    bench.simulator.edit("attributed_leads", "set", id=changed, fields={"customer": {"id": 1, "name": "Other"}})
    report = bench.sync("attributed_leads", EVERYTHING)
    assert (report.deleted, report.updated) == (1, 1)
    living = {key for key, row in bench.rows("attributed_leads").items() if row["_deleted_at"] is None}
    assert living == set(bench.truth("attributed_leads"))

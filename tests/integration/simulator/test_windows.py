"""The date windows and the exported truths on the wire: paging, types of leads, edits, and what only tests may know."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.simulator.conftest import Caller
from tests.simulated import NOW, Simulator

LEADS = "marketingads/attributed-leads"
PERFORMANCE = "marketingads/performance"
YEAR = {"fromUtc": "2025-06-15T00:00:00Z", "toUtc": "2026-06-16T00:00:00Z"}


def lines(simulator: Simulator, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{simulator.url}{path}", trust_env=False).raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_window_comes_in_pages_and_says_how_many_rows_it_has(caller: Caller) -> None:
    whole = caller.page(LEADS, pageSize=5000, includeTotal="true", **YEAR)
    assert whole["hasMore"] is False
    assert whole["totalCount"] == len(whole["data"]) > 20
    assert caller.listed(LEADS, pageSize=7, **YEAR) == whole["data"]
    segments = caller.page(PERFORMANCE, performanceSegmentationType="Keyword", **YEAR)["data"]
    assert caller.listed(PERFORMANCE, pageSize=3, performanceSegmentationType="keyword", **YEAR) == segments


def test_a_window_is_half_open_and_days_hold_each_lead_once(caller: Caller) -> None:
    whole = caller.listed(LEADS, pageSize=5000, **YEAR)
    middle = whole[len(whole) // 2]["dateTime"]
    before = caller.listed(LEADS, fromUtc=YEAR["fromUtc"], toUtc=middle, pageSize=5000)
    after = caller.listed(LEADS, fromUtc=middle, toUtc=YEAR["toUtc"], pageSize=5000)
    assert before + after == whole
    assert after[0]["dateTime"] == middle
    assert caller.listed(LEADS, fromUtc=YEAR["toUtc"], toUtc=YEAR["fromUtc"]) == []


def test_leads_can_be_asked_for_by_type(caller: Caller) -> None:
    whole = caller.listed(LEADS, pageSize=5000, **YEAR)
    names = {"Call": 1, "WebBooking": 2, "WebLeadForm": 3, "ManualJob": 4}
    by_type = {name: caller.listed(LEADS, leadType=name, pageSize=5000, **YEAR) for name in names}
    assert sum(map(len, by_type.values())) == len(whole)
    assert all(row["leadType"] == names[name] for name, rows in by_type.items() for row in rows)
    assert caller.call(LEADS, leadType="Pigeon", **YEAR).status_code == 400


def test_a_lead_changed_or_taken_away_by_hand_shows_in_its_window(simulator: Simulator, caller: Caller) -> None:
    number, row = next(iter(simulator.truth("attributed_leads").items()))
    simulator.edit("attributed_leads", "set", id=number, fields={"job": {"id": 7, "name": "seven"}})
    shown = [one for one in caller.listed(LEADS, pageSize=5000, **YEAR) if one["dateTime"] == row["dateTime"]]
    assert [one["job"] for one in shown] == [{"id": 7, "name": "seven"}]
    simulator.edit("attributed_leads", "remove", id=number)
    assert row["dateTime"] not in {one["dateTime"] for one in caller.listed(LEADS, pageSize=5000, **YEAR)}


def test_today_grows_as_the_day_goes_on(simulator: Simulator, caller: Caller) -> None:
    today = {"fromUtc": f"{NOW:%Y-%m-%d}", "toUtc": f"{NOW + timedelta(days=1):%Y-%m-%d}"}

    def cost() -> float:
        rows = caller.page(PERFORMANCE, performanceSegmentationType="Campaign", **today)["data"]
        return sum(row["digitalStats"]["cost"] for row in rows)

    before = cost()
    simulator.advance(hours=6)
    caller.renew()
    assert cost() > before > 0


@pytest.mark.parametrize("tenant_id", [1001, 2002])
def test_the_true_attribution_names_every_job_of_the_api_once(simulator: Simulator, tenant_id: int) -> None:
    jobs = simulator.truth("jobs", tenant_id=tenant_id)
    told = lines(simulator, f"/_sim/attribution/{tenant_id}")
    assert [row["jobId"] for row in told] == list(jobs)
    campaigns = simulator.truth("campaigns", tenant_id=tenant_id)
    ids = {
        "call": simulator.truth("calls", tenant_id=tenant_id),
        "lead": simulator.truth("leads", tenant_id=tenant_id),
        "booking": simulator.truth("bookings", tenant_id=tenant_id),
    }
    for row in told:
        assert row["trueCampaignId"] in campaigns
        assert row["recordedCampaignId"] == jobs[row["jobId"]]["campaignId"]
        for touch in row["touches"]:
            assert (touch["id"] is None) == (touch["kind"] == "exposure")
            assert touch["kind"] == "exposure" or touch["id"] in ids[touch["kind"]]
            assert touch["at"] <= row["createdOn"]


def test_the_hazard_is_told_by_membership_type_and_month_of_age(simulator: Simulator) -> None:
    told = lines(simulator, "/_sim/hazard/1001")
    assert {row["membershipTypeId"] for row in told} == {801, 802, 803, 804}
    assert all(0 < row["hazard"] < 1 and 0 <= row["ended"] <= row["atRisk"] for row in told)
    assert httpx.get(f"{simulator.url}/_sim/hazard/77", trust_env=False).status_code == 404

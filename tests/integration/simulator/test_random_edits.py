"""A day of random edits: what it does to each resource, and that everything it did can be seen and is in the log."""

from __future__ import annotations

import httpx
import pytest

from st_platform.simulator.endpoints import BY_RESOURCE, ENDPOINTS, Endpoint
from tests.integration.simulator.conftest import Caller
from tests.simulated import Simulator

COUNT = 10
SUMMED = "marketing_ads_performance"
"""The one resource without rows of its own."""
KEPT = [endpoint for endpoint in ENDPOINTS if endpoint.resource != SUMMED]
LOGGED = {"insert": "inserted"}


@pytest.mark.parametrize("endpoint", KEPT, ids=lambda e: e.resource)
def test_random_edits_do_what_they_say_and_are_in_the_truth_log(simulator: Simulator, endpoint: Endpoint) -> None:
    before = simulator.truth(endpoint.resource)
    done = simulator.random_edits(endpoint.resource, count=COUNT, seed=5)
    after, entries = simulator.truth(endpoint.resource), simulator.changes(endpoint.resource)[-COUNT:]
    assert [(entry["id"], entry["op"]) for entry in entries] == [
        (edit["id"], LOGGED.get(edit["op"], edit["op"])) for edit in done
    ]
    assert len(done) == COUNT
    assert {number for number in before | after if before.get(number) != after.get(number)} <= {e["id"] for e in done}
    last = {edit["id"]: edit for edit in done}
    for number, edit in last.items():
        if edit["op"] == "remove":
            assert number not in after
            continue
        row = after[number]
        assert row.get("modifiedOn", simulator.now) == simulator.now
        if edit["op"] in ("deactivate", "merge", "delete"):
            assert row["active"] is False
        if edit["op"] == "restore" and "active" in row:
            assert row["active"] is True
    if endpoint.key:
        keys = [tuple(row[name] for name in endpoint.key) for row in after.values()]
        assert len(set(keys)) == len(keys)


def test_among_many_edits_there_is_one_of_every_kind_that_a_resource_can_show(simulator: Simulator) -> None:
    def kinds(resource: str) -> set[str]:
        return {edit["op"] for edit in simulator.random_edits(resource, count=40, seed=1)}

    assert kinds("customers") == {"touch", "set", "deactivate", "merge", "restore", "insert"}
    assert kinds("memberships") == {"touch", "set", "deactivate", "delete", "restore", "insert"}
    assert kinds("campaign_costs") == {"touch", "set", "remove", "restore", "insert"}
    assert kinds("membership_status_changes") <= {"touch", "set", "insert"}, "nobody could see that one is gone"


def test_the_same_seed_makes_the_same_edits_and_another_one_others(simulator: Simulator) -> None:
    first = simulator.random_edits("jobs", count=COUNT, seed=5)
    simulator.reset()
    assert simulator.random_edits("jobs", count=COUNT, seed=5) == first
    simulator.reset()
    assert simulator.random_edits("jobs", count=COUNT, seed=6) != first


def test_random_edits_of_a_tenant_touch_each_of_its_resources_and_no_other_tenant(simulator: Simulator) -> None:
    theirs = simulator.truth("customers", tenant_id=2002)
    done = simulator.random_edits(count=2, seed=3)
    assert {edit["resource"] for edit in done} == {endpoint.resource for endpoint in KEPT}
    assert len(done) == 2 * len(KEPT)
    assert {edit["tenant_id"] for edit in done} == {1001}
    assert simulator.truth("customers", tenant_id=2002) == theirs


def test_edits_may_be_spread_over_the_hours_before(simulator: Simulator) -> None:
    simulator.advance(hours=24)
    start = simulator.advance(seconds=1)
    simulator.advance(hours=24)
    before = simulator.truth("customers")
    done = simulator.random_edits("customers", count=30, seed=2, hours=24)
    after = simulator.truth("customers")
    moments = {after[edit["id"]]["modifiedOn"] for edit in done}
    assert start <= min(moments) < max(moments) <= simulator.now
    assert len(moments) > 15
    for number in {edit["id"] for edit in done} & before.keys():
        assert after[number]["modifiedOn"] > before[number]["modifiedOn"], "never older than what it replaces"


def test_a_reader_of_the_feed_sees_every_edit_of_a_row_that_still_exists(simulator: Simulator, caller: Caller) -> None:
    token = caller.page("crm/export/customers", includeRecentChanges="true")["continueFrom"]
    done = simulator.random_edits("customers", count=20, seed=4)
    later = caller.feed("crm/export/customers", **{"from": token, "includeRecentChanges": "true"})
    assert {row["id"] for row in later} == {edit["id"] for edit in done}
    truth = simulator.truth("customers")
    assert all(row == truth[row["id"]] for row in later)


def test_what_was_merged_deleted_or_removed_comes_back(simulator: Simulator, caller: Caller) -> None:
    simulator.edit("customers", "merge", id=1_000_003, into=1_000_002)
    simulator.edit("customers", "restore", id=1_000_003)
    row = simulator.truth("customers")[1_000_003]
    assert (row["active"], row["mergedToId"]) == (True, None)
    assert caller.page("crm/customers", ids=1_000_003)["data"] == [row]

    simulator.edit("memberships", "delete", id=55_000_001)
    simulator.edit("memberships", "restore", id=55_000_001)
    row = simulator.truth("memberships")[55_000_001]
    assert (row["active"], row["status"]) == (True, "Active")

    victim, content = next(iter(simulator.truth("campaign_costs").items()))
    simulator.edit("campaign_costs", "remove", id=victim)
    assert victim not in {row["id"] for row in caller.listed("marketing/costs", pageSize=500)}
    simulator.edit("campaign_costs", "restore", id=victim)
    assert simulator.truth("campaign_costs")[victim] == content
    assert content in caller.listed("marketing/costs", pageSize=500)


def test_edits_that_nothing_would_show_are_refused(simulator: Simulator) -> None:
    for body in (
        {"resource": "campaign_costs", "op": "deactivate"},
        {"resource": "payroll_settings", "op": "insert"},
        {"resource": "jobs", "op": "restore", "id": 3},
        {"resource": SUMMED, "op": "touch"},
    ):
        answer = httpx.post(f"{simulator.url}/_sim/edit", json={"tenant_id": 1001, **body}, trust_env=False)
        assert answer.status_code in (400, 404), body
        assert answer.json()["error"]
    wrong = {"tenant_id": 1001, "resource": "giraffes", "count": 1, "seed": 1}
    assert httpx.post(f"{simulator.url}/_sim/random_edits", json=wrong, trust_env=False).status_code == 404


def test_rows_without_an_id_are_edited_by_their_number(simulator: Simulator, caller: Caller) -> None:
    for resource, path, change in (
        ("technician_ratings", "customer-interactions/export/technician-ratings", {"rating": 1.0}),
        ("payroll_settings", "payroll/export/payroll-settings", {"hourlyRate": 99.5}),
    ):
        number, row = next(iter(simulator.truth(resource).items()))
        simulator.edit(resource, "set", id=number, fields=change)
        simulator.edit(resource, "deactivate", id=number)
        key = BY_RESOURCE[resource].key
        shown = caller.feed(path, includeRecentChanges="true")
        mine = [each for each in shown if all(each[name] == row[name] for name in key)]
        assert mine == [row | change | {"active": False, "modifiedOn": simulator.now}]
        new = {key[-1]: 999_999_999}
        added = simulator.edit(resource, "insert", like=number, fields=new)["id"]
        assert simulator.truth(resource)[added].items() >= new.items()
        assert "id" not in simulator.truth(resource)[added]


def test_a_job_with_one_event_more_comes_again_with_all_of_them(simulator: Simulator, caller: Caller) -> None:
    token = caller.page("jpm/export/job-history", includeRecentChanges="true")["continueFrom"]
    number, row = next(iter(simulator.truth("job_history").items()))
    event = row["history"][-1] | {"id": 999_999_999, "date": simulator.now}
    simulator.edit("job_history", "set", id=number, fields={"history": [*row["history"], event]})
    later = caller.feed("jpm/export/job-history", **{"from": token, "includeRecentChanges": "true"})
    assert later == [{"jobId": row["jobId"], "history": [*row["history"], event]}]

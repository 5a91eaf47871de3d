"""The control plane: clock, truth, edits, faults and everything else that tests steer."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from st_platform.simulator import SimulatorServer
from st_platform.simulator.business.profile import UnknownSize
from st_platform.simulator.endpoints import ENDPOINTS, SCOPES
from st_platform.simulator.world import UnknownTenant, WorldIsOver
from tests.integration.simulator.conftest import Caller
from tests.simulated import NOW, Simulator
from tests.unit.simulator.books import Books, discrepancies


def test_time_passing_lets_business_happen_and_only_appends_to_the_truth_log(simulator: Simulator) -> None:
    before = {name: simulator.changes(name) for name in ("jobs", "invoices", "payments", "customers", "campaign_costs")}
    simulator.edit("jobs")
    simulator.advance(days=10)
    simulator.edit("jobs")
    for name, log in before.items():
        after = simulator.changes(name)
        assert after[: len(log)] == log
        assert len(after) > len(log), name
    assert [entry["number"] for entry in simulator.changes("jobs")] == list(
        range(1, len(simulator.changes("jobs")) + 1)
    )
    assert {"created", "modified"} <= {entry["op"] for entry in simulator.changes("jobs")[len(before["jobs"]) :]}


def test_the_state_depends_on_the_instant_not_on_the_way_there(simulator: Simulator) -> None:
    for _ in range(5):
        simulator.advance(hours=30)
    stepwise = simulator.truth("invoices")
    simulator.reset()
    simulator.advance(hours=150)
    assert simulator.truth("invoices") == stepwise


def test_the_books_hold_over_http_after_weeks_of_business(simulator: Simulator) -> None:
    simulator.advance(days=21, hours=3)
    names = httpx.get(f"{simulator.url}/_sim/health", trust_env=False).json()["tenants"]["northwind"]["rows"]
    books: Books = {name: simulator.truth(name) for name in names}
    assert discrepancies(books) == []
    assert {name: len(rows) for name, rows in books.items()} == _rows(simulator)


def test_the_clock_moves_forward_only_and_not_past_the_generated_world(simulator: Simulator) -> None:
    assert simulator.set_clock(NOW + timedelta(hours=1)) == "2026-06-15T15:00:00.0000000Z"
    for now in ("2026-06-15T14:59:59Z", "2030-01-01", "tomorrow"):
        answer = httpx.post(f"{simulator.url}/_sim/clock", json={"now": now}, trust_env=False)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert simulator.now == "2026-06-15T15:00:00.0000000Z"
    simulator.tick()
    first = simulator.now
    assert simulator.now > first
    simulator.reset()
    assert simulator.now == "2026-06-15T14:00:00.0000000Z"


def test_edits_by_hand_change_rows_exactly_as_told(simulator: Simulator) -> None:
    touched = simulator.edit("locations", id=4_000_003, modified_on="2026-06-15T13:59:59.1234567Z")
    assert touched["modifiedOn"] == "2026-06-15T13:59:59.1234567Z"
    assert simulator.truth("locations")[4_000_003]["modifiedOn"] == "2026-06-15T13:59:59.1234567Z"

    simulator.edit("customers", "set", id=1_000_002, fields={"name": "Zoë"}, raw={"loyalty": '{"tier":2}'})
    row = simulator.truth("customers")[1_000_002]
    assert (row["name"], row["loyalty"], row["modifiedOn"]) == ("Zoë", {"tier": 2}, simulator.now)

    simulator.edit("customers", "merge", id=1_000_003, into=1_000_002)
    row = simulator.truth("customers")[1_000_003]
    assert (row["active"], row["mergedToId"]) == (False, 1_000_002)

    new = simulator.edit("customers", "insert", like=1_000_002, fields={"name": "Newcomer"})
    row = simulator.truth("customers")[new["id"]]
    assert (row["name"], row["createdOn"], row["loyalty"]) == ("Newcomer", simulator.now, {"tier": 2})

    simulator.edit("customers", "delete", id=1_000_004)
    assert simulator.truth("customers")[1_000_004]["active"] is False, "a feed shows a deletion by a flag"
    simulator.edit("memberships", "delete", id=55_000_001)
    row = simulator.truth("memberships")[55_000_001]
    assert (row["status"], row["active"]) == ("Deleted", False)
    victim = next(iter(simulator.truth("campaign_costs")))
    assert simulator.edit("campaign_costs", "delete", id=victim) == {}
    assert victim not in simulator.truth("campaign_costs"), "without a feed it is simply gone"
    ops = [entry["op"] for entry in simulator.changes("customers")][-4:]
    assert ops == ["set", "merge", "inserted", "delete"]


def test_an_edited_row_goes_on_living(simulator: Simulator) -> None:
    """What business does to a row later gives it a new version; the edited field stays edited."""
    changes = simulator.changes("customers")
    simulator.advance(days=30)
    lively = next(e["id"] for e in simulator.changes("customers")[len(changes) :] if e["op"] == "modified")
    simulator.reset()
    simulator.edit("customers", "set", id=lively, fields={"name": "Edited"})
    at_edit = simulator.now
    simulator.advance(days=30)
    row = simulator.truth("customers")[lively]
    assert row["name"] == "Edited"
    assert row["modifiedOn"] > at_edit


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenant_id": 7, "resource": "jobs"}, 404),
        ({"tenant_id": 1001, "resource": "jobs", "id": 3}, 404),
        ({"tenant_id": 1001, "resource": "giraffes"}, 404),
        ({"tenant_id": 1001, "resource": "jobs", "op": "explode"}, 400),
        ({"tenant_id": 1001, "resource": "jobs", "modified_on": "soon"}, 400),
        ({"tenant_id": 1001, "resource": "customers", "op": "merge"}, 400),
    ],
)
def test_an_edit_that_cannot_be_made_changes_nothing(
    simulator: Simulator, body: dict[str, object], status: int
) -> None:
    answer = httpx.post(f"{simulator.url}/_sim/edit", json=body, trust_env=False)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert all(entry["op"] in ("created", "modified", "deactivated") for entry in simulator.changes("jobs"))


def test_the_request_log_tells_what_was_asked_and_answered(simulator: Simulator, caller: Caller) -> None:
    simulator.clear_requests()
    caller.call("crm/customers", page=1, pageSize=3)
    caller.call("jpm/jobs", pageSize=6000)
    log = simulator.requests()
    assert [(e["resource"], e["status"], e["rows"]) for e in log] == [("customers", 200, 3), ("jobs", 400, None)]
    assert log[0]["params"] == {"page": "1", "pageSize": "3"}
    assert 0 <= log[1]["arrived"] - log[0]["arrived"] < 5
    assert simulator.requests("jobs", tenant_id=1001) == log[1:]
    assert simulator.requests(tenant_id=2002) == []


def test_every_scope_can_be_taken_away_and_given_back(simulator: Simulator, caller: Caller) -> None:
    def refused() -> set[str]:
        caller.renew()
        paths = {e.resource: f"{e.module}/{e.feed or e.list}" for e in ENDPOINTS}
        return {resource for resource, path in paths.items() if caller.call(path).status_code == 403}

    simulator.options(unlimited=True)
    assert refused() == set()
    simulator.scopes([])
    assert refused() == {endpoint.resource for endpoint in ENDPOINTS}
    some = SCOPES[::2]
    simulator.scopes(list(some))
    assert refused() == {endpoint.resource for endpoint in ENDPOINTS if endpoint.scope not in some}
    other = Caller(simulator.url, "sunbelt", 2002)
    assert other.call("crm/customers").status_code == 200, "each tenant has its own"
    other.http.close()
    simulator.scopes(list(SCOPES))
    assert refused() == set()


def test_the_tenants_file_is_ready_to_use(simulator: Simulator) -> None:
    tenants = tomllib.loads(simulator.tenants_toml())["tenants"]
    assert set(tenants) == {"northwind", "sunbelt"}
    assert tenants["sunbelt"]["tenant_id"] == 2002
    assert tenants["northwind"]["api_url"] == simulator.url
    assert tenants["northwind"]["timezone"] == "America/New_York"
    assert (NOW.date() - tenants["northwind"]["start_date"]).days == 120
    ready = simulator.tenant
    assert (ready.name, ready.tenant_id, ready.endpoints.api_url) == ("northwind", 1001, simulator.url)
    assert ready.start_date == tenants["northwind"]["start_date"]


def test_a_folder_keeps_the_world_and_its_edits_for_another_day(tmp_path: Path) -> None:
    def open_world(days: int) -> SimulatorServer:
        return SimulatorServer(size="tiny", seed=9, now=NOW + timedelta(days=days), state_dir=tmp_path)

    with open_world(0) as first:
        Simulator(first).edit("jobs", "set", id=10_000_005, fields={"summary": "remember me"})
    with open_world(3) as second:
        later = Simulator(second).truth("jobs")
    assert later[10_000_005]["summary"] == "remember me"
    with SimulatorServer(size="tiny", seed=9, now=NOW) as other:
        fresh = Simulator(other)
        fresh.advance(days=3)
        expected = fresh.truth("jobs")
    assert later.pop(10_000_005) != expected.pop(10_000_005)
    assert later == expected
    with pytest.raises(WorldIsOver, match="empty folder"):
        open_world(4000)


def test_sizes_and_tenants_that_do_not_exist_are_refused_with_the_choices() -> None:
    with pytest.raises(UnknownSize, match="tiny, small, medium, large"):
        SimulatorServer(size="gigantic")
    with pytest.raises(UnknownTenant, match="northwind, sunbelt"):
        SimulatorServer(size="tiny", tenants=["acme"])
    with SimulatorServer(size="tiny", tenants=["sunbelt"], now=NOW) as server:
        assert [tenant.name for tenant in server.tenants] == ["sunbelt"]


def _rows(simulator: Simulator) -> dict[str, int]:
    health = httpx.get(f"{simulator.url}/_sim/health", trust_env=False).json()
    return json.loads(json.dumps(health["tenants"]["northwind"]["rows"]))


def test_the_report_of_revenue_adds_up_and_follows_an_edit(simulator: Simulator) -> None:
    """The total of a month's report is the sum of its lines, and a line that is taken back is gone from it."""

    def total() -> Decimal:
        answer = httpx.get(f"{simulator.url}/_sim/revenue_report/1001/2026-05", trust_env=False, timeout=60)
        rows = list(csv.DictReader(answer.text.splitlines()))
        amounts = [Decimal(re.sub(r"[$,)]", "", row["Total Revenue"]).replace("(", "-")) for row in rows]
        assert rows[-1]["Name"] == "Total"
        assert sum(amounts[:-1]) == amounts[-1]
        return amounts[-1]

    sold = next(
        invoice["id"]
        for invoice in simulator.truth("invoices").values()
        if invoice["invoiceConfiguration"] == "CounterSales" and invoice["active"]
        if invoice["invoiceDate"].startswith("2026-05") and not invoice["adjustmentToId"]
    )
    taken = next(
        item
        for item in simulator.truth("invoice_items").values()
        if item["invoiceId"] == sold and item["active"] and Decimal(item["total"]) > 0
    )
    before = total()
    simulator.edit("invoice_items", "deactivate", id=taken["id"])
    assert total() == before - Decimal(taken["total"])
    wrong = httpx.get(f"{simulator.url}/_sim/revenue_report/1001/May", trust_env=False)
    assert (wrong.status_code, "no month" in wrong.text) == (400, True)

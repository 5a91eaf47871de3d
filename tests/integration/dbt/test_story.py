"""The marts tell what happened: a simulated business, its own books, and nothing shared between the two but the day.

One brand with three years of business is read through the API into Postgres, modelled, and held against what the
simulation knows: what really brought each job, what everybody was really paid, when memberships really ended.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, LoadMode
from st_platform.warehouse.database import LOADER, Database
from st_platform.warehouse.tenants import register
from tests.integration.dbt import business
from tests.integration.dbt.business import Books
from tests.integration.dbt.conftest import Dbt
from tests.simulated import NOW, Simulator
from tests.syncing import Bench, midnight

pytestmark = pytest.mark.slow

Query = Callable[..., list[tuple[Any, ...]]]

TENANT = 1001
AS_OF = NOW.date()
BOOKS = (
    "jobs",
    "customers",
    "memberships",
    "membership_status_changes",
    "gross_pay_items",
    "purchase_orders",
    "inventory_bills",
    "inventory_receipts",
    "inventory_returns",
    "invoices",
    "invoice_items",
)


@pytest.fixture(scope="module")
def world() -> Iterator[Simulator]:
    from st_platform.simulator import SimulatorServer

    with SimulatorServer(size="small", seed=7, now=NOW, tenants=["northwind"]) as server:
        handle = Simulator(server)
        handle.options(unlimited=True)
        yield handle
        handle.close()


@pytest.fixture(scope="module")
def books(world: Simulator) -> Books:
    return Books({name: list(world.truth(name).values()) for name in BOOKS}, world.tenant.timezone)


@pytest.fixture(scope="module")
def told(world: Simulator, dbt: Dbt, query: Query) -> Query:
    """Questions to the marts of that business."""
    with Database(dbt.url, role=LOADER) as database:
        with database.connection() as connection:
            register(connection, [world.tenant])
        bench = Bench(world, database)
        for entry in CATALOG.values():
            if entry.load_mode in (LoadMode.TAIL, LoadMode.SNAPSHOT):
                bench.sync(entry)
                continue
            start = midnight(AS_OF - timedelta(days=20)) if entry.window else None
            bench.sync(entry, Window(start, bench.today.start))
            bench.sync(entry, bench.today)
    query("ANALYZE")
    outcome = dbt(
        "build", "--exclude-resource-type", "test", "unit_test", "--vars", json.dumps({"as_of_date": str(AS_OF)})
    )
    assert outcome.code == 0, outcome.output[-4000:]
    return query


@pytest.fixture(scope="module")
def causes(world: Simulator) -> dict[int, dict[str, Any]]:
    """What truly brought each job."""
    lines = httpx.get(f"{world.url}/_sim/attribution/{TENANT}", timeout=60).text.splitlines()
    return {line["jobId"]: line for line in map(json.loads, lines)}


# -- marketing -------------------------------------------------------------------------------------------------------


def test_the_servicetitan_model_is_what_the_office_noted(told: Query, causes: dict[int, dict[str, Any]]) -> None:
    found = told(
        "SELECT job_id, campaign_id, weight FROM marts_marketing.fct_attribution WHERE model_name = 'servicetitan'"
    )
    assert len(found) > 5_000
    wrong = [(job, campaign) for job, campaign, _ in found if campaign != causes[job]["recordedCampaignId"]]
    assert wrong == []
    assert {weight for *_, weight in found} == {1}


@pytest.mark.parametrize("model", ["last_touch", "linear", "position", "time_decay", "data_driven"])
def test_campaigns_get_about_the_conversions_that_they_caused(
    told: Query, causes: dict[int, dict[str, Any]], model: str
) -> None:
    jobs = {job for (job,) in told("SELECT job_id FROM intermediate.int_conversions")}
    enquired = {job for job in jobs if any(touch["id"] for touch in causes[job]["touches"])}
    assert len(enquired) > 0.8 * len(jobs)
    truth = Counter(causes[job]["trueCampaignId"] for job in enquired)
    credited = told(
        "SELECT campaign_id, sum(weight) FROM marts_marketing.fct_attribution"
        " WHERE model_name = %s AND job_id = ANY(%s) AND touch_id <> 'unattributed' GROUP BY 1",
        [model, list(enquired)],
    )
    found = {campaign: float(weight) for campaign, weight in credited}
    assert sum(found.values()) > 0.97 * len(enquired)
    off = sum(abs(found.get(campaign, 0) - count) for campaign, count in truth.items()) / 2
    assert off < 0.10 * len(enquired), f"{off:.0f} of {len(enquired)} conversions are with the wrong campaign"


def test_most_jobs_with_one_enquiry_go_to_the_campaign_that_caused_them(
    told: Query, causes: dict[int, dict[str, Any]]
) -> None:
    rows = told(
        "SELECT job_id, campaign_id FROM marts_marketing.fct_attribution"
        " WHERE model_name = 'last_touch' AND touch_id <> 'unattributed'"
    )
    sole = [
        (campaign, causes[job]["trueCampaignId"])
        for job, campaign in rows
        if len([touch for touch in causes[job]["touches"] if touch["id"]]) == 1
    ]
    assert len(sole) > 3_000
    assert sum(found == true for found, true in sole) > 0.95 * len(sole)


# -- cost and profit -------------------------------------------------------------------------------------------------


def test_what_technicians_are_paid_is_in_the_ledger_to_the_cent(told: Query, books: Books) -> None:
    ledger = told(
        "SELECT employee_id, cost_type, sum(amount) FROM intermediate.int_cost_entries"
        " WHERE employee_type = 'Technician' AND cost_type IN ('labor', 'incentive', 'burden') GROUP BY 1, 2"
    )
    truth = business.pay(books)
    assert {(who, kind): amount for who, kind, amount in ledger if kind != "burden"} == {
        key: amount for key, amount in truth.items() if key[1] != "burden" and amount
    }
    burden = {who: amount for who, kind, amount in ledger if kind == "burden"}
    true_burden = {who: amount for (who, kind), amount in truth.items() if kind == "burden"}
    assert burden.keys() == true_burden.keys()
    for who, amount in burden.items():
        assert abs(amount - true_burden[who]) < Decimal("0.0005") * true_burden[who], who


def test_goods_cost_each_job_what_its_purchases_cost(told: Query, books: Books) -> None:
    truth, completed = business.goods(books), books.completed()
    found: dict[int, Decimal] = dict(
        told("SELECT job_id, material_cost + equipment_cost FROM marts_finance.fct_job_profitability WHERE job_id > 0")
    )
    assert found.keys() == completed.keys()
    wrong = {
        job: (amount, truth.get(job, 0))
        for job, amount in found.items()
        if abs(amount - truth.get(job, 0)) > Decimal("0.05")
    }
    assert wrong == {}


def test_technicians_share_what_their_jobs_earn_and_cost(told: Query) -> None:
    """Nothing is earned or spent on a job that no technician, or the row for nobody, has."""
    parts = ("revenue_amount", "labor_cost", "incentive_cost", "burden_cost", "material_cost", "equipment_cost")
    sums = ", ".join(f"sum({name})" for name in (*parts, "other_cost"))
    by_technician = told(f"SELECT {sums} FROM marts_field.fct_technician_jobs")
    by_job = told(f"SELECT {sums} FROM marts_finance.fct_job_profitability")
    assert by_technician == by_job


# -- memberships -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months_ago", [1, 4, 9, 14, 24])
def test_members_at_a_month_end_are_those_whose_membership_ran(told: Query, books: Books, months_ago: int) -> None:
    first = date(AS_OF.year, AS_OF.month, 1)
    for _ in range(months_ago - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    month_end = first - timedelta(days=1)
    month = month_end.replace(day=1)
    found = {
        who
        for (who,) in told(
            "SELECT DISTINCT m.customer_id FROM marts_memberships.fct_membership_timeline t"
            " JOIN intermediate.int_membership_chains m USING (tenant_id, membership_id)"
            " WHERE t.status = 'Active' AND t.valid_from <= %s AND (t.valid_to IS NULL OR t.valid_to > %s)",
            [month_end, month_end],
        )
    }
    assert found == business.active_members(books, month_end), month
    assert len(found) > 50


def test_the_survival_of_members_is_the_hazard_they_were_made_with(told: Query, world: Simulator) -> None:
    lines = httpx.get(f"{world.url}/_sim/hazard/{TENANT}", timeout=60).text.splitlines()
    truth = {(line["membershipTypeId"], line["ageMonths"]): line for line in map(json.loads, lines)}
    rows = told(
        "SELECT membership_type_id, tenure_months, at_risk, churned FROM marts_memberships.fct_membership_survival"
        " WHERE membership_type_id IS NOT NULL AND NOT is_extrapolated AND tenure_months < 30"
    )
    assert len(rows) > 30
    ended = sum(churned for *_, churned in rows)
    expected = sum(at_risk * truth[kind, age]["hazard"] for kind, age, at_risk, _ in rows if (kind, age) in truth)
    assert ended > 200
    assert abs(ended - expected) < 0.15 * expected

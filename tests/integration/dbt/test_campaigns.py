"""One customer whom two campaigns brought, from saved API rows to what the campaigns cost and earned, to the cent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.dbt.conftest import Dbt, Land, Outcome

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))
MARTS = ("fct_campaign_performance_daily", "fct_channel_acquisition_monthly")

RADIO, ORGANIC = 50, 51


def call(id: int, campaign: int, at: str, kind: str, job: int | None) -> dict[str, Any]:
    who = {"customer": {"id": 1}, "campaign": {"id": campaign}, "job": {"id": job} if job else None}
    line = {"from": "5185550001", "to": "5185559999", "direction": "Inbound", "type": kind, "duration": "00:02:00"}
    return {"id": id, "active": True, "createdOn": at, "modifiedOn": at, **who, **line}


def job(id: int, created: str, completed: str) -> dict[str, Any]:
    what = {"jobNumber": str(id), "jobStatus": "Completed", "customerId": 1, "campaignId": RADIO, "active": True}
    return {"id": id, "createdOn": created, "completedOn": completed, "modifiedOn": completed, **what}


def invoice(id: int, job: int, day: str, subtotal: str) -> dict[str, Any]:
    what = {"invoiceConfiguration": "JobInvoice", "job": {"id": job}, "customer": {"id": 1}, "active": True}
    stamp = f"{day}T00:00:00Z"
    return {"id": id, "invoiceDate": stamp, "modifiedOn": stamp, "subTotal": subtotal, "total": subtotal, **what}


def line(id: int, invoice: int, total: str) -> dict[str, Any]:
    income = {"quantity": "1", "generalLedgerAccount": {"id": 500, "type": "Income"}}
    return {
        "id": id,
        "invoiceId": invoice,
        "total": total,
        "modifiedOn": "2026-03-25T00:00:00Z",
        "active": True,
        **income,
    }


# A call that came through the search engine, then one after hearing the radio, and the first job two days later. Ada
# comes back in March, after the first 30 days.
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [{"id": 1, "name": "Ada", "active": True, "modifiedOn": "2026-01-01T00:00:00Z"}],
    "campaigns": [
        {
            "id": id,
            "name": name,
            "category": {"id": id + 100, "name": name},
            "active": True,
            "createdOn": "2026-01-01T00:00:00Z",
            "modifiedOn": "2026-01-01T00:00:00Z",
        }
        for id, name in ((RADIO, "Radio"), (ORGANIC, "Organic"))
    ],
    "campaign_costs": [{"id": 1, "year": 2026, "month": 2, "dailyCost": 10.01, "campaignId": RADIO}],
    "calls": [
        call(1, ORGANIC, "2026-02-01T15:00:00Z", "Unbooked", None),
        call(2, RADIO, "2026-02-10T15:00:00Z", "Booked", 10),
    ],
    "jobs": [
        job(10, "2026-02-10T15:05:00Z", "2026-02-12T17:00:00Z"),
        job(11, "2026-03-19T15:05:00Z", "2026-03-20T17:00:00Z"),
    ],
    "invoices": [invoice(100, 10, "2026-02-12", "100.01"), invoice(101, 11, "2026-03-20", "300.00")],
    "invoice_items": [line(1000, 100, "100.01"), line(1001, 101, "300.00")],
}


@pytest.fixture(scope="module")
def built(dbt: Dbt, land: Land) -> Outcome:
    for resource, rows in ROWS.items():
        land(resource, rows)
    select = [f"+{mart}" for mart in MARTS]
    without = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
    return dbt("build", *AS_OF, "--select", *select, *without)


def test_a_campaign_is_credited_on_the_day_the_job_was_completed(built: Outcome, query: Query) -> None:
    """The odd cent of two halves goes to the earlier call."""
    assert built.code == 0, built.output
    rows = query(
        "SELECT activity_date, campaign_id, spend_amount, lead_calls, booked_calls, jobs_booked, jobs_completed,"
        " new_customers, revenue_linear, revenue_servicetitan FROM marts_marketing.fct_campaign_performance_daily"
        " WHERE calls + jobs_booked + jobs_completed + revenue_linear > 0 ORDER BY 1, 2"
    )
    none, cost = Decimal("0.00"), Decimal("10.01")
    whole = Decimal("100.01")
    assert rows == [
        (date(2026, 2, 1), ORGANIC, none, 1, 0, 0, 0, 0, none, none),
        (date(2026, 2, 10), RADIO, cost, 1, 1, 1, 0, 0, none, none),
        (date(2026, 2, 12), RADIO, cost, 0, 0, 0, 1, 1, Decimal("50.00"), whole),
        (date(2026, 2, 12), ORGANIC, none, 0, 0, 0, 0, 0, Decimal("50.01"), none),
        (date(2026, 3, 19), RADIO, none, 0, 0, 1, 0, 0, none, none),
        (date(2026, 3, 20), RADIO, none, 0, 0, 0, 1, 0, Decimal("150.00"), Decimal("300.00")),
        (date(2026, 3, 20), ORGANIC, none, 0, 0, 0, 0, 0, Decimal("150.00"), none),
    ]
    spent = (
        "SELECT count(*), sum(spend_amount) FROM marts_marketing.fct_campaign_performance_daily WHERE spend_amount > 0"
    )
    assert query(spent) == [(28, Decimal("280.28"))]


def test_a_channel_is_paid_back_by_what_its_customers_bring_later(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT model_name, channel, spend_amount, leads, new_customers, cac, revenue_30, revenue_lifetime, roi,"
        " payback_months FROM marts_marketing.fct_channel_acquisition_monthly"
        " WHERE model_name IN ('linear', 'servicetitan') ORDER BY 1, 2 DESC"
    )
    spend, none, half, one = Decimal("280.28"), Decimal("0.00"), Decimal("0.500000"), Decimal("1.000000")
    assert rows == [
        (
            "linear",
            "Radio",
            spend,
            1,
            half,
            Decimal("560.56"),
            Decimal("50.00"),
            Decimal("200.00"),
            Decimal("-0.286428"),
            None,
        ),
        ("linear", "Organic", none, 1, half, none, Decimal("50.01"), Decimal("200.01"), None, None),
        ("servicetitan", "Radio", spend, 1, one, spend, Decimal("100.01"), Decimal("400.01"), Decimal("0.427180"), 1),
        ("servicetitan", "Organic", none, 1, Decimal("0.000000"), None, none, none, None, None),
    ]


# What is broken in the built tables, and the invariant that must notice.
BROKEN = {
    "UPDATE marts_marketing.fct_campaign_performance_daily SET spend_amount = 10 WHERE activity_date = '2026-02-10'": (
        "campaign_days_add_up_to_the_monthly_cost"
    ),
    "UPDATE marts_marketing.fct_channel_acquisition_monthly SET revenue_lifetime = 200 WHERE channel = 'Organic'": (
        "campaigns_share_out_the_attributed_revenue"
    ),
}


def test_each_invariant_notices_what_is_broken(built: Outcome, dbt: Dbt, query: Query) -> None:
    held = dbt("test", *AS_OF, "--select", *BROKEN.values())
    assert held.code == 0, held.output
    for statement in BROKEN:
        query(statement)
    outcome = dbt("test", *AS_OF, "--select", *BROKEN.values())
    assert {name: outcome.statuses[name] for name in BROKEN.values()} == dict.fromkeys(BROKEN.values(), "fail")

"""Who gets the credit for a job: two small businesses as the API writes them, figures to the cent, broken figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.dbt.conftest import Dbt, Land, Outcome

Query = Callable[..., list[tuple[Any, ...]]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-06-30"}))

MARTS = ["fct_touchpoints", "fct_attribution", "fct_downstream_attribution"]

INVARIANTS = [
    "attribution_gives_each_conversion_away_once",
    "attribution_models_agree_on_the_total",
    "downstream_revenue_is_what_the_customer_brought",
    "downstream_windows_contain_each_other",
]


def call(number: int, at: str, campaign: int, phone: str, kind: str = "Unbooked", **more: Any) -> Mapping[str, Any]:
    said = {"direction": "Inbound", "type": kind, "duration": "00:02:00", "from": phone}
    return {"id": number, "createdOn": at, "active": True, "campaign": {"id": campaign}, **said, **more}


def job(number: int, customer: int, created: str, completed: str, **more: Any) -> Mapping[str, Any]:
    times = {"createdOn": created, "completedOn": completed}
    return {"id": number, "jobStatus": "Completed", "customerId": customer, **times, **more}


def invoice(number: int, customer: int, day: str, total: str, **more: Any) -> Mapping[str, Any]:
    income = {"id": 500, "name": "Service", "type": "Income"}
    lines = [{"id": number * 10, "total": total, "generalLedgerAccount": income}]
    dated = {"id": number, "active": True, "customer": {"id": customer}, "invoiceDate": f"{day}T00:00:00Z"}
    return {**dated, "subTotal": total, "total": total, "invoiceConfiguration": "JobInvoice", "items": lines, **more}


NORTHWIND: Rows = {
    "customers": [
        {"id": 1, "name": "Ada", "active": True},
        {"id": 2, "name": "Ada, twice", "active": False, "mergedToId": 1},
        {"id": 3, "name": "Bob", "active": True},
        {"id": 4, "name": "Cleo", "active": True},
    ],
    "customer_contacts": [
        {"id": 1, "customerId": 2, "type": "MobilePhone", "value": "(212) 555-0009", "active": True},
        {"id": 2, "customerId": 3, "type": "MobilePhone", "value": "212-555-0100", "active": True},
        {"id": 3, "customerId": 4, "type": "Phone", "value": "212-555-0100", "active": True},
    ],
    "campaign_categories": [
        {"id": 21, "name": "Paid search", "active": True},
        {"id": 22, "name": "Direct mail", "active": True},
        {"id": 23, "name": "Radio", "active": True},
    ],
    "campaigns": [
        {"id": 1, "name": "Ads", "category": {"id": 21}, "active": True},
        {"id": 2, "name": "Spring letter", "category": {"id": 22}, "active": True},
        {"id": 3, "name": "Morning show", "category": {"id": 23}, "active": False},
    ],
    "calls": [
        # becomes a lead ten minutes later, which knows whose it was
        call(7001, "2026-01-05T15:00:00Z", 1, "2125550001"),
        # the booking's job, an hour after it
        call(7002, "2026-01-08T16:00:00Z", 2, "2125550001", "Booked", job={"id": 10}),
        # nobody said who it was, but the number is Ada's alone
        call(7003, "2026-01-09T15:00:00Z", 3, "2125550009"),
        # the number is Bob's and Cleo's
        call(7004, "2026-01-31T15:00:00Z", 3, "2125550100", "Abandoned"),
        call(7005, "2026-01-31T16:00:00Z", 2, "2125550002", "NotLead", customer={"id": 3}),
        call(7006, "2026-01-31T17:00:00Z", 2, "2125550002", direction="Outbound", customer={"id": 3}),
        call(7007, "2026-06-20T15:00:00Z", 3, "2125550777"),
        call(7008, "2026-07-01T15:00:00Z", 3, "2125550777"),
    ],
    "leads": [
        {
            "id": 8001,
            "createdOn": "2026-01-05T15:10:00Z",
            "active": True,
            "callId": 7001,
            "customerId": 2,
            "campaignId": 1,
        },
    ],
    "bookings": [
        {"id": 9001, "createdOn": "2026-01-08T15:00:00Z", "active": True, "campaignId": 2, "jobId": 10},
    ],
    "jobs": [
        job(10, 2, "2026-01-09T16:00:00Z", "2026-01-21T04:30:00Z", campaignId=2),
        job(11, 3, "2026-02-01T15:00:00Z", "2026-02-05T17:00:00Z", campaignId=1),
        job(12, 4, "2026-02-01T15:00:00Z", "2026-02-05T17:00:00Z"),
        job(13, 1, "2026-02-10T15:00:00Z", "2026-02-15T17:00:00Z", campaignId=1, recallForId=10),
        job(14, 1, "2026-05-01T15:00:00Z", "2026-05-10T17:00:00Z", campaignId=3),
        job(15, 3, "2026-05-01T15:00:00Z", "2026-05-10T17:00:00Z", campaignId=3),
    ],
    "invoices": [
        invoice(100, 2, "2026-01-20", "100.00", job={"id": 10}),
        invoice(101, 3, "2026-02-05", "50.01", job={"id": 11}),
        invoice(102, 4, "2026-02-05", "10.00", job={"id": 12}),
        invoice(103, 1, "2026-02-15", "5.00", job={"id": 13}),
        invoice(104, 1, "2026-05-10", "0.05", job={"id": 14}),
        # on the last day of Ada's first window, and a day after that of Bob's
        invoice(105, 2, "2026-02-19", "7.00", invoiceConfiguration="CounterSales"),
        invoice(106, 3, "2026-03-08", "19.99", invoiceConfiguration="CounterSales"),
    ],
    "gross_pay_items": [
        {
            "id": 1,
            "employeeId": 8,
            "employeeType": "Technician",
            "jobId": 10,
            "date": "2026-01-20T00:00:00Z",
            "grossPayItemType": "TimesheetTime",
            "amount": "40.00",
            "paidDurationHours": "1",
        }
    ],
}

SUNBELT: Rows = {
    "customers": [{"id": 1, "name": "Bea", "active": True}],
    "campaigns": [{"id": 1, "name": "Sign", "active": True}],
    "calls": [call(7001, "2026-01-05T15:00:00Z", 1, "6025550001", "Booked", job={"id": 10})],
    "jobs": [job(10, 1, "2026-01-05T15:05:00Z", "2026-01-06T17:00:00Z", campaignId=1)],
    "invoices": [
        invoice(100, 1, "2026-01-06", "10.00", job={"id": 10}),
        invoice(101, 1, "2026-05-06", "-1.00", adjustmentToId=100),
    ],
}

BUSINESSES = [(1001, NORTHWIND), (2002, SUNBELT)]


@pytest.fixture(scope="module")
def built(dbt: Dbt, land: Land) -> Outcome:
    """All rows through files, and the marts built on them as of the end of June."""
    for tenant_id, business in BUSINESSES:
        for resource, rows in business.items():
            assert land(resource, rows, tenant_id=tenant_id).inserted == len(rows), resource
    without_tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    return dbt("build", "--select", *(f"+{mart}" for mart in MARTS), *without_tests, *AS_OF)


def test_what_came_of_one_approach_is_one_touch(built: Outcome, query: Query) -> None:
    assert built.code == 0, built.output
    touches = query(
        "SELECT touch_id, customer_id, channel, is_lead_touch, conversion_count"
        " FROM marts_marketing.fct_touchpoints WHERE tenant_id = 1001 ORDER BY touched_at, touch_id"
    )
    assert touches == [
        ("call:7001", 1, "Paid search", True, 1),
        ("booking:9001", 1, "Direct mail", True, 1),
        ("call:7003", 1, "Radio", True, 1),
        ("call:7004", None, "Radio", False, 0),
        ("job_campaign:11", 3, "Paid search", False, 1),
        ("job_campaign:14", 1, "Radio", False, 1),
        ("job_campaign:15", 3, "Radio", False, 0),
        ("call:7007", None, "Radio", True, 0),
    ]


def test_seven_models_share_a_job_to_the_cent(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT model_name, touch_id, weight, attributed_revenue, attributed_gross_profit"
        " FROM marts_marketing.fct_attribution WHERE tenant_id = 1001 AND job_id = 10 ORDER BY 1, touch_number"
    )
    shares: dict[str, list[tuple[str, str]]] = {}
    for model, touch, weight, revenue, _ in rows:
        shares.setdefault(model, []).append((touch, f"{weight} {revenue}"))
    path = ["call:7001", "booking:9001", "call:7003"]
    assert shares == {
        "first_touch": [("call:7001", "1.000000 100.00")],
        "last_touch": [("call:7003", "1.000000 100.00")],
        "servicetitan": [("job_campaign:10", "1.000000 100.00")],
        "linear": list(zip(path, ["0.333334 33.34", "0.333333 33.33", "0.333333 33.33"], strict=True)),
        "position": list(zip(path, ["0.400000 40.00", "0.200000 20.00", "0.400000 40.00"], strict=True)),
        # 4, 1 and 0 days before the last touch: 2^(-4/7), 2^(-1/7), 1
        "time_decay": list(zip(path, ["0.260968 26.10", "0.351236 35.12", "0.387796 38.78"], strict=True)),
        # removal effects of 0.555556, 0.222222 and 0.666667, see below
        "data_driven": list(zip(path, ["0.384616 38.46", "0.153846 15.39", "0.461538 46.15"], strict=True)),
    }
    # 40.00 of pay, a quarter of it on top
    assert {model: sum(row[4] for row in rows if row[0] == model) for model in shares} == dict.fromkeys(
        shares, Decimal("50.00")
    )


def test_the_effect_of_a_channel_is_what_would_be_lost_without_it(built: Outcome, query: Query) -> None:
    """Paths: search, mail, radio, job; search, job; radio, job; radio, nothing. With all of them 3/4 convert."""
    assert query(
        "SELECT channel, base_probability, probability_without, removal_effect"
        " FROM intermediate.int_markov__removal_effects WHERE tenant_id = 1001 ORDER BY channel"
    ) == [
        ("Direct mail", Decimal("0.750000"), Decimal("0.583333"), Decimal("0.222222")),
        ("Paid search", Decimal("0.750000"), Decimal("0.333333"), Decimal("0.555556")),
        ("Radio", Decimal("0.750000"), Decimal("0.250000"), Decimal("0.666667")),
    ]


def test_who_came_by_nothing_known_is_unattributed(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT job_id, touch_id, channel, is_acquisition, count(*), sum(attributed_revenue)"
        " FROM marts_marketing.fct_attribution WHERE tenant_id = 1001 AND job_id <> 10"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1"
    )
    assert rows == [
        (11, "job_campaign:11", "Paid search", True, 7, Decimal("350.07")),
        (12, "unattributed", "Unattributed", True, 7, Decimal("70.00")),
        (14, "job_campaign:14", "Radio", False, 7, Decimal("0.35")),
    ]


def test_revenue_is_followed_over_every_window(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT tenant_id, customer_id, window_days, is_mature, sum(attributed_revenue), sum(attributed_gross_profit)"
        " FROM marts_marketing.fct_downstream_attribution WHERE model_name = 'linear' GROUP BY 1, 2, 3, 4"
        " ORDER BY 1, 2, 3"
    )
    figures = [(*row[:3], row[3], f"{row[4]} {row[5]}") for row in rows]
    assert figures == [
        (1001, 1, 30, True, "112.00 62.00"),
        (1001, 1, 90, True, "112.00 62.00"),
        (1001, 1, 365, False, "112.05 62.05"),
        (1001, 1, None, True, "112.05 62.05"),
        (1001, 3, 30, True, "50.01 50.01"),
        (1001, 3, 90, True, "70.00 70.00"),
        (1001, 3, 365, False, "70.00 70.00"),
        (1001, 3, None, True, "70.00 70.00"),
        (1001, 4, 30, True, "10.00 10.00"),
        (1001, 4, 90, True, "10.00 10.00"),
        (1001, 4, 365, False, "10.00 10.00"),
        (1001, 4, None, True, "10.00 10.00"),
        (2002, 1, 30, True, "10.00 10.00"),
        (2002, 1, 90, True, "10.00 10.00"),
        (2002, 1, 365, False, "9.00 9.00"),
        (2002, 1, None, True, "9.00 9.00"),
    ]


def test_sound_figures_pass_and_broken_ones_are_caught(built: Outcome, dbt: Dbt, query: Query) -> None:
    ours = ("--indirect-selection", "buildable", "--exclude-resource-type", "unit_test")
    sound = dbt("test", "--select", *MARTS, *INVARIANTS, *ours, *AS_OF)
    assert {name: sound.statuses[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, "pass"), sound.output
    assert sound.code == 0, sound.output

    credit, downstream = "marts_marketing.fct_attribution", "marts_marketing.fct_downstream_attribution"
    query(f"UPDATE {credit} SET weight = weight - 0.000001 WHERE job_id = 10 AND touch_id = 'call:7001'")
    query(f"UPDATE {credit} SET attributed_revenue = 50.02 WHERE job_id = 11 AND model_name = 'linear'")
    query(f"UPDATE {downstream} SET attributed_revenue = 69.99 WHERE customer_id = 3 AND window_days = 90")
    query(f"UPDATE {downstream} SET attributed_revenue = 9.98 WHERE customer_id = 4 AND window_days IS NULL")

    broken = dbt("test", "--select", *INVARIANTS, *AS_OF)
    assert broken.code == 1
    assert {name: broken.statuses[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, "fail"), broken.output
    assert query(
        "SELECT job_id, attributed_revenue - revenue_amount"
        " FROM test_failures.attribution_gives_each_conversion_away_once WHERE job_id <> 10"
    ) == [(11, Decimal("0.01"))]

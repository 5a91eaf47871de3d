"""Customers, areas and equipment of two small businesses: rows as the API writes them, figures, and broken figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.dbt.conftest import Dbt, Land, Outcome

Query = Callable[..., list[tuple[Any, ...]]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

MARTS = [
    "dim_customers",
    "fct_customer_cohorts",
    "fct_customer_rfm",
    "fct_customer_ltv",
    "fct_area_monthly",
    "fct_equipment_health",
]

INVARIANTS = [
    "cohorts_hold_all_revenue_of_their_customers",
    "cohort_months_follow_one_another",
    "customers_bring_in_all_revenue",
    "equal_customers_score_equally",
    "areas_hold_all_revenue",
    "equipment_is_seen_as_of_its_day",
]

CREATED = "2020-01-01T12:00:00Z"


def item(number: int, total: str) -> Mapping[str, Any]:
    return {"id": number, "total": total, "generalLedgerAccount": {"id": 500, "name": "Service", "type": "Income"}}


def invoice(number: int, day: str, total: str, **more: Any) -> Mapping[str, Any]:
    money = {"subTotal": total, "total": total, "balance": "0.00", "items": [item(number * 10, total)]}
    dated = {"id": number, "active": True, "invoiceDate": f"{day}T00:00:00Z", "createdOn": CREATED}
    return {**dated, **money, "invoiceConfiguration": "JobInvoice", **more}


def job(number: int, customer: int, location: int, completed: str, **more: Any) -> Mapping[str, Any]:
    whose = {"customerId": customer, "locationId": location, "jobTypeId": 1}
    return {"id": number, "jobStatus": "Completed", "completedOn": completed, "createdOn": completed, **whose, **more}


NORTHWIND: Rows = {
    "customers": [
        {"id": 1, "name": "Ada", "type": "Residential", "active": True, "createdOn": "2021-01-01T12:00:00Z"},
        {"id": 2, "name": "Ada, twice", "active": False, "mergedToId": 1, "createdOn": CREATED},
        {"id": 3, "name": "Bob", "type": "Commercial", "active": True, "createdOn": CREATED},
    ],
    "locations": [
        {"id": 5, "customerId": 2, "active": True, "zoneId": 71, "address": {"zip": "12203"}},
        {"id": 6, "customerId": 3, "active": True, "address": {"zip": "12303-1234"}},
        {"id": 7, "customerId": 3, "active": True},
    ],
    "dispatch_zones": [
        {"id": 71, "name": "North", "active": True, "zips": ["12203"], "cities": []},
        {"id": 72, "name": "South", "active": True, "zips": ["12303"], "cities": []},
    ],
    "job_types": [{"id": 1, "name": "Repair", "class": "Service", "active": True}],
    "jobs": [
        # 23:30 on the last day of the year in New York
        job(10, 2, 5, "2026-01-01T04:30:00Z", equipmentIds=[90]),
        job(11, 3, 6, "2026-02-10T17:00:00Z"),
        job(12, 1, 5, "2026-03-20T17:00:00Z", equipmentIds=[90], noCharge=True),
        job(13, 3, 7, "2026-04-05T17:00:00Z"),
    ],
    "recurring_service_events": [{"id": 1, "jobId": 12, "active": True, "status": "Won"}],
    "invoices": [
        invoice(100, "2025-12-31", "100.10", job={"id": 10}, customer={"id": 2}, location={"id": 5}),
        invoice(101, "2026-02-05", "-20.05", adjustmentToId=100, customer={"id": 2}),
        invoice(102, "2026-02-10", "200.00", job={"id": 11}, customer={"id": 3}, location={"id": 6}),
        invoice(
            103,
            "2026-01-15",
            "19.99",
            membershipId=40,
            customer={"id": 3},
            invoiceConfiguration="MembershipInvoice",
        ),
        invoice(104, "2026-04-05", "50.00", job={"id": 13}, customer={"id": 3}, location={"id": 7}),
    ],
    "gross_pay_items": [
        {
            "id": 1,
            "employeeId": 8,
            "employeeType": "Technician",
            "jobId": 11,
            "date": "2026-02-10T00:00:00Z",
            "grossPayItemType": "TimesheetTime",
            "amount": "40.00",
            "paidDurationHours": "1",
        }
    ],
    "memberships": [
        {
            "id": 40,
            "customerId": 3,
            "locationId": 6,
            "active": True,
            "status": "Active",
            "from": "2026-01-15T00:00:00Z",
            "to": "2027-01-14T00:00:00Z",
            "createdOn": "2026-01-15T12:00:00Z",
        }
    ],
    "installed_equipment": [
        {
            "id": 90,
            "customerId": 2,
            "locationId": 5,
            "active": True,
            "status": "Installed",
            "name": "Gas furnace",
            "type": {"id": 1703, "name": "Furnace"},
            "installedOn": "2016-03-31T00:00:00Z",
            "manufacturerWarrantyEnd": "2026-03-30T00:00:00Z",
            "createdOn": CREATED,
        }
    ],
}

SUNBELT: Rows = {
    "customers": [{"id": 1, "name": "Cleo", "active": True, "createdOn": CREATED}],
    "locations": [{"id": 5, "customerId": 1, "active": True, "zoneId": 71}],
    # one second before midnight in Phoenix
    "jobs": [job(10, 1, 5, "2026-03-01T06:59:59Z")],
    "invoices": [invoice(100, "2026-03-03", "7.01", job={"id": 10}, customer={"id": 1}, location={"id": 5})],
}

BUSINESSES = [(1001, NORTHWIND), (2002, SUNBELT)]


@pytest.fixture(scope="module")
def built(dbt: Dbt, land: Land) -> Outcome:
    """All rows through files, and the marts built on them as of the end of March."""
    for tenant_id, business in BUSINESSES:
        for resource, rows in business.items():
            assert land(resource, rows, tenant_id=tenant_id).inserted == len(rows), resource
    without_tests = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    as_of = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))
    return dbt("build", "--select", *(f"+{mart}" for mart in MARTS), *without_tests, *as_of)


def test_merged_customers_are_one(built: Outcome, query: Query) -> None:
    assert built.code == 0, built.output
    assert query(
        "SELECT tenant_id, customer_id, customer_name, created_on_local, merged_customer_count, location_count"
        " FROM marts_customers.dim_customers ORDER BY 1, 2"
    ) == [
        (1001, 1, "Ada", date(2020, 1, 1), 1, 1),
        (1001, 3, "Bob", date(2020, 1, 1), 0, 2),
        (2002, 1, "Cleo", date(2020, 1, 1), 0, 1),
    ]


def test_cohorts_are_right_to_the_cent(built: Outcome, query: Query) -> None:
    assert query(
        "SELECT tenant_id, cohort_month, month_number, active_count, revenue_amount, cumulative_revenue_amount"
        " FROM marts_customers.fct_customer_cohorts ORDER BY 1, 2, 3"
    ) == [
        (1001, date(2025, 12, 1), 0, 1, Decimal("100.10"), Decimal("100.10")),
        (1001, date(2025, 12, 1), 1, 0, Decimal("0.00"), Decimal("100.10")),
        (1001, date(2025, 12, 1), 2, 0, Decimal("-20.05"), Decimal("80.05")),
        (1001, date(2025, 12, 1), 3, 0, Decimal("0.00"), Decimal("80.05")),
        (1001, date(2026, 2, 1), 0, 1, Decimal("219.99"), Decimal("219.99")),
        (1001, date(2026, 2, 1), 1, 0, Decimal("0.00"), Decimal("219.99")),
        (2002, date(2026, 2, 1), 0, 1, Decimal("7.01"), Decimal("7.01")),
        (2002, date(2026, 2, 1), 1, 0, Decimal("0.00"), Decimal("7.01")),
    ]


def test_customers_are_ranked_within_their_tenant(built: Outcome, query: Query) -> None:
    assert query(
        "SELECT tenant_id, customer_id, recency_days, frequency, monetary_amount,"
        " concat(recency_score, frequency_score, monetary_score), segment"
        " FROM marts_customers.fct_customer_rfm ORDER BY 1, 2"
    ) == [
        (1001, 1, 90, 1, Decimal("80.05"), "111", "Lost"),
        (1001, 3, 49, 1, Decimal("219.99"), "515", "New"),
        (2002, 1, 31, 1, Decimal("7.01"), "111", "Lost"),
    ]


def test_what_customers_brought_in_and_cost(built: Outcome, query: Query) -> None:
    """Pay of 40 with a quarter of burden; nobody's first year is over, so nothing can be predicted."""
    assert query(
        "SELECT tenant_id, customer_id, revenue_amount, direct_cost, gross_profit, tenure_year, peer_count,"
        " predicted_12m FROM marts_customers.fct_customer_ltv ORDER BY 1, 2"
    ) == [
        (1001, 1, Decimal("80.05"), Decimal("0.00"), Decimal("80.05"), 0, 0, None),
        (1001, 3, Decimal("219.99"), Decimal("50.00"), Decimal("169.99"), 0, 0, None),
        (2002, 1, Decimal("7.01"), Decimal("0.00"), Decimal("7.01"), 0, 0, None),
    ]


def test_areas_hold_what_happened_there(built: Outcome, query: Query) -> None:
    assert query(
        "SELECT tenant_id, area_name, area_month, completed_job_count, member_count, revenue_amount, gross_profit"
        " FROM marts_geography.fct_area_monthly ORDER BY 1, 2, 3"
    ) == [
        (1001, "North", date(2025, 12, 1), 1, 0, Decimal("100.10"), Decimal("100.10")),
        (1001, "North", date(2026, 2, 1), 0, 0, Decimal("-20.05"), Decimal("-20.05")),
        (1001, "North", date(2026, 3, 1), 1, 0, Decimal("0.00"), Decimal("0.00")),
        (1001, "Out of area", date(2026, 1, 1), 0, 0, Decimal("19.99"), Decimal("19.99")),
        (1001, "Out of area", date(2026, 4, 1), 1, 0, Decimal("50.00"), Decimal("50.00")),
        (1001, "South", date(2026, 1, 1), 0, 1, Decimal("0.00"), Decimal("0.00")),
        (1001, "South", date(2026, 2, 1), 1, 1, Decimal("200.00"), Decimal("150.00")),
        (1001, "South", date(2026, 3, 1), 0, 1, Decimal("0.00"), Decimal("0.00")),
        (2002, "Out of area", date(2026, 2, 1), 1, 0, Decimal("7.01"), Decimal("7.01")),
    ]


def test_equipment_is_old_repaired_and_looked_after(built: Outcome, query: Query) -> None:
    """Ten years of fifteen, one repair, out of warranty since yesterday; the repair follows the row of November."""
    health = (
        "SELECT as_of_date, customer_id, age_ratio, repairs_24m, last_maintenance_on, overdue_days, risk_score,"
        " label_repair_next FROM marts_equipment.fct_equipment_health"
    )
    assert query(f"{health} WHERE NOT is_history") == [
        (date(2026, 3, 31), 1, Decimal("0.666575"), 1, date(2026, 3, 20), -169, Decimal("40.553426"), None)
    ]
    labels = query(f"{health} WHERE is_history ORDER BY as_of_date")
    assert [(day, label) for day, *_, label in labels[-5:]] == [
        (date(2025, 10, 31), True),
        (date(2025, 11, 30), True),
        (date(2025, 12, 31), None),
        (date(2026, 1, 31), None),
        (date(2026, 2, 28), None),
    ]
    assert (len(labels), labels[0][-1]) == (24, False)


def test_sound_figures_pass_and_broken_ones_are_caught(built: Outcome, dbt: Dbt, query: Query) -> None:
    as_of = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))
    sound = dbt("test", "--select", *INVARIANTS, *as_of)
    assert {name: sound.statuses[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, "pass"), sound.output

    cohorts = "marts_customers.fct_customer_cohorts"
    query(f"UPDATE {cohorts} SET revenue_amount = revenue_amount + 0.01 WHERE month_number = 0 AND tenant_id = 2002")
    query(f"DELETE FROM {cohorts} WHERE month_number = 1 AND cohort_month = '2025-12-01'")
    query("UPDATE marts_customers.fct_customer_ltv SET revenue_amount = revenue_amount + 0.01 WHERE customer_id = 3")
    query("UPDATE marts_customers.fct_customer_rfm SET frequency_score = 2 WHERE customer_id = 3")
    query("UPDATE marts_geography.fct_area_monthly SET revenue_amount = revenue_amount - 0.01 WHERE area_id = '72'")
    query("UPDATE marts_equipment.fct_equipment_health SET last_maintenance_on = as_of_date + 1 WHERE NOT is_history")

    broken = dbt("test", "--select", *INVARIANTS, *as_of)
    assert broken.code == 1
    assert {name: broken.statuses[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, "fail"), broken.output
    assert query(
        "SELECT tenant_id, actual_amount - expected_amount"
        " FROM test_failures.cohorts_hold_all_revenue_of_their_customers"
    ) == [(2002, Decimal("0.01"))]

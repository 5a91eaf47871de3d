"""Memberships of two small businesses with the same ids: renewals, people who come back, and what they are worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.dbt.conftest import Dbt, Outcome
from tests.integration.dbt.rows import INCOME, TENANTS, insert_row

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-06-15"}))
ONE = Decimal("1.000000")
NONE = Decimal("0.00")


def _job(job_id: int, customer_id: int, completed_on: str) -> dict[str, Any]:
    return {
        "id": job_id,
        "job_status": "Completed",
        "customer_id": customer_id,
        "created_on": completed_on,
        "completed_on": completed_on,
    }


def _invoice(invoice_id: int, customer_id: int, day: str, amount: str, **of: Any) -> dict[str, Any]:
    return {
        "id": invoice_id,
        "active": True,
        "invoice_configuration": "JobInvoice" if "job" in of else "MembershipInvoice",
        "customer": Jsonb({"id": customer_id}),
        "invoice_date": f"{day}T00:00:00Z",
        "sub_total": amount,
        "total": amount,
        **of,
    }


def _line(line_id: int, invoice_id: int, amount: str, **of: Any) -> dict[str, Any]:
    added = {"total": amount, "price": amount, "quantity": "1", "general_ledger_account": INCOME}
    return {"id": line_id, "invoice_id": invoice_id, "active": True, **added, **of}


def _membership(membership_id: int, customer_id: int, plan: str, begins: str, **of: Any) -> dict[str, Any]:
    yearly = plan == "yearly"
    return {
        "id": membership_id,
        "active": True,
        "status": "Active",
        "customer_id": customer_id,
        "membership_type_id": 801 if yearly else 803,
        "billing_template_id": 61 if yearly else 62,
        "billing_frequency": "Annual" if yearly else "Monthly",
        "duration": 12 if yearly else None,
        "from": f"{begins}T00:00:00Z",
        "created_on": f"{begins}T15:00:00Z",
        "modified_on": f"{begins}T15:00:00Z",
        **of,
    }


PRICES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "membership_types": [{"id": 801, "name": "Yearly", "active": True}, {"id": 803, "name": "Monthly", "active": True}],
    "invoice_templates": [
        {"id": 61, "total": "240.00", "active": True},
        {"id": 62, "total": "15.00", "active": True},
    ],
    "pricebook_services": [
        {"id": 4001, "code": "TUNE", "active": True, "price": "100.00", "modified_on": "2026-01-01T12:00:00Z"}
    ],
}

NORTHWIND: Mapping[str, Sequence[Mapping[str, Any]]] = {
    **PRICES,
    "customers": [
        {"id": 1, "name": "Ada", "active": True},
        {"id": 2, "name": "Ada, twice", "active": False, "merged_to_id": 1},
        {"id": 3, "name": "Bob", "active": True},
        {"id": 4, "name": "Cleo", "active": True},
    ],
    "memberships": [
        # a term that ran out, and its renewal 27 days later
        _membership(100, 2, "yearly", "2025-03-10", to="2026-03-09T00:00:00Z", status="Expired", renewed_by_id=101),
        _membership(101, 1, "yearly", "2026-04-05", to="2027-04-04T00:00:00Z"),
        # cancelled; back in May; a second plan in June
        _membership(110, 3, "monthly", "2025-12-20", status="Canceled", cancellation_date="2026-02-10T00:00:00Z"),
        _membership(111, 3, "monthly", "2026-05-02"),
        _membership(112, 3, "yearly", "2026-06-01", to="2027-05-31T00:00:00Z"),
        _membership(120, 4, "yearly", "2026-01-01", status="Deleted", active=False),
    ],
    "membership_status_changes": [
        # 23:30 on 9 February in New York
        {
            "id": 1,
            "membership_id": 110,
            "old_status": "Active",
            "new_status": "Canceled",
            "created_on": "2026-02-10T04:30:00Z",
        },
    ],
    "jobs": [
        _job(10, 1, "2026-04-10T15:00:00Z"),
        _job(11, 3, "2026-03-15T15:00:00Z"),
        _job(12, 3, "2026-05-03T15:00:00Z"),
        _job(13, 4, "2026-05-05T15:00:00Z"),
    ],
    "invoices": [
        _invoice(200, 1, "2026-04-05", "240.00", membership_id=101),
        _invoice(210, 1, "2026-04-10", "100.00", job=Jsonb({"id": 10})),
        _invoice(211, 3, "2026-03-15", "300.00", job=Jsonb({"id": 11})),
        _invoice(213, 4, "2026-05-05", "150.00", job=Jsonb({"id": 13})),
    ],
    "invoice_items": [
        _line(2000, 200, "240.00"),
        # at the member price, ten below the list; and above the member price
        _line(2100, 210, "90.00", type="Service", sku_id=4001, member_price="90.00"),
        _line(2101, 210, "10.00", type="Service", sku_id=4001, member_price="9.00"),
        _line(2110, 211, "300.00"),
        _line(2130, 213, "150.00"),
    ],
}

SUNBELT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    **PRICES,
    "customers": [{"id": 1, "name": "Dora", "active": True}],
    "memberships": [_membership(100, 1, "monthly", "2026-04-01")],
}

INVARIANTS = (
    "membership_timelines_have_no_gaps",
    "mrr_moves_by_its_movements",
    "mrr_is_what_active_memberships_are_worth",
    "membership_survival_never_rises",
    "membership_cohorts_hold_every_member",
    "membership_value_is_observed_and_expected",
    "members_and_others_are_all_jobs",
)

BREAKAGES = (
    "UPDATE marts_memberships.fct_membership_timeline SET valid_to = valid_to + 1 WHERE membership_id = 110",
    "UPDATE marts_memberships.fct_membership_monthly SET churn_mrr = churn_mrr + 0.01 WHERE movement = 'churn'",
    "UPDATE marts_memberships.fct_membership_monthly SET closing_mrr = 19.99, contraction_mrr = 0.01"
    " WHERE tenant_id = 1001 AND customer_id = 1 AND month = '2026-06-01'",
    "UPDATE marts_memberships.fct_membership_survival SET survival = 0.5 WHERE tenure_months = 3",
    "DELETE FROM marts_memberships.fct_membership_cohorts WHERE cohort_month = '2025-12-01' AND months_since = 4",
    "UPDATE marts_memberships.fct_membership_ltv SET ltv = ltv - 0.01 WHERE chain_id = 100",
    "UPDATE marts_memberships.fct_member_value_comparison SET revenue = revenue + 0.01 WHERE month = '2026-05-01'",
)


@pytest.fixture(scope="module")
def built(dbt: Dbt) -> Outcome:
    with psycopg.connect(dbt.url) as connection:
        for tenant_id, name, timezone in TENANTS:
            connection.execute(
                "INSERT INTO platform.tenants (tenant_id, name, timezone, start_date) VALUES (%s, %s, %s, %s)",
                [tenant_id, name, timezone, "2025-01-01"],
            )
        for tenant_id, business in ((1001, NORTHWIND), (2002, SUNBELT)):
            for resource, rows in business.items():
                for row in rows:
                    insert_row(connection, resource, tenant_id, row)
    selected = ("--select", "+path:models/marts/memberships", "+path:snapshots", "+fct_revenue")
    others = ("--exclude", "test_type:unit", "path:models/staging,resource_type:test")
    return dbt("build", *AS_OF, *selected, *others, "--indirect-selection", "buildable")


def test_the_marts_of_memberships_build_and_pass(built: Outcome) -> None:
    assert built.code == 0, built.output
    odd = {name: status for name, status in built.statuses.items() if status not in {"success", "pass"}}
    assert odd == {}, built.output
    assert set(INVARIANTS) <= set(built.statuses)


def test_a_membership_that_was_cancelled_late_in_the_evening_ended_that_day(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT membership_id, valid_from, valid_to, status, source, chain_id FROM"
        " marts_memberships.fct_membership_timeline WHERE tenant_id = 1001 AND membership_id < 111 ORDER BY 1, 2"
    )
    assert rows == [
        (100, date(2025, 3, 10), date(2026, 3, 10), "Active", "start", 100),
        (100, date(2026, 3, 10), None, "Expired", "current_status", 100),
        (101, date(2026, 4, 5), None, "Active", "start", 100),
        (110, date(2025, 12, 20), date(2026, 2, 9), "Active", "start", 110),
        (110, date(2026, 2, 9), None, "Canceled", "change", 110),
    ]


def test_a_renewal_is_no_movement_and_who_comes_back_is_not_new(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT tenant_id, customer_id, month, movement, opening_mrr, closing_mrr, new_mrr + reactivation_mrr"
        " + expansion_mrr - contraction_mrr - churn_mrr FROM marts_memberships.fct_membership_monthly"
        " WHERE month >= '2025-12-01' AND (customer_id = 3 OR tenant_id = 2002 OR month = '2026-03-01')"
        " ORDER BY 1, 2, 3"
    )
    fifteen, twenty, both = Decimal("15.00"), Decimal("20.00"), Decimal("35.00")
    assert rows == [
        (1001, 1, date(2026, 3, 1), "none", twenty, twenty, NONE),
        (1001, 3, date(2025, 12, 1), "new", NONE, fifteen, fifteen),
        (1001, 3, date(2026, 1, 1), "none", fifteen, fifteen, NONE),
        (1001, 3, date(2026, 2, 1), "churn", fifteen, NONE, -fifteen),
        (1001, 3, date(2026, 5, 1), "reactivation", NONE, fifteen, fifteen),
        (1001, 3, date(2026, 6, 1), "expansion", fifteen, both, twenty),
        (2002, 1, date(2026, 4, 1), "new", NONE, fifteen, fifteen),
        (2002, 1, date(2026, 5, 1), "none", fifteen, fifteen, NONE),
        (2002, 1, date(2026, 6, 1), "none", fifteen, fifteen, NONE),
    ]
    assert query(
        "SELECT count(*) FROM marts_memberships.fct_membership_monthly WHERE tenant_id = 1001 AND customer_id = 1"
    ) == [(16,)]


def test_the_active_rate_may_rise_and_survival_may_not(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT months_since, size, active_count, surviving_count, revenue FROM"
        " marts_memberships.fct_membership_cohorts WHERE tenant_id = 1001 AND cohort_month = '2025-12-01' ORDER BY 1"
    )
    revenue = [NONE, NONE, NONE, Decimal("300.00"), NONE, NONE, NONE]
    active, surviving = [1, 1, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 0, 0]
    assert rows == [(k, 1, active[k], surviving[k], revenue[k]) for k in range(7)]
    (renewed,) = query(
        "SELECT count(*), min(survival_rate), sum(revenue), sum(membership_revenue) FROM"
        " marts_memberships.fct_membership_cohorts WHERE tenant_id = 1001 AND cohort_month = '2025-03-01'"
    )
    assert renewed == (16, ONE, Decimal("340.00"), Decimal("240.00"))


def test_survival_is_of_chains_and_goes_on_beyond_what_was_seen(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT tenure_months, at_risk_count, churned_count, hazard, survival, is_extrapolated FROM"
        " marts_memberships.fct_membership_survival WHERE tenant_id = 1001 AND membership_type = '803'"
        " AND tenure_months < 3 ORDER BY 1"
    )
    # one ended after a month, one goes on after a month: 1 of 2; the tail is 1 of 4 over both months
    assert rows == [
        (0, 2, 0, Decimal("0.000000"), ONE, False),
        (1, 2, 1, Decimal("0.500000"), Decimal("0.500000"), False),
        (2, 0, 0, Decimal("0.250000"), Decimal("0.375000"), True),
    ]


def test_lifetime_value_is_right_to_the_cent(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT chain_id, tenure_months, active_months, observed_margin, margin_per_month, expected_remaining, ltv"
        " FROM marts_memberships.fct_membership_ltv WHERE tenant_id = 1001 ORDER BY 1"
    )
    # yearly: 340 over 16 month ends, and nobody has left yet; monthly: nothing earned so far
    monthly = Decimal("1.1") ** (Decimal(1) / 12)
    expected = sum(Decimal("21.25") / monthly**month for month in range(1, 61))
    remaining = Decimal(expected).quantize(Decimal("0.01"), ROUND_HALF_UP)
    margin, nothing = Decimal("21.250000"), Decimal("0.000000")
    assert rows == [
        (100, 15, 15, Decimal("340.00"), margin, remaining, Decimal("340.00") + remaining),
        (110, 1, 2, NONE, nothing, NONE, NONE),
        (111, 1, 2, NONE, nothing, NONE, NONE),
        (112, 0, 1, NONE, margin, remaining, remaining),
    ]


def test_members_are_compared_by_their_jobs(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT month, is_member, customers, jobs, revenue, avg_ticket, uplift_pct, discount_given FROM"
        " marts_memberships.fct_member_value_comparison WHERE tenant_id = 1001 AND month >= '2026-04-01' ORDER BY 1, 2"
    )
    april, may = date(2026, 4, 1), date(2026, 5, 1)
    assert rows == [
        (april, False, 0, 0, NONE, None, None, NONE),
        (april, True, 1, 1, Decimal("100.00"), Decimal("100.00"), None, Decimal("10.00")),
        (may, False, 1, 1, Decimal("150.00"), Decimal("150.00"), None, NONE),
        (may, True, 1, 1, NONE, NONE, Decimal("-1.000000"), NONE),
    ]
    (joined,) = query(
        "SELECT pre_12m_revenue_per_customer, post_12m_revenue_per_customer FROM"
        " marts_memberships.fct_member_value_comparison WHERE is_member AND month = '2025-03-01'"
    )
    assert joined == (NONE, NONE)


def test_a_snapshot_is_dated_by_the_record_and_not_by_the_run(built: Outcome, dbt: Dbt, query: Query) -> None:
    history = (
        "SELECT unit_price, CAST(dbt_valid_from AS text), CAST(dbt_valid_to AS text) FROM snapshots.snap_pricebook"
        " WHERE tenant_id = 1001 ORDER BY dbt_valid_from"
    )
    first, second = "2026-01-01 12:00:00", "2026-05-01 12:00:00"
    assert query(history) == [(Decimal("100.000000"), first, None)]
    price = "UPDATE servicetitan.pricebook_services SET price = 120, modified_on = '2026-05-01T12:00:00Z'"
    query(f"{price} WHERE tenant_id = 1001")
    for _ in range(2):
        outcome = dbt("snapshot", *AS_OF, "--select", "snap_pricebook")
        assert outcome.code == 0, outcome.output
        assert query(history) == [
            (Decimal("100.000000"), first, second),
            (Decimal("120.000000"), second, None),
        ]


def test_each_invariant_notices_what_breaks_it(built: Outcome, dbt: Dbt, query: Query) -> None:
    for statement in BREAKAGES:
        query(statement)
    outcome = dbt("test", *AS_OF, "--select", *INVARIANTS)
    assert {name: outcome.statuses[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, "fail"), outcome.output

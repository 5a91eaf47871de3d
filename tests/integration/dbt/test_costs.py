"""Costs of a small business from pay and documents to the profit of jobs and technicians, to the cent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.dbt.conftest import Dbt, Outcome
from tests.integration.dbt.rows import INCOME, TENANTS, insert_row

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-03-31"}))
INVARIANTS = (
    "job_costs_and_other_costs_are_the_ledger",
    "overhead_of_jobs_is_the_seed",
    "goods_cost_a_job_once",
    "technicians_make_up_their_jobs",
)


def _document(number: int, job: int | None, lines: Sequence[tuple[int, int, str]], **more: Any) -> dict[str, Any]:
    """A bill, order, receipt or return; a line is (its id, the item's id, cost of the one unit)."""
    items = [
        {"id": line, "skuId": sku, "skuType": "Material", "quantity": 1, "cost": cost} for line, sku, cost in lines
    ]
    return {"id": number, "job_id": job, "items": Jsonb(items), "active": True} | more


def _pay(number: int, person: int, job: int, amount: str, kind: str = "TimesheetTime", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "employee_id": person,
        "employee_type": "Technician",
        "job_id": job,
        "amount": amount,
        "gross_pay_item_type": kind,
        "date": "2026-03-02T00:00:00Z",
        "active": True,
    } | more


def _material(number: int, invoice: int, sku: int, cost: str) -> dict[str, Any]:
    line = {"id": number, "invoice_id": invoice, "sku_id": sku, "type": "Material", "total_cost": cost, "total": "0.00"}
    return line | {"active": True, "is_chargeable": False}


# Job 10 (1000.00) is done by Ana (7) and Ben (8), 2 : 1; job 11 does it again, done by Cem (9). Item 601 has every
# kind of document, 602 only an invoice line. Job 12 is open.
BUSINESS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "technicians": [{"id": number, "active": True, "business_unit_id": 30} for number in (7, 8, 9)],
    "jobs": [
        {
            "id": 10,
            "job_status": "Completed",
            "created_on": "2026-03-01T15:00:00Z",
            "completed_on": "2026-03-02T20:00:00Z",
            "customer_id": 1,
            "business_unit_id": 30,
        },
        {
            "id": 11,
            "job_status": "Completed",
            "created_on": "2026-03-10T15:00:00Z",
            "completed_on": "2026-04-01T03:59:00Z",
            "customer_id": 1,
            "business_unit_id": 30,
            "recall_for_id": 10,
        },
        {"id": 12, "job_status": "InProgress", "created_on": "2026-03-10T15:00:00Z", "customer_id": 1},
    ],
    "job_splits": [
        {"id": 1, "job_id": 10, "technician_id": 7, "split": "50", "active": True},
        {"id": 2, "job_id": 10, "technician_id": 8, "split": "25", "active": True},
        {"id": 3, "job_id": 11, "technician_id": 9, "split": "100", "active": True},
    ],
    "invoices": [
        {
            "id": 100,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 10}),
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2026-03-02T00:00:00Z",
            "sub_total": "1000.00",
            "total": "1000.00",
        }
    ],
    "invoice_items": [
        {
            "id": 1000,
            "invoice_id": 100,
            "active": True,
            "type": "Service",
            "total": "1000.00",
            "total_cost": "16.00",
            "quantity": "1",
            "sold_hours": "2",
            "general_ledger_account": INCOME,
        },
        _material(1001, 100, 601, "190.00"),
        _material(1002, 100, 602, "10.00"),
    ],
    "gross_pay_items": [
        _pay(1, 7, 10, "80.00", paid_duration_hours="2"),
        _pay(2, 8, 10, "42.00", amount_adjustment="-2.00", paid_duration_hours="1"),
        _pay(3, 7, 10, "20.00", "InvoiceRelatedBonus"),
        _pay(4, 9, 11, "80.00", paid_duration_hours="2"),
        _pay(5, 9, 0, "40.00", paid_duration_hours="1"),
        _pay(6, 9, 12, "16.00", paid_duration_hours="0.5"),
        _pay(7, 9, 10, "999.00", active=False),
    ],
    "purchase_orders": [
        _document(1, 10, [(11, 601, "200.00")], status="Received", date="2026-02-27T00:00:00Z") | {"active": None}
    ],
    "inventory_receipts": [_document(2, 10, [(21, 601, "205.00")], received_on="2026-03-01T12:00:00Z")],
    "inventory_bills": [
        _document(3, 10, [(31, 601, "210.00")], bill_date="2026-03-03T00:00:00Z", tax_amount="5.00"),
        _document(4, None, [(41, 601, "500.00")], bill_date="2026-03-03T00:00:00Z"),
    ],
    "inventory_returns": [
        _document(5, 10, [(51, 601, "14.99")], return_date="2026-03-09T00:00:00Z", status="Returned"),
    ],
    "ap_bills": [
        {
            "id": 6,
            "status": "Reconciled",
            "bill_date": "2026-03-04T00:00:00Z",
            "expense_items": Jsonb([{"id": 61, "amount": 3.02, "job": {"id": 10}}, {"id": 62, "amount": 900}]),
        }
    ],
}


@pytest.fixture(scope="module")
def built(dbt: Dbt, query: Query) -> Outcome:
    with psycopg.connect(dbt.url) as connection:
        for tenant_id, name, timezone in TENANTS:
            connection.execute(
                "INSERT INTO platform.tenants (tenant_id, name, timezone, start_date) VALUES (%s, %s, %s, %s)",
                [tenant_id, name, timezone, "2026-01-01"],
            )
            for resource, rows in BUSINESS.items():
                for row in rows:
                    known = {name: value for name, value in row.items() if value is not None}
                    insert_row(connection, resource, tenant_id, known)
    seeded = dbt("seed", *AS_OF)
    assert seeded.code == 0, seeded.output
    query(
        "INSERT INTO seeds.overhead_monthly (tenant_id, month, amount)"
        " VALUES (1001, '2026-03-01', 100.01), (1001, '2026-01-01', 9.99), (2002, '2026-03-01', 0.03)"
    )
    return dbt("run", "--select", "+fct_technician_jobs", *AS_OF)


def test_a_cost_is_in_the_ledger_once(built: Outcome, query: Query) -> None:
    assert built.code == 0, built.output
    rows = query(
        "SELECT cost_entry_id, job_id, amount FROM intermediate.int_cost_entries"
        " WHERE tenant_id = 1001 AND source NOT IN ('gross_pay', 'burden') ORDER BY 1"
    )
    assert rows == [
        ("bill:31", 10, Decimal("215.00")),
        ("bill:expense-61", 10, Decimal("3.02")),
        ("invoice_item:1002", 10, Decimal("10.00")),
        ("overhead_seed:2026-01-all", None, Decimal("9.99")),
        ("overhead_seed:2026-03-all", None, Decimal("100.01")),
        ("return:51", 10, Decimal("-14.99")),
    ]


def test_jobs_earn_what_is_left(built: Outcome, query: Query) -> None:
    """Job 11 was completed on 31 March in New York, on 31 March in Phoenix too; it has no sold hours."""
    rows = query(
        "SELECT tenant_id, job_id, completed_month, labor_cost, incentive_cost, burden_cost, material_cost, other_cost,"
        " gross_profit, overhead_allocated, net_profit FROM marts_finance.fct_job_profitability ORDER BY 1, 2, 3"
    )
    none, march = Decimal("0.00"), date(2026, 3, 1)
    job_10 = [Decimal(value) for value in ("120.00", "20.00", "35.00", "210.01", "3.02", "611.97")]
    job_11 = [Decimal(value) for value in ("80.00", "0.00", "20.00", "0.00", "0.00", "-100.00")]
    assert rows == [
        (1001, -1, date(2026, 1, 1), *[none] * 6, Decimal("9.99"), Decimal("-9.99")),
        (1001, 10, march, *job_10, Decimal("100.01"), Decimal("511.96")),
        (1001, 11, march, *job_11, none, Decimal("-100.00")),
        (2002, 10, march, *job_10, Decimal("0.03"), Decimal("611.94")),
        (2002, 11, march, *job_11, none, Decimal("-100.00")),
    ]


def test_technicians_have_their_share_and_answer_for_recalls(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT job_id, technician_id, revenue_amount, direct_cost, overhead_allocated, callback_charged,"
        " callback_relieved, job_profit FROM marts_field.fct_technician_jobs WHERE tenant_id = 1001 ORDER BY 1, 2"
    )
    # Ana: pay 100 + burden 25, goods 140.01 of 210.01 (two thirds: 140.0067), other 2.01 of 3.02.
    assert [tuple(map(str, row)) for row in rows] == [
        ("10", "7", "666.67", "267.02", "66.67", "0.00", "0.00", "332.98"),
        ("10", "8", "333.33", "121.01", "33.34", "0.00", "0.00", "178.98"),
        ("11", "7", "0.00", "0.00", "0.00", "66.67", "0.00", "-66.67"),
        ("11", "8", "0.00", "0.00", "0.00", "33.33", "0.00", "-33.33"),
        ("11", "9", "0.00", "100.00", "0.00", "0.00", "100.00", "0.00"),
    ]


def test_a_cent_that_is_lost_or_counted_twice_is_caught(built: Outcome, dbt: Dbt, query: Query) -> None:
    sound = dbt("test", "--select", *INVARIANTS, *AS_OF)
    assert _verdicts(sound) == dict.fromkeys(INVARIANTS, "pass"), sound.output
    query(
        "UPDATE marts_finance.fct_job_profitability"
        " SET labor_cost = labor_cost + 0.01, direct_cost = direct_cost + 0.01 WHERE tenant_id = 1001 AND job_id = 10"
    )
    query("DELETE FROM marts_finance.fct_job_profitability WHERE job_id = -1")
    query(
        "UPDATE marts_field.fct_technician_jobs SET callback_charged = callback_charged - 0.01"
        " WHERE tenant_id = 2002 AND job_id = 11 AND technician_id = 8"
    )
    query(
        "UPDATE intermediate.int_cost_entries SET sku_id = 601 WHERE tenant_id = 2002"
        " AND cost_entry_id = 'invoice_item:1002'"
    )
    broken = dbt("test", "--select", *INVARIANTS, *AS_OF)
    assert broken.code == 1
    assert _verdicts(broken) == dict.fromkeys(INVARIANTS, "fail"), broken.output
    found = "SELECT DISTINCT tenant_id, job_id FROM test_failures.technicians_make_up_their_jobs ORDER BY 1"
    assert query(found) == [(1001, 10), (2002, 11)]
    assert query("SELECT tenant_id, sku_id FROM test_failures.goods_cost_a_job_once") == [(2002, 601)]
    assert query("SELECT completed_month, expected_amount FROM test_failures.overhead_of_jobs_is_the_seed") == [
        (date(2026, 1, 1), Decimal("9.99"))
    ]
    parts = "SELECT part, actual_amount - expected_amount FROM test_failures.job_costs_and_other_costs_are_the_ledger"
    assert query(f"{parts} ORDER BY 1") == [
        ("jobs: labor", Decimal("0.01")),
        ("ledger without overhead", Decimal("0.01")),
    ]


def _verdicts(outcome: Outcome) -> dict[str, str]:
    """Without the hooks that every run has."""
    return {name: status for name, status in outcome.statuses.items() if name in INVARIANTS}

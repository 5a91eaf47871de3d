"""Two small businesses, row by row, as the loader would have landed them. Both use the same ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

INCOME = Jsonb({"id": 500, "name": "Service", "type": "Income"})
LIABILITY = Jsonb({"id": 501, "name": "Deferred", "type": "Current Liability"})

TENANTS = [(1001, "northwind", "America/New_York"), (2002, "sunbelt", "America/Phoenix")]

NORTHWIND: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [
        {"id": 1, "name": "Ada", "active": True},
        {"id": 2, "name": "Ada, twice", "active": False, "merged_to_id": 3},
        {"id": 3, "name": "Ada, thrice", "active": False, "merged_to_id": 1},
    ],
    "locations": [{"id": 5, "customer_id": 2, "active": True}],
    "business_units": [{"id": 30, "name": "HVAC", "active": True}],
    "jobs": [
        # 23:30 on the last of February in New York
        {
            "id": 10,
            "job_status": "Completed",
            "completed_on": "2026-03-01T04:30:00Z",
            "customer_id": 2,
            "location_id": 5,
            "business_unit_id": 30,
            "custom_fields": Jsonb([{"typeId": 7, "name": "Gate code", "value": "1234"}]),
        },
        {
            "id": 11,
            "job_status": "InProgress",
            "completed_on": "2026-03-24T17:00:00Z",
            "customer_id": 1,
            "custom_fields": Jsonb({"typeId": 7, "name": "an object, no array"}),
            "external_data": Jsonb([{"key": "crm_id", "value": "A-1"}, "a text"]),
        },
    ],
    "invoices": [
        {
            "id": 100,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 10}),
            "customer": Jsonb({"id": 2}),
            "location": Jsonb({"id": 5}),
            "invoice_date": "2026-03-01T00:00:00Z",
            "due_date": "2026-03-15T00:00:00Z",
            "sub_total": "100.00",
            "sales_tax": "10.00",
            "total": "110.00",
            "balance": "60.00",
        },
        {
            "id": 101,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "adjustment_to_id": 100,
            "customer": Jsonb({"id": 2}),
            "invoice_date": "2026-03-20T00:00:00Z",
            "sub_total": "-20.10",
            "sales_tax": "-2.01",
            "total": "-22.11",
            "balance": "-22.11",
        },
        {
            "id": 102,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 11}),
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2026-03-25T00:00:00Z",
            "sub_total": "500.00",
            "total": "500.00",
            "balance": "500.00",
        },
        {
            "id": 103,
            "active": True,
            "invoice_configuration": "MembershipInvoice",
            "membership_id": 40,
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2026-03-16T00:00:00Z",
            "due_date": "2026-04-15T00:00:00Z",
            "sub_total": "19.99",
            "sales_tax": "1.40",
            "total": "21.39",
            "balance": "21.39",
            "items": Jsonb([{"id": 1030, "total": "19.99", "generalLedgerAccount": {"id": 500, "type": "Income"}}]),
        },
        {
            "id": 104,
            "active": False,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 10}),
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2026-03-01T00:00:00Z",
            "sub_total": "77.00",
            "total": "77.00",
            "balance": "77.00",
        },
        {
            "id": 105,
            "active": True,
            "invoice_configuration": "ARImportInvoice",
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2025-11-01T00:00:00Z",
            "due_date": "2025-12-01T00:00:00Z",
            "sub_total": "300.00",
            "total": "300.00",
            "balance": "275.00",
        },
    ],
    "invoice_items": [
        {
            "id": 1000,
            "invoice_id": 100,
            "active": True,
            "total": "80.10",
            "general_ledger_account": INCOME,
            "quantity": "2",
            "sold_hours": "1.5",
        },
        {"id": 1001, "invoice_id": 100, "active": True, "total": "19.90", "general_ledger_account": LIABILITY},
        {"id": 1002, "invoice_id": 101, "active": True, "total": "-20.10", "general_ledger_account": INCOME},
        {"id": 1003, "invoice_id": 102, "active": True, "total": "500.00", "general_ledger_account": INCOME},
        {"id": 1004, "invoice_id": 104, "active": True, "total": "77.00", "general_ledger_account": INCOME},
    ],
    "payments": [
        {
            "id": 200,
            "active": True,
            "customer": Jsonb({"id": 2}),
            "date": "2026-03-05T00:00:00Z",
            "total": "60.00",
            "applied_to": Jsonb(
                [{"appliedId": 1, "appliedTo": 100, "appliedAmount": "50.00", "appliedOn": "2026-03-05T00:00:00Z"}]
            ),
        },
        {
            "id": 201,
            "active": True,
            "customer": Jsonb({"id": 1}),
            "date": "2026-03-06T00:00:00Z",
            "total": "4.00",
            "refunded_payment_id": 200,
            "applied_to": Jsonb([]),
        },
        {
            "id": 202,
            "active": True,
            "customer": Jsonb({"id": 1}),
            "date": "2026-04-02T00:00:00Z",
            "total": "500.00",
            "applied_to": Jsonb(
                [{"appliedId": 2, "appliedTo": 102, "appliedAmount": "500.00", "appliedOn": "2026-04-02T00:00:00Z"}]
            ),
        },
    ],
    "credit_memos": [
        {
            "id": 300,
            "active": True,
            "customer": Jsonb({"id": 1}),
            "date": "2026-03-01",
            "total": "25.00",
            "applied_to": Jsonb([{"appliedId": 1, "appliedTo": 105, "appliedAmount": 25.0, "appliedOn": "2026-03-01"}]),
        },
    ],
    "memberships": [
        {
            "id": 40,
            "active": True,
            "status": "Active",
            "customer_id": 1,
            "billing_frequency": "Monthly",
            "billing_template_id": 60,
            "from": "2026-03-16T00:00:00Z",
        }
    ],
    "invoice_templates": [{"id": 60, "active": True, "total": "19.99"}],
}

SUNBELT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [
        {"id": 1, "name": "Bob", "active": True},
        {"id": 2, "name": "Cleo", "active": True},
        {"id": 3, "name": "Gone", "active": True, "_deleted_at": "2026-03-02T00:00:00Z"},
    ],
    "locations": [{"id": 5, "customer_id": 2, "active": True}],
    "jobs": [
        # one second before midnight in Phoenix, where clocks never change
        {"id": 10, "job_status": "Completed", "completed_on": "2026-03-01T06:59:59Z", "customer_id": 2},
        {"id": 11, "job_status": "Completed", "completed_on": "2026-03-24T17:00:00Z", "customer_id": 1},
    ],
    "invoices": [
        {
            "id": 100,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 10}),
            "customer": Jsonb({"id": 2}),
            "invoice_date": "2026-03-03T00:00:00Z",
            "due_date": "2026-03-31T00:00:00Z",
            "sub_total": "7.01",
            "total": "7.01",
            "balance": "7.01",
        },
        {
            "id": 101,
            "active": True,
            "invoice_configuration": "CounterSales",
            "customer": Jsonb({"id": 3}),
            "invoice_date": "2026-03-20T00:00:00Z",
            "sub_total": "0.03",
            "total": "0.03",
            "balance": "0.00",
        },
        {
            "id": 102,
            "active": True,
            "invoice_configuration": "JobInvoice",
            "job": Jsonb({"id": 11}),
            "customer": Jsonb({"id": 1}),
            "invoice_date": "2026-03-25T00:00:00Z",
            "sub_total": "500.00",
            "total": "500.00",
            "balance": "-1.00",
        },
    ],
    "invoice_items": [
        {"id": 1000, "invoice_id": 100, "active": True, "total": "7.01", "general_ledger_account": INCOME},
        {"id": 1002, "invoice_id": 101, "active": True, "total": "0.03", "general_ledger_account": INCOME},
        {"id": 1003, "invoice_id": 102, "active": True, "total": "500.00", "general_ledger_account": INCOME},
    ],
    "payments": [
        {
            "id": 200,
            "active": True,
            "customer": Jsonb({"id": 1}),
            "date": "2026-03-25T00:00:00Z",
            "total": "501.00",
            "applied_to": Jsonb(
                [{"appliedId": 1, "appliedTo": 102, "appliedAmount": "501.00", "appliedOn": "2026-03-25T00:00:00Z"}]
            ),
        },
        {
            "id": 201,
            "active": True,
            "customer": Jsonb({"id": 3}),
            "date": "2026-03-20T00:00:00Z",
            "total": "0.03",
            "applied_to": Jsonb(
                [{"appliedId": 2, "appliedTo": 101, "appliedAmount": "0.03", "appliedOn": "2026-03-20T00:00:00Z"}]
            ),
        },
    ],
}


def land(url: str) -> None:
    """Register both tenants and insert their rows."""
    with psycopg.connect(url) as connection:
        for tenant_id, name, timezone in TENANTS:
            connection.execute(
                "INSERT INTO platform.tenants (tenant_id, name, timezone, start_date) VALUES (%s, %s, %s, %s)",
                [tenant_id, name, timezone, "2026-01-01"],
            )
        for tenant_id, business in ((1001, NORTHWIND), (2002, SUNBELT)):
            for resource, rows in business.items():
                for row in rows:
                    insert_row(connection, resource, tenant_id, row)


def insert_row(connection: psycopg.Connection, resource: str, tenant_id: int, row: Mapping[str, Any]) -> None:
    """One row with what the loader adds. Money arrives as text and is numeric in the table."""
    added = {"tenant_id": tenant_id, "_fetched_at": "2026-03-31T12:00:00Z", "_fetch_seq": 1}
    added["_changed_at"] = added["_fetched_at"]
    values = {name: Decimal(value) if _is_number(value) else value for name, value in {**added, **row}.items()}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier("servicetitan", resource),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() for _ in values),
    )
    connection.execute(statement, list(values.values()))


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).removeprefix("-").isdigit()

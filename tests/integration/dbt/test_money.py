"""Payments, deferred revenue, closed months and ServiceTitan's report, on hand-written rows; and checks that bite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from tests.integration.dbt.conftest import Dbt, Outcome
from tests.integration.dbt.rows import INCOME, LIABILITY, insert_row, land

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-04-15"}))
MARTS = ("fct_payments", "fct_deferred_revenue_monthly", "fct_revenue_restatements", "fct_profit_restatements",
         "fct_revenue_tie_out")  # fmt: skip
INVARIANTS = ("payments_add_up_to_what_was_paid", "deferred_revenue_rolls_forward",
              "deferred_revenue_is_the_liability_lines", "closed_months_keep_their_revenue",
              "closed_months_keep_their_profit", "revenue_ties_out_with_the_report")  # fmt: skip
BUILD = ("build", "--select", *(f"+{mart}" for mart in MARTS), *INVARIANTS, "--exclude", "test_type:unit",
         "invoice_lines_add_up_to_the_subtotal",         "--indirect-selection", "buildable", *AS_OF)  # fmt: skip

TENANTS = """
[tenants.northwind]
tenant_id = 1001
api_url = "http://127.0.0.1:1"
auth_url = "http://127.0.0.1:1"
client_id = "a"
client_secret = "b"
app_key = "c"
timezone = "America/New_York"
start_date = 2026-01-01
"""

REPORT = 'Name,Completed Jobs,Completed Revenue\nhvac,3,"$135.00"\nPlumbing,1,$30.00\nTotal,4,$165.00\n'

PAYMENT = {
    "id": 900,
    "active": True,
    "total": "75.00",
    "date": "2026-04-01T00:00:00Z",
    "customer": {"id": 1, "name": "Ada"},
    "createdOn": "2026-04-01T15:00:00Z",
    "modifiedOn": "2026-04-03T15:00:00Z",
    "appliedTo": [
        {"appliedId": 91, "appliedTo": 200, "appliedAmount": "70.00", "appliedOn": "2026-04-03T00:00:00Z"},
        {"appliedId": 92, "appliedTo": 200, "appliedAmount": "5.00", "appliedOn": "2026-04-20T00:00:00Z"},
    ],
}


def _job(number: int, status: str, completed: str) -> dict[str, Any]:
    created = "2026-03-01T12:00:00Z"
    return {"id": number, "job_status": status, "completed_on": completed, "created_on": created, "customer_id": 1,
            "business_unit_id": 30}  # fmt: skip


def _invoice(number: int, day: str, **fields: Any) -> dict[str, Any]:
    kind = "JobInvoice" if "job" in fields else "CounterSales"
    return {"id": number, "active": True, "invoice_configuration": kind, "customer": Jsonb({"id": 1}),
            "invoice_date": f"{day}T00:00:00Z", **fields}  # fmt: skip


def _item(
    number: int, invoice: int, total: str, account: Jsonb = INCOME, created: str = "2026-03-12", **fields: Any
) -> dict[str, Any]:
    return {"id": number, "invoice_id": invoice, "active": True, "total": total, "general_ledger_account": account,
            "created_on": f"{created}T12:00:00Z", **fields}  # fmt: skip


BEFORE: dict[str, list[dict[str, Any]]] = {
    "business_units": [{"id": 31, "name": "Plumbing", "active": True}],
    "jobs": [
        _job(20, "Completed", "2026-03-10T15:00:00Z"),
        _job(21, "Completed", "2026-03-11T15:00:00Z"),
        _job(22, "Completed", "2026-03-12T15:00:00Z"),
        _job(23, "InProgress", "2026-03-12T15:00:00Z"),
        _job(24, "Completed", "2026-04-05T15:00:00Z"),
    ],
    "invoices": [
        _invoice(200, "2026-03-10", job=Jsonb({"id": 20}), sub_total="300.00", total="300.00"),
        _invoice(210, "2026-03-11", job=Jsonb({"id": 21})),
        _invoice(220, "2026-03-12", job=Jsonb({"id": 22})),
        _invoice(230, "2026-03-12", job=Jsonb({"id": 23})),
        _invoice(240, "2026-03-13"),
        _invoice(250, "2026-04-05", job=Jsonb({"id": 24}), membership_id=41),
        _invoice(260, "2026-03-20", membership_id=42),
    ],
    "invoice_items": [
        _item(2000, 200, "100.00"),
        _item(2001, 200, "50.00"),
        _item(2002, 200, "30.00"),
        _item(2003, 200, "120.00", LIABILITY, membership_type_id=7),
        _item(2100, 210, "70.00"),
        _item(2200, 220, "90.00"),
        _item(2300, 230, "40.00"),
        _item(2400, 240, "11.00"),
        _item(2500, 250, "-60.00", LIABILITY, "2026-04-05", membership_type_id=7),
        _item(2501, 250, "60.00", INCOME, "2026-04-05", membership_type_id=7),
        _item(2600, 260, "80.00", LIABILITY, membership_type_id=7),
    ],
    "memberships": [
        {"id": 41, "active": True, "status": "Active", "customer_id": 1, "membership_type_id": 7,
         "from": "2026-03-10T00:00:00Z"},
        {"id": 42, "active": True, "status": "Canceled", "customer_id": 1, "membership_type_id": 7,
         "from": "2026-03-20T00:00:00Z", "cancellation_date": "2026-04-02T00:00:00Z"},
    ],
}  # fmt: skip

LATER: dict[str, list[dict[str, Any]]] = {
    "invoices": [_invoice(270, "2026-03-28", adjustment_to_id=100), _invoice(280, "2026-03-29")],
    "invoice_items": [
        _item(2700, 270, "-5.00", created="2026-04-16"),
        _item(2800, 280, "8.00", created="2026-04-16"),
    ],
}

CHANGES = """
    UPDATE servicetitan.invoice_items SET total = 95 WHERE tenant_id = 1001 AND id = 2000;
    UPDATE servicetitan.invoice_items SET active = false WHERE tenant_id = 1001 AND id = 2001;
    UPDATE servicetitan.invoice_items SET business_unit = '{"id": 31}' WHERE tenant_id = 1001 AND id = 2002;
    UPDATE servicetitan.jobs SET job_status = 'InProgress' WHERE tenant_id = 1001 AND id = 21;
    UPDATE servicetitan.jobs SET completed_on = '2026-04-02T15:00:00Z' WHERE tenant_id = 1001 AND id = 22;
    UPDATE servicetitan.jobs SET job_status = 'Completed', completed_on = '2026-03-14T15:00:00Z'
        WHERE tenant_id = 1001 AND id = 23;
    UPDATE servicetitan.invoices SET invoice_date = '2026-02-20T00:00:00Z' WHERE tenant_id = 1001 AND id = 240;
"""


def money(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def _insert(url: str, resources: dict[str, list[dict[str, Any]]]) -> None:
    with psycopg.connect(url) as connection:
        for resource, rows in resources.items():
            for row in rows:
                insert_row(connection, resource, 1001, row)


@pytest.fixture(scope="module")
def command(dbt: Dbt) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`st-platform …` on the module's database, in a folder with one tenant."""
    folder = dbt.folder / "work"
    folder.mkdir()
    (folder / "tenants.toml").write_text(TENANTS)
    (folder / "report.csv").write_text(REPORT)
    (folder / "payments.jsonl").write_text(json.dumps(PAYMENT) + "\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ST_", "DATABASE_"))}
    script = str(Path(sys.executable).parent / "st-platform")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        parts = conninfo_to_dict(dbt.url)
        server = f"{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts['port']}"
        environment["DATABASE_URL"] = f"postgresql://{server}/{parts['dbname']}"
        return subprocess.run(
            [script, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def closed(dbt: Dbt, command: Callable[..., subprocess.CompletedProcess[str]]) -> Outcome:
    """Both months closed on the figures of a first build, then changed, reported by ServiceTitan, and built again."""
    land(dbt.url)
    _insert(dbt.url, BEFORE)
    landed = command("ingest-file", "payments", "payments.jsonl", "--tenant", "northwind")
    assert landed.returncode == 0, landed.stderr
    first = dbt(*BUILD)
    assert first.code == 0, first.output
    for month in ("2026-02", "2026-03"):
        answer = command("periods", "close", month, "--tenant", "northwind", "--note", "board")
        assert answer.returncode == 0, answer.stderr
    with psycopg.connect(dbt.url) as connection:
        connection.execute(CHANGES.encode())
    _insert(dbt.url, LATER)
    told = command("tie-out", "report.csv", "--month", "2026-03", "--tenant", "northwind")
    assert told.returncode == 0, told.stderr
    return dbt(*BUILD)


def test_everything_builds_with_closed_months(closed: Outcome) -> None:
    assert closed.code == 0, closed.output


def test_a_payment_is_its_applications_and_what_is_left(closed: Outcome, query: Query) -> None:
    rows = query(
        "SELECT payment_id, applied_id, invoice_id, applied_on, days_to_pay, amount, is_refund"
        " FROM marts_finance.fct_payments WHERE tenant_id = 1001 ORDER BY payment_id, applied_id NULLS LAST"
    )
    assert rows == [
        (200, 1, 100, date(2026, 3, 5), 4, Decimal("50.00"), False),
        (200, None, None, None, None, Decimal("10.00"), False),
        (201, None, None, None, None, Decimal("-4.00"), True),
        (202, 2, 102, date(2026, 4, 2), 8, Decimal("500.00"), False),
        (900, 91, 200, date(2026, 4, 3), 24, Decimal("70.00"), False),
        (900, None, None, None, None, Decimal("5.00"), False),
    ]


def test_what_members_are_owed_rolls_forward(closed: Outcome, query: Query) -> None:
    rows = query(
        "SELECT membership_id, to_char(month, 'MM'), opening_amount, billed_amount, recognised_amount,"
        " cancelled_amount, closing_amount FROM marts_finance.fct_deferred_revenue_monthly WHERE tenant_id = 1001"
        " ORDER BY 1, 2"
    )
    assert rows == [
        (-1, "02", *money("0", "19.90", "0", "0", "19.90")),
        (-1, "03", *money("19.90", "0", "0", "0", "19.90")),
        (-1, "04", *money("19.90", "0", "0", "0", "19.90")),
        (41, "03", *money("0", "120", "0", "0", "120")),
        (41, "04", *money("120", "0", "60", "0", "60")),
        (42, "03", *money("0", "80", "0", "0", "80")),
        (42, "04", *money("80", "0", "0", "80", "0")),
    ]


def test_what_changes_in_a_closed_month_is_a_restatement_with_its_cause(closed: Outcome, query: Query) -> None:
    by_cause = (
        "SELECT cause, sum(as_closed_amount), sum(restated_amount), sum(delta_amount)"
        " FROM marts_finance.fct_revenue_restatements WHERE tenant_id = 1001 AND month = %s GROUP BY 1 ORDER BY 1"
    )
    assert query(by_cause, ["2026-03-01"]) == [
        ("adjustment", *money("0", "-5", "-5")),
        ("changed_business_unit", *money("30", "30", "0")),
        ("changed_line", *money("100", "95", "-5")),
        ("deleted_line", *money("50", "0", "-50")),
        ("late_line", *money("0", "8", "8")),
        ("moved_date", *money("11", "0", "-11")),
        ("moved_job_completion", *money("90", "40", "-50")),
        ("reopened_job", *money("70", "0", "-70")),
        ("unchanged", *money("-0.11", "-0.11", "0")),
    ]
    assert query(by_cause, ["2026-02-01"]) == [
        ("moved_date", *money("0", "11", "11")),
        ("unchanged", *money("80.10", "80.10", "0")),
    ]
    units = query(
        "SELECT business_unit_id, as_closed_amount, restated_amount FROM marts_finance.fct_revenue_restatements"
        " WHERE cause = 'changed_business_unit' ORDER BY 1"
    )
    assert units == [(30, *money("30", "0")), (31, *money("0", "30"))]


def test_profit_of_a_closed_month_is_shown_as_closed_and_restated(closed: Outcome, query: Query) -> None:
    rows = query(
        "SELECT to_char(month, 'MM'), cause, sum(as_closed_amount), sum(restated_amount)"
        " FROM marts_finance.fct_profit_restatements WHERE component = 'revenue' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert rows == [
        ("02", "changed_revenue", *money("60", "55")),
        ("03", "changed_revenue", *money("180", "125")),
        ("03", "moved_job_completion", *money("90", "40")),
        ("03", "reopened_job", *money("70", "0")),
    ]


def test_a_report_of_completed_revenue_ties_out(closed: Outcome, query: Query) -> None:
    rows = query(
        "SELECT business_unit_name, reported_amount, revenue_amount, adjustment_amount, non_job_amount, bypass_amount,"
        " timing_amount, unexplained_amount FROM marts_finance.fct_revenue_tie_out ORDER BY lower(business_unit_name)"
    )
    assert rows == [
        ("hvac", *money("135", "109.90", "-25.10", "0", "0", "0", "0")),
        ("No business unit", *money("0", "27.99", "0", "27.99", "0", "0", "0")),
        ("Plumbing", *money("30", "30", "0", "0", "0", "0", "0")),
    ]


def test_frozen_figures_cannot_be_changed_and_a_month_is_closed_once(
    closed: Outcome, query: Query, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for statement in (
        "UPDATE platform.closed_revenue_lines SET revenue_amount = 0",
        "DELETE FROM platform.closed_job_profits",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="not changed"):
            query(statement)
    again = command("periods", "close", "2026-03", "--tenant", "northwind")
    assert (again.returncode, "is closed already" in again.stderr) == (1, True)
    early = command("periods", "close", "2026-04", "--tenant", "northwind")
    assert (early.returncode, "not over" in early.stderr) == (1, True)
    wrong = command("periods", "close", "2026-13", "--tenant", "northwind")
    assert (wrong.returncode, "is no month" in wrong.stderr) == (2, True)
    listed = json.loads(command("periods", "list", "--json").stdout)
    assert [(one["month"], one["note"], one["reopened_at"]) for one in listed] == [
        ("2026-02-01", "board", None),
        ("2026-03-01", "board", None),
    ]


def test_broken_figures_of_money_are_caught(closed: Outcome, dbt: Dbt, query: Query) -> None:
    query("UPDATE marts_finance.fct_payments SET amount = amount + 0.01 WHERE applied_id = 91")
    query("UPDATE marts_finance.fct_deferred_revenue_monthly SET billed_amount = billed_amount + 0.01")
    query("UPDATE marts_finance.fct_revenue_restatements SET as_closed_amount = as_closed_amount + 0.01")
    query("DELETE FROM marts_finance.fct_profit_restatements WHERE cause = 'reopened_job'")
    query(
        "UPDATE marts_finance.fct_revenue_tie_out SET reported_amount = 134, unexplained_amount = 1"
        " WHERE business_unit_name = 'hvac'"
    )
    outcome = dbt("test", "--select", *INVARIANTS, *AS_OF)
    assert {name for name, status in outcome.statuses.items() if status == "fail"} == set(INVARIANTS), outcome.output


def test_a_month_can_be_reopened_once(
    closed: Outcome, query: Query, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert command("periods", "reopen", "2026-02", "--tenant", "northwind", "--note", "wrong").returncode == 0
    assert command("periods", "reopen", "2026-02", "--tenant", "northwind").returncode == 1
    assert query("SELECT count(*) FROM platform.closed_periods WHERE reopened_at IS NULL") == [(1,)]

"""A week of three technicians, from saved API rows to their marts: figures to the cent, refreshes, checks that bite."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.dbt.conftest import Dbt, Land, Outcome

Query = Callable[..., list[tuple[Any, ...]]]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-04-30"}))
TIMES = ("int_time_intervals", "fct_time_intervals")
MARTS = ("fct_time_intervals", "fct_recalls", "fct_technician_daily", "fct_technician_monthly")

ANA, BEN, CEM = 7, 8, 9


def timesheet(id: int, job: int, technician: int, sent: str | None, arrived: str, done: str | None) -> dict[str, Any]:
    times = {"dispatchedOn": sent, "arrivedOn": arrived, "doneOn": done, "modifiedOn": arrived}
    return {"id": id, "jobId": job, "technicianId": technician, "active": True, **times}


def pay(
    id: int, technician: int, day: str, hours: str, amount: str, job: int = 0, kind: str = "Regular"
) -> dict[str, Any]:
    what = {"grossPayItemType": "TimesheetTime", "paidTimeType": kind, "employeeType": "Technician"}
    when = {"date": f"{day}T00:00:00Z", "modifiedOn": f"{day}T23:00:00Z"}
    return {
        "id": id,
        "employeeId": technician,
        "jobId": job,
        "amount": amount,
        "paidDurationHours": hours,
        **what,
        **when,
    }


# Job 10 is Ana's and Ben's; Cem does it again as job 11, from before to after midnight in New York; job 12 is there
# while Ana is still on job 10; job 13 does again what nobody knows.
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [{"id": 1, "name": "Ada", "active": True, "modifiedOn": "2026-03-01T00:00:00Z"}],
    "technicians": [
        {"id": id, "name": name, "active": True, "modifiedOn": "2026-03-01T00:00:00Z"}
        for id, name in ((ANA, "Ana"), (BEN, "Ben"), (CEM, "Cem"))
    ],
    "jobs": [
        {
            "id": id,
            "jobNumber": str(id),
            "jobStatus": "Completed",
            "customerId": 1,
            "noCharge": recall > 0,
            "recallForId": recall or None,
            "createdOn": created,
            "completedOn": completed,
            "modifiedOn": completed,
            "active": True,
        }
        for id, recall, created, completed in (
            (10, 0, "2026-03-09T14:00:00Z", "2026-03-10T17:00:00Z"),
            (11, 10, "2026-03-20T14:00:00Z", "2026-03-22T03:59:00Z"),
            (12, 0, "2026-03-10T14:00:00Z", "2026-03-10T18:00:00Z"),
            (13, 99, "2026-03-10T14:00:00Z", "2026-03-11T18:00:00Z"),
        )
    ],
    "job_splits": [
        {
            "id": id,
            "jobId": job,
            "technicianId": technician,
            "split": split,
            "active": True,
            "modifiedOn": "2026-03-22T04:00:00Z",
        }
        for id, job, technician, split in ((1, 10, ANA, 75), (2, 10, BEN, 25), (3, 11, CEM, 100))
    ],
    "job_timesheets": [
        timesheet(1, 10, ANA, "2026-03-10T13:00:00Z", "2026-03-10T14:00:00Z", "2026-03-10T17:00:00Z"),
        timesheet(2, 10, BEN, None, "2026-03-10T15:00:00Z", "2026-03-10T16:00:00Z"),
        timesheet(3, 11, CEM, None, "2026-03-22T03:00:00Z", "2026-03-22T05:00:00Z"),
        timesheet(4, 12, ANA, None, "2026-03-10T16:00:00Z", "2026-03-10T18:00:00Z"),
    ],
    "gross_pay_items": [
        pay(1, ANA, "2026-03-10", "4", "100.00", job=10),
        pay(2, ANA, "2026-03-10", "4", "80.00"),
        pay(3, ANA, "2026-03-11", "8", "160.00", kind="PaidTimeOff"),
        pay(4, CEM, "2026-03-21", "2", "80.00", job=11),
    ],
    "invoices": [
        {
            "id": 100,
            "active": True,
            "invoiceConfiguration": "JobInvoice",
            "job": {"id": 10},
            "customer": {"id": 1},
            "invoiceDate": "2026-03-10T00:00:00Z",
            "subTotal": "400.01",
            "total": "400.01",
            "modifiedOn": "2026-03-10T18:00:00Z",
        }
    ],
    "invoice_items": [
        {
            "id": 1000,
            "invoiceId": 100,
            "active": True,
            "total": "400.01",
            "quantity": "1",
            "soldHours": "3",
            "generalLedgerAccount": {"id": 500, "type": "Income"},
            "modifiedOn": "2026-03-10T18:00:00Z",
        }
    ],
}


@pytest.fixture(scope="module")
def built(dbt: Dbt, land: Land) -> Outcome:
    for resource, rows in ROWS.items():
        land(resource, rows)
    select = [f"+{mart}" for mart in MARTS]
    return dbt(
        "build",
        *AS_OF,
        "--select",
        *select,
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "buildable",
    )


def test_it_builds_and_says_what_is_odd(built: Outcome) -> None:
    """A recall without its first job, and Ben, who clocked time that nobody paid."""
    assert built.code == 0, built.output
    assert {name for name, status in built.statuses.items() if status not in {"success", "pass"}} == {
        "every_recall_has_its_first_job",
        "timesheets_say_no_more_than_was_paid",
    }


def test_each_minute_counts_once(built: Outcome, query: Query) -> None:
    """Ana is at two jobs from 16:00 to 17:00 UTC; Cem works through midnight."""
    rows = query(
        "SELECT timesheet_id, interval_type, work_on_local, hours FROM marts_field.fct_time_intervals ORDER BY 1, 2, 3"
    )
    tenth, night = date(2026, 3, 10), date(2026, 3, 21)
    assert rows == [
        (1, "drive", tenth, Decimal("1.0000")),
        (1, "onsite", tenth, Decimal("2.5000")),
        (2, "onsite", tenth, Decimal("1.0000")),
        (3, "onsite", night, Decimal("1.0000")),
        (3, "onsite", date(2026, 3, 22), Decimal("1.0000")),
        (4, "onsite", tenth, Decimal("1.5000")),
    ]


def test_a_technicians_days_are_right_to_the_cent(built: Outcome, query: Query) -> None:
    """400.01 is split 75 to 25; Cem's recall costs 80 of pay and 20 of burden, which Ana and Ben bear."""
    rows = query(
        "SELECT technician_name, work_date, revenue_amount, completed_jobs, unapplied_hours, unapplied_cost,"
        " callback_charged, callback_relieved, recalls_caused, net_profit"
        " FROM marts_field.fct_technician_daily ORDER BY work_date, technician_id"
    )
    shown = [(name, day.day, *map(str, numbers)) for name, day, *numbers in rows]
    assert shown == [
        ("Ana", 10, "300.01", "2", "3.0000", "100.00", "0.00", "0.00", "0", "75.01"),
        ("Ben", 10, "100.00", "1", "-1.0000", "0.00", "0.00", "0.00", "0", "100.00"),
        ("Unassigned", 11, "0.00", "1", "0.0000", "0.00", "0.00", "0.00", "0", "0.00"),
        ("Ana", 11, "0.00", "0", "0.0000", "200.00", "0.00", "0.00", "0", "-200.00"),
        ("Ana", 21, "0.00", "0", "0.0000", "0.00", "75.00", "0.00", "1", "-75.00"),
        ("Ben", 21, "0.00", "0", "0.0000", "0.00", "25.00", "0.00", "1", "-25.00"),
        ("Cem", 21, "0.00", "1", "1.0000", "0.00", "0.00", "100.00", "0", "0.00"),
        ("Cem", 22, "0.00", "0", "-1.0000", "0.00", "0.00", "0.00", "0", "0.00"),
    ]


def test_a_month_has_the_rates_of_its_sums(built: Outcome, query: Query) -> None:
    """Ana: paid 16 hours, 8 of them off; 4 on site, 1 on the road; 2.25 of 3 hours sold; two jobs for 300.01."""
    rows = query(
        "SELECT worked_hours, utilisation, billable_efficiency, productivity, avg_ticket, unapplied_hours, net_profit"
        " FROM marts_field.fct_technician_monthly WHERE technician_id = 7 AND work_month = '2026-03-01'"
    )
    assert [tuple(map(str, row)) for row in rows] == [
        ("8.0000", "0.500000", "0.562500", "0.281250", "150.01", "3.0000", "-199.99")
    ]


def test_a_recall_has_its_first_job_and_its_cost(built: Outcome, query: Query) -> None:
    rows = query(
        "SELECT job_id, root_job_id, root_technician_ids, days_since, direct_cost, is_counted"
        " FROM marts_field.fct_recalls ORDER BY 1"
    )
    assert rows == [
        (11, 10, "7,8", 10, Decimal("100.00"), True),
        (13, None, "-1", None, Decimal("0.00"), False),
    ]


# What is broken in the built tables, and the invariant that must notice.
BROKEN = {
    "UPDATE marts_field.fct_time_intervals SET hours = hours + 0.01 WHERE timesheet_id = 2": (
        "technicians_minutes_count_once"
    ),
    "UPDATE intermediate.int_jobs__technician_weights SET weight = 0.7 WHERE job_id = 12": (
        "jobs_belong_wholly_to_their_technicians"
    ),
    "UPDATE marts_field.fct_technician_daily SET revenue_amount = revenue_amount - 0.01 WHERE technician_id = 8": (
        "technicians_earn_what_the_jobs_earn"
    ),
    "UPDATE marts_field.fct_technician_daily SET paid_hours = paid_hours + 1 WHERE work_date = '2026-03-11'": (
        "technicians_hours_are_all_there"
    ),
    "UPDATE marts_field.fct_technician_monthly SET net_profit = net_profit + 0.01 WHERE technician_id = 9": (
        "technicians_months_are_their_days"
    ),
    "DELETE FROM marts_field.fct_recalls WHERE job_id = 13": "every_recall_is_a_row",
}


def test_each_invariant_notices_what_is_broken(built: Outcome, dbt: Dbt, query: Query) -> None:
    for statement in BROKEN:
        query(statement)
    outcome = dbt("test", *AS_OF, "--select", *BROKEN.values())
    assert {name: outcome.statuses[name] for name in BROKEN.values()} == dict.fromkeys(BROKEN.values(), "fail")
    assert query("SELECT job_id FROM test_failures.every_recall_is_a_row") == [(13,)]
    assert (9,) in query("SELECT technician_id FROM test_failures.technicians_months_are_their_days")


INTERVALS = "SELECT * FROM marts_field.fct_time_intervals ORDER BY time_interval_key"
WRITTEN = "SELECT time_interval_key, xmin::text FROM marts_field.fct_time_intervals WHERE timesheet_id = 3 ORDER BY 1"


def test_a_refresh_by_timesheet_comes_to_what_a_full_one_does(
    built: Outcome, dbt: Dbt, land: Land, query: Query
) -> None:
    """Timesheet 1 ends later, which changes 4 as well; 2 is taken back, 5 is new; 3 is not written again."""
    before, untouched = query(INTERVALS), query(WRITTEN)
    later = timesheet(1, 10, ANA, "2026-03-10T13:00:00Z", "2026-03-10T14:00:00Z", "2026-03-10T17:30:00Z")
    gone = timesheet(2, 10, BEN, None, "2026-03-10T15:00:00Z", "2026-03-10T16:00:00Z") | {"active": False}
    new = timesheet(5, 12, BEN, None, "2026-03-11T15:00:00Z", None)
    land("job_timesheets", [row | {"modifiedOn": "2026-03-30T00:00:00Z"} for row in (later, gone, new)])
    refreshed = dbt("run", *AS_OF, "--select", *TIMES)
    assert refreshed.code == 0, refreshed.output
    by_timesheet = query(INTERVALS)
    assert query(WRITTEN) == untouched
    full = dbt("run", *AS_OF, "--select", *TIMES, "--full-refresh")
    assert full.code == 0, full.output
    assert by_timesheet == query(INTERVALS) != before
    assert query(WRITTEN) != untouched
    hours = (
        "SELECT timesheet_id, hours FROM marts_field.fct_time_intervals WHERE interval_type = 'onsite' ORDER BY 1, 2"
    )
    assert [(id, str(spent)) for id, spent in query(hours)] == [
        (1, "2.7500"),
        (3, "1.0000"),
        (3, "1.0000"),
        (4, "1.2500"),
        (5, "0.0000"),
    ]

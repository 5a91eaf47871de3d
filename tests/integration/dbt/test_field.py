"""A week of three technicians, from saved API rows to their marts: figures to the cent, refreshes, checks that bite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from st_platform.ingest.files import ingest_file
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.tenant import ENDPOINTS, Credentials, Environment, Tenant
from st_platform.warehouse.database import LOADER, Database
from st_platform.warehouse.tenants import register
from tests.integration.dbt.conftest import Dbt, Outcome

Query = Callable[..., list[tuple[Any, ...]]]
Land = Callable[[str, Sequence[Mapping[str, Any]]], None]

AS_OF = ("--vars", json.dumps({"as_of_date": "2026-04-30"}))
TIMES = ("int_time_intervals", "fct_time_intervals")
MARTS = ("fct_time_intervals", "int_jobs__technician_weights", "int_technicians__daily_work")

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
def land(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """Rows in the API's shape, landed from a file as `ingest-file` does."""
    folder: Path = tmp_path_factory.mktemp("rows")
    endpoints, credentials = ENDPOINTS[Environment.INTEGRATION], Credentials("id", "secret", "key")
    zone, start = ZoneInfo("America/New_York"), date(2026, 1, 1)
    tenant = Tenant("northwind", 1001, Environment.INTEGRATION, endpoints, credentials, zone, start)
    database = Database(module_database_url, role=LOADER)
    with database.connection() as connection:
        register(connection, [tenant])

    def land_rows(resource: str, rows: Sequence[Mapping[str, Any]]) -> None:
        file = folder / f"{resource}.jsonl"
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
        report = ingest_file(CATALOG[resource], tenant, file, database=database)
        assert report.quarantined == 0

    yield land_rows
    database.close()


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
    """A recall without its first job."""
    assert built.code == 0, built.output
    assert {name for name, status in built.statuses.items() if status not in {"success", "pass"}} == {
        "every_recall_has_its_first_job",
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


# What is broken in the built tables, and the invariant that must notice.
BROKEN = {
    "UPDATE marts_field.fct_time_intervals SET hours = hours + 0.01 WHERE timesheet_id = 2": (
        "technicians_minutes_count_once"
    ),
    "UPDATE intermediate.int_jobs__technician_weights SET weight = 0.7 WHERE job_id = 12": (
        "jobs_belong_wholly_to_their_technicians"
    ),
}


def test_each_invariant_notices_what_is_broken(built: Outcome, dbt: Dbt, query: Query) -> None:
    for statement in BROKEN:
        query(statement)
    outcome = dbt("test", *AS_OF, "--select", *BROKEN.values())
    assert {name: outcome.statuses[name] for name in BROKEN.values()} == dict.fromkeys(BROKEN.values(), "fail")


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

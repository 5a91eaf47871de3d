"""Rows of the field work as the API shows them: every id that a row names is there, and rows tell one story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from st_platform.simulator.business.profile import PROFILES, SIZES
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import DAY, HOUR, day_ticks, text
from st_platform.simulator.table import Table
from st_platform.simulator.tables import tables_of
from tests.unit.simulator.books import Books, read_books

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
MOMENTS = (NOW - 300 * DAY, NOW - 30 * DAY, NOW, NOW + 100 * DAY)

OPENED = text(day_ticks(ANCHOR) - 365 * DAY)
"""Rows that were brought over from an older system are older than the settings that they name."""

_REFERENCES = (
    ("appointments", "jobId", "jobs"),
    ("appointments", "customerId", "customers"),
    ("appointments", "createdById", "employees"),
    ("appointments", "appointmentSummaries.technicianId", "technicians"),
    ("appointment_assignments", "technicianId", "technicians"),
    ("appointment_assignments", "appointmentId", "appointments"),
    ("appointment_assignments", "jobId", "jobs"),
    ("appointment_assignments", "assignedById", "employees"),
    ("job_history", "jobId", "jobs"),
    ("job_canceled_logs", "jobId", "jobs"),
    ("job_canceled_logs", "reasonId", "job_cancel_reasons"),
    ("projects", "customerId", "customers"),
    ("projects", "locationId", "locations"),
    ("projects", "jobIds", "jobs"),
    ("projects", "businessUnitIds", "business_units"),
    ("projects", "projectManagerIds", "employees"),
    ("technician_ratings", "technicianId", "technicians"),
    ("technician_ratings", "jobId", "jobs"),
    ("dispatch_zones", "technicians", "technicians"),
    ("dispatch_zones", "businessUnits", "business_units"),
    ("technician_shifts", "technicianId", "technicians"),
    ("technician_shifts", "timesheetCodeId", "payroll_timesheet_codes"),
    ("non_job_appointments", "technicianId", "technicians"),
    ("non_job_appointments", "timesheetCodeId", "payroll_timesheet_codes"),
    ("technicians", "mainZoneId", "dispatch_zones"),
    ("technicians", "zoneIds", "dispatch_zones"),
    ("locations", "zoneId", "dispatch_zones"),
    ("jobs", "projectId", "projects"),
    ("jobs", "firstAppointmentId", "appointments"),
    ("jobs", "lastAppointmentId", "appointments"),
    ("invoices", "projectId", "projects"),
    ("jobs", "tagTypeIds", "tag_types"),
    ("customers", "tagTypeIds", "tag_types"),
    ("locations", "tagTypeIds", "tag_types"),
)
_FOLLOWS = {
    "Scheduled": {"Scheduled", "Canceled"},
    "Dispatched": {"Dispatched"},
    "InProgress": {"Working", "Scheduled", "Dispatched"},
    "Hold": {"Scheduled", "Dispatched"},
    "Completed": {"Done"},
    "Canceled": {"Canceled"},
}
"""The status of a job's last appointment by that of the job: a next visit may still be ahead of it."""


@pytest.fixture(scope="module", params=PROFILES, ids=lambda profile: profile.name)
def tables(request: pytest.FixtureRequest) -> list[Table]:
    return tables_of(run_business(2, request.param, SIZES["tiny"], ANCHOR))


@pytest.fixture(scope="module")
def books(tables: list[Table]) -> Books:
    return read_books(tables, NOW)


def disagreements(books: Books) -> list[str]:
    """Ids that nothing has, and rows that contradict each other."""
    return [*_loose_ends(books), *_jobs_and_visits(books), *_projects(books)]


def _values(row: Any, path: str) -> Iterator[Any]:
    head, _, rest = path.partition(".")
    value = row[head]
    for one in value if isinstance(value, list) else [value]:
        if one is not None:
            yield from _values(one, rest) if rest else [one]


def _loose_ends(books: Books) -> Iterator[str]:
    for resource, path, parent in _REFERENCES:
        for number, row in books[resource].items():
            for value in _values(row, path):
                if value not in books[parent]:
                    yield f"{resource} {number}: {path} {value} is not in {parent}"
                elif row.get("createdOn", "") >= OPENED and books[parent][value]["createdOn"] > _last_touch(row):
                    yield f"{resource} {number}: {path} {value} is younger than the row"


def _last_touch(row: Any) -> str:
    return row.get("modifiedOn") or row["createdOn"]


def _jobs_and_visits(books: Books) -> Iterator[str]:
    visits: dict[int, list[Any]] = {}
    for row in books["appointments"].values():
        visits.setdefault(row["jobId"], []).append(row)
    for number, job in books["jobs"].items():
        mine = sorted(visits.get(number, []), key=lambda row: row["appointmentNumber"])
        if [job["appointmentCount"], job["firstAppointmentId"], job["lastAppointmentId"]] != [
            len(mine),
            *(mine[place]["id"] for place in (0, -1) if mine),
        ]:
            yield f"jobs {number}: names {job['appointmentCount']} appointments, there are {len(mine)}"
        elif mine[-1]["status"] not in _FOLLOWS[job["jobStatus"]]:
            yield f"jobs {number}: {job['jobStatus']}, its last appointment is {mine[-1]['status']}"
        told = [event["eventType"] for event in books["job_history"][number]["history"]]
        if ("Job Canceled" in told) != (job["jobStatus"] == "Canceled"):
            yield f"jobs {number}: {job['jobStatus']}, its history says {told}"
    logged = {row["jobId"] for row in books["job_canceled_logs"].values()}
    canceled = {number for number, job in books["jobs"].items() if job["jobStatus"] == "Canceled"}
    if logged != canceled:
        yield f"job_canceled_logs: {logged ^ canceled} are logged or cancelled, not both"
    for number, row in books["appointment_assignments"].items():
        visit = books["appointments"].get(row["appointmentId"])
        if visit is not None and row["jobId"] != visit["jobId"]:
            yield f"appointment_assignments {number}: its appointment belongs to another job"


def _projects(books: Books) -> Iterator[str]:
    named = {number: job["projectId"] for number, job in books["jobs"].items() if job["projectId"] is not None}
    listed = {job: number for number, row in books["projects"].items() for job in row["jobIds"]}
    if named != listed:
        yield f"projects: jobs name {named}, projects list {listed}"


@pytest.mark.parametrize("at", MOMENTS, ids=lambda at: text(at)[:10])
def test_rows_of_the_field_work_agree_at_any_moment(tables: list[Table], at: int) -> None:
    assert disagreements(read_books(tables, at)) == []


def _lost_technician(books: Books) -> None:
    books["technicians"].pop(next(iter(books["appointment_assignments"].values()))["technicianId"])


def _lost_visit(books: Books) -> None:
    books["appointments"].pop(next(iter(books["jobs"].values()))["lastAppointmentId"])


def _silent_cancellation(books: Books) -> None:
    books["job_canceled_logs"].popitem()


def _strange_project(books: Books) -> None:
    next(row for row in books["jobs"].values() if row["projectId"] is None)["projectId"] = 60_000_001


def _younger_job(books: Books) -> None:
    row = next(iter(books["appointments"].values()))
    books["jobs"][row["jobId"]]["createdOn"] = "2099-01-01T00:00:00.0000000Z"


@pytest.mark.parametrize(
    "breaking", [_lost_technician, _lost_visit, _silent_cancellation, _strange_project, _younger_job]
)
def test_rows_that_disagree_are_noticed(tables: list[Table], breaking: Callable[[Books], None]) -> None:
    books = read_books(tables, NOW)
    breaking(books)
    assert disagreements(books) != []


def test_events_have_numbers_of_their_own_and_stay_as_they_are(tables: list[Table], books: Books) -> None:
    numbers = [event["id"] for row in books["job_history"].values() for event in row["history"]]
    assert len(set(numbers)) == len(numbers)
    earlier = read_books(tables, NOW - 60 * DAY)["job_history"]
    for number, row in earlier.items():
        assert books["job_history"][number]["history"][: len(row["history"])] == row["history"]
    longest = max(books["job_history"].values(), key=lambda row: len(row["history"]))
    dates = [event["date"] for event in longest["history"]]
    assert dates == sorted(dates)


def test_a_history_is_modified_whenever_something_happens_to_the_job(tables: list[Table]) -> None:
    table = next(one for one in tables if one.resource == "job_history")
    latest = read_books([table], NOW)["job_history"]
    for row in table.existing(NOW).tolist():
        own = table.versions.by_row[table.versions.starts[row] : table.versions.starts[row + 1]]
        moments = {text(moment) for moment in table.versions.times[own].tolist() if moment <= NOW}
        assert moments == {event["date"] for event in latest[table.first_id + row]["history"]}


def test_every_kind_of_row_that_occurs_in_practice_occurs(books: Books) -> None:
    statuses = {row["status"] for row in books["appointments"].values()}
    assert {"Scheduled", "Done", "Canceled"} <= statuses
    assert {row["isConfirmed"] for row in books["appointments"].values()} == {True, False}
    assert {row["shiftType"] for row in books["technician_shifts"].values()} == {"Normal", "OnCall", "TimeOff"}
    for resource in (
        "appointments",
        "appointment_assignments",
        "technician_ratings",
        "technician_shifts",
        "non_job_appointments",
        "dispatch_zones",
        "tag_types",
        "job_cancel_reasons",
    ):
        assert {row["active"] for row in books[resource].values()} == {True, False}, resource


def test_zips_of_zones_are_those_of_the_towns(books: Books) -> None:
    zips = [one for zone in books["dispatch_zones"].values() for one in zone["zips"]]
    assert len(set(zips)) == len(zips)
    for place in books["locations"].values():
        if place["zoneId"] is not None:
            assert place["address"]["zip"] in books["dispatch_zones"][place["zoneId"]]["zips"]
    for zone in books["dispatch_zones"].values():
        for technician in zone["technicians"]:
            assert zone["id"] in books["technicians"][technician]["zoneIds"]

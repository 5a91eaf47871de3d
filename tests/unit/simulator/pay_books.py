"""An auditor of the simulated payroll: reads rows as the API shows them and lists everything that does not add up.

Knows the API's JSON and the tenant's time zone only, nothing of how the rows were generated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from st_platform.simulator.instants import HOUR, parse
from tests.unit.simulator.books import Books, cents

PAY = (
    "employees",
    "payroll_settings",
    "payroll_timesheet_codes",
    "payrolls",
    "job_timesheets",
    "non_job_timesheets",
    "job_splits",
    "payroll_adjustments",
    "gross_pay_items",
)
_REFERENCES = (
    ("employees", "managerId", "employees"),
    ("payroll_settings", "managerId", "employees"),
    ("job_timesheets", "jobId", "jobs"),
    ("job_timesheets", "appointmentId", "appointments"),
    ("job_timesheets", "technicianId", "technicians"),
    ("non_job_timesheets", "timesheetCodeId", "payroll_timesheet_codes"),
    ("job_splits", "jobId", "jobs"),
    ("job_splits", "technicianId", "technicians"),
    ("payroll_adjustments", "invoiceId", "invoices"),
    ("gross_pay_items", "payrollId", "payrolls"),
    ("gross_pay_items", "jobId", "jobs"),
    ("gross_pay_items", "projectId", "projects"),
    ("gross_pay_items", "invoiceId", "invoices"),
    ("gross_pay_items", "invoiceItemId", "invoice_items"),
    ("gross_pay_items", "customerId", "customers"),
    ("gross_pay_items", "locationId", "locations"),
)
_PEOPLE = ("payrolls", "non_job_timesheets", "payroll_adjustments", "gross_pay_items", "payroll_settings")
_TIMES = ("createdOn", "modifiedOn", "dispatchedOn", "arrivedOn", "canceledOn", "doneOn", "managerApprovedOn")
_FULL_WEEK = Decimal(40)
_A_PART = Decimal("0.0001")


def pay_discrepancies(books: Books, at: int, timezone: str) -> list[str]:
    """What is wrong at the instant the books were read, one line each; empty when all is well."""
    zone = ZoneInfo(timezone)
    return [
        *_references(books),
        *_nothing_of_the_future(books, at),
        *_within_payrolls(books, zone),
        *_hours(books, at),
        *_overtime(books),
        *_commissions(books),
        *_corrections(books, at),
        *_splits(books),
        *_statuses(books, at),
    ]


def _references(books: Books) -> Iterator[str]:
    for resource, field, parent in _REFERENCES:
        for key, row in books[resource].items():
            value = row[field]
            if not value or parent not in books:
                continue
            if value not in books[parent]:
                yield f"{resource} {key}: {field} {value} is not in {parent}"
            elif row["createdOn"] < books[parent][value].get("createdOn", ""):
                yield f"{resource} {key}: made before {field} {value}"
    for resource in _PEOPLE:
        for key, row in books[resource].items():
            people = books["technicians" if row["employeeType"] == "Technician" else "employees"]
            if row["employeeId"] not in people:
                yield f"{resource} {key}: {row['employeeType']} {row['employeeId']} does not exist"
            elif row["createdOn"] < people[row["employeeId"]]["createdOn"]:
                yield f"{resource} {key}: made before {row['employeeType']} {row['employeeId']}"
    kinds = {
        "Driving": "job_timesheets",
        "Working": "job_timesheets",
        "Performance pay": "invoice_items",
        "Membership sold": "memberships",
        "Salary": "payrolls",
        **dict.fromkeys(("Bonus", "Monthly bonus", "Expenses"), "payroll_adjustments"),
    }
    for row in books["gross_pay_items"].values():
        source = kinds.get(row["activity"], "non_job_timesheets")
        found = books[source].get(row["sourceEntityId"])
        if found is None:
            yield f"gross_pay_items {row['id']}: {row['activity']} of {row['sourceEntityId']} without {source}"
        elif found["createdOn"] > row["createdOn"]:
            yield f"gross_pay_items {row['id']}: made before its {source}"


def _nothing_of_the_future(books: Books, at: int) -> Iterator[str]:
    for resource in PAY:
        for key, row in books[resource].items():
            for field in _TIMES:
                if row.get(field) and parse(row[field]) > at:
                    yield f"{resource} {key}: {field} {row[field]} has not come yet"


def _within_payrolls(books: Books, zone: ZoneInfo) -> Iterator[str]:
    begun: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    for row in books["payrolls"].values():
        begun[row["employeeType"], row["employeeId"]].append((row["startedOn"], row["endedOn"]))
    for person, periods in begun.items():
        for (_, ended), (started, _) in pairwise(sorted(periods)):
            if started <= ended:
                yield f"payrolls of {person}: {started} begins before {ended}"
    for row in books["gross_pay_items"].values():
        payroll = books["payrolls"][row["payrollId"]]
        if (payroll["employeeType"], payroll["employeeId"]) != (row["employeeType"], row["employeeId"]):
            yield f"gross_pay_items {row['id']}: in a payroll of {payroll['employeeType']} {payroll['employeeId']}"
        first, last = (_local_day(payroll[field], zone) for field in ("startedOn", "endedOn"))
        if not first <= row["date"][:10] <= last:
            yield f"gross_pay_items {row['id']}: {row['date']} is not within {first} to {last}"
        if row["startedOn"] and _local_day(row["startedOn"], zone) < row["date"][:10]:
            yield f"gross_pay_items {row['id']}: time of {row['startedOn']} on {row['date']}"


def _hours(books: Books, at: int) -> Iterator[str]:
    """The hours of active items are those of active timesheets, once everything has been booked."""
    paid: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in books["gross_pay_items"].values():
        if row["grossPayItemType"] == "TimesheetTime" and row["active"]:
            job = row["activity"] in ("Driving", "Working")
            paid[row["activity"] if job else "Other", row["sourceEntityId"]] += row["paidDurationHours"]
    unpaid = {key for key, code in books["payroll_timesheet_codes"].items() if code["type"] == "Unpaid"}
    stretches = [
        *(
            stretch
            for row in books["job_timesheets"].values()
            for stretch in (
                ("Driving", row, row["dispatchedOn"], row["arrivedOn"] or row["canceledOn"]),
                ("Working", row, row["arrivedOn"], row["doneOn"]),
            )
        ),
        *(
            ("Other", row, row["startedOn"], row["endedOn"])
            for row in books["non_job_timesheets"].values()
            if row["timesheetCodeId"] not in unpaid
        ),
    ]
    for kind, row, start, end in stretches:
        booked = paid.pop((kind, row["id"]), Decimal(0))
        if end is None or parse(end) > at - HOUR:
            continue
        worked = Decimal(parse(end) - parse(start)) / HOUR if row["active"] else Decimal(0)
        if abs(worked - booked) > _A_PART:
            yield f"{kind} of timesheet {row['id']}: {worked:.4f} h worked, {booked} h paid"
    for kind, source in paid:
        yield f"{kind} of timesheet {source}: paid without being recorded"


def _overtime(books: Books) -> Iterator[str]:
    hours: dict[tuple[str, int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in books["gross_pay_items"].values():
        if row["grossPayItemType"] == "TimesheetTime" and row["active"]:
            day = datetime.fromisoformat(row["date"]).astimezone(UTC)
            monday = (day - timedelta(days=day.weekday())).toordinal()
            hours[row["employeeType"], row["employeeId"], monday][row["paidTimeType"]] += row["paidDurationHours"]
    for (kind, person, monday), week in hours.items():
        if week["Regular"] > _FULL_WEEK:
            yield f"{kind} {person}: {week['Regular']} regular hours in the week of {datetime.fromordinal(monday)}"
        if week["Overtime"] and week["Regular"] < _FULL_WEEK:
            yield f"{kind} {person}: overtime after {week['Regular']} h in the week of {datetime.fromordinal(monday)}"


def _commissions(books: Books) -> Iterator[str]:
    for row in books["gross_pay_items"].values():
        if row["grossPayItemType"] != "InvoiceRelatedBonus":
            continue
        item = books["invoice_items"][row["invoiceItemId"]]
        if item["technicianId"] != row["employeeId"]:
            yield f"gross_pay_items {row['id']}: item {item['id']} was sold by {item['technicianId']}"
        if abs(cents(item["total"]) * 3 - cents(row["amount"]) * 100) > 50:
            yield f"gross_pay_items {row['id']}: {row['amount']} of {item['total']} is not 3 %"


def _corrections(books: Books, at: int) -> Iterator[str]:
    beside: dict[tuple[str, int], int] = defaultdict(int)
    itself: dict[int, int] = {}
    for row in books["gross_pay_items"].values():
        beside[row["employeeType"], row["employeeId"]] += cents(row["amountAdjustment"] or 0)
        if row["activity"] in ("Bonus", "Monthly bonus", "Expenses") and row["active"]:
            itself[row["sourceEntityId"]] = cents(row["amount"])
    for row in books["payroll_adjustments"].values():
        if not row["active"]:
            continue
        if row["type"] in ("Labor", "CommissionBased"):
            beside[row["employeeType"], row["employeeId"]] -= cents(row["amount"])
        elif parse(row["createdOn"]) < at - HOUR and itself.get(row["id"]) != cents(row["amount"]):
            yield f"payroll_adjustments {row['id']}: {row['amount']}, paid out {itself.get(row['id'])}"
        if row["type"] == "Labor" and abs(row["hours"] * row["rate"] * 100 - cents(row["amount"])) > Decimal("0.5"):
            yield f"payroll_adjustments {row['id']}: {row['hours']} h at {row['rate']} is not {row['amount']}"
    for person, rest in beside.items():
        if rest:
            yield f"{person}: corrections and adjustments differ by {rest} cents"


def _splits(books: Books) -> Iterator[str]:
    total: dict[int, Decimal] = defaultdict(Decimal)
    members: dict[int, set[int]] = defaultdict(set)
    for row in books["job_splits"].values():
        if row["active"]:
            total[row["jobId"]] += row["split"]
        if row["technicianId"] in members[row["jobId"]]:
            yield f"job_splits {row['id']}: a second one of technician {row['technicianId']}"
        members[row["jobId"]].add(row["technicianId"])
    sent: dict[int, set[int]] = defaultdict(set)
    for row in books["job_timesheets"].values():
        sent[row["jobId"]].add(row["technicianId"])
    for job, share in total.items():
        if share != 100:
            yield f"job_splits of {job}: {share} %"
    for job, technicians in members.items():
        if not technicians <= sent[job]:
            yield f"job_splits of {job}: {technicians - sent[job]} never went there"


def _statuses(books: Books, at: int) -> Iterator[str]:
    for row in books["payrolls"].values():
        approved = row["managerApprovedOn"] is not None
        if approved != (row["status"] in ("Approved", "Paid", "Locked")):
            yield f"payrolls {row['id']}: {row['status']}, approved on {row['managerApprovedOn']}"
        if approved and row["managerApprovedOn"] < row["endedOn"]:
            yield f"payrolls {row['id']}: approved before it was over"
        if row["status"] == "Pending" and parse(row["endedOn"]) < at - 46 * 24 * HOUR:
            yield f"payrolls {row['id']}: still pending"
    for row in books["gross_pay_items"].values():
        approval = books["payrolls"][row["payrollId"]]["managerApprovedOn"]
        if approval is not None and row["createdOn"] > approval:
            yield f"gross_pay_items {row['id']}: added after the approval"


def _local_day(instant: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(instant[:26] + "+00:00").astimezone(zone).date().isoformat()

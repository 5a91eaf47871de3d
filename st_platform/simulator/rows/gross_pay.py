"""Gross pay items as the Payroll module writes them: one amount and everything that it is paid for.

The widest row of the most plentiful resource: members that go together are written as one text, and those of a
person, an activity or a business unit are ready before the first row.
"""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pay.corrections import AdjustmentType
from st_platform.simulator.business.pay.earnings import Paid, Source
from st_platform.simulator.business.pay.staff import TIME_CODES
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, Ticks
from st_platform.simulator.rows.accounting import TAX_ZONES
from st_platform.simulator.rows.crm import ZONED
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    objects,
    quoted,
    where,
)
from st_platform.simulator.rows.payroll import job_of_timesheets
from st_platform.simulator.rows.staff import people_ids
from st_platform.simulator.rows.view import First, View

_PLAIN = {
    Source.DRIVING: ("Driving", 21, "DRIVE", "TimesheetTime"),
    Source.WORKING: ("Working", 22, "WORK", "TimesheetTime"),
    Source.SOLD_LINE: ("Performance pay", 31, "PERF", "InvoiceRelatedBonus"),
    Source.SOLD_MEMBERSHIP: ("Membership sold", 32, "SPIFF", "CustomBonus"),
    Source.SALARY: ("Salary", 33, "SALARY", "Salary"),
}
_ADJUSTED = {
    AdjustmentType.DIRECT: ("Bonus", 42, "BONUS", "CustomBonus"),
    AdjustmentType.MONTHLY_BONUS: ("Monthly bonus", 43, "MONTHLY", "CustomBonus"),
    AdjustmentType.ADD_ON: ("Expenses", 44, "EXPENSE", "Reimbursement"),
}
_CODED = 10
_BY_HAND = 30


def _activities() -> dict[int, tuple[str, int, str, str]]:
    known = {int(source): entry for source, entry in _PLAIN.items()}
    for number, code in enumerate(TIME_CODES):
        known[_CODED + number] = (code.description, First.TIMESHEET_CODE + number, code.code, "TimesheetTime")
    return known | {_BY_HAND + int(kind): entry for kind, entry in _ADJUSTED.items()}


_ACTIVITIES = _activities()
_SIZE = max(_ACTIVITIES) + 1
_ACTIVITY_TEXTS = [""] * _SIZE
_TYPE_TEXTS = [""] * _SIZE
for _number, (_name, _id, _code, _type) in _ACTIVITIES.items():
    _ACTIVITY_TEXTS[_number] = f'"activity":"{_name}","activityCodeId":{_id},"activityCode":"{_code}"'
    _TYPE_TEXTS[_number] = f'"{_type}"'
_PAID_TEXTS = ['"Regular"', '"Overtime"', '"PaidTimeOff"', "null"]
_FIRST_OF = np.array(
    [
        First.TIMESHEET,
        First.TIMESHEET,
        First.NON_JOB_TIMESHEET,
        First.INVOICE_ITEM,
        First.MEMBERSHIP,
        First.PAYROLL,
        First.PAYROLL_ADJUSTMENT,
    ]
)
_NO_JOB = (
    '"jobId":0,"jobNumber":null,"jobTypeName":null,"projectNumber":null,"projectId":null,"invoiceId":null,'
    '"invoiceNumber":null,"invoiceItemId":null,"customerId":null,"customerName":null,"locationId":null,'
    '"locationName":null,"locationAddress":null,"locationZip":null,"zoneName":null,"taxZoneName":null'
)


class GrossPay:
    """Writes pages of gross pay items of one tenant."""

    def __init__(self, view: View) -> None:
        self._view = view
        b = view.business
        self._units = [json.dumps(unit.name, ensure_ascii=False) for unit in b.company.units]
        self._job_types = [json.dumps(kind.name, ensure_ascii=False) for kind in b.company.job_kinds]
        technicians = b.company.technicians
        self._technicians = len(technicians.hired)
        people = np.arange(len(view.payroll.hired))
        self._unit_of = np.concatenate(
            [technicians.unit, np.zeros(len(people) - self._technicians, dtype=np.int64)]
        ).astype(np.int64)
        numbers = people_ids(view, people).tolist()
        units = self._unit_of.tolist()
        self._people = [
            f'"employeeId":{number},"employeeType":"{"Technician" if row < self._technicians else "Employee"}",'
            f'"businessUnitName":{self._units[units[row]]},"payrollId":'
            for row, number in enumerate(numbers)
        ]
        self._zones = [*quoted(zone.name for zone in b.places.zones), "null"]
        self._payroll_ids = [f'"P{number}"' for number in numbers]

    def __call__(self, rows: Ints, modified: Ticks, at: int) -> Texts:
        view, pay = self._view, self._view.payroll
        items = pay.items
        source, row, payroll = items.source[rows], items.row[rows], items.payroll[rows]
        person = pay.payrolls.person[payroll]
        activity = _activity(view, source, row)
        job = _jobs(view, source, row)
        units = np.where(job == NONE, self._unit_of[person], view.job_units[np.maximum(job, 0)])
        timed = items.paid[rows] != Paid.NOT_TIME
        entity = np.where(source == Source.SALARY, payroll, row) + _FIRST_OF[source]
        who = chosen(self._people, person)
        return objects(
            len(rows),
            id=ids(rows, First.GROSS_PAY_ITEM),
            members_person=[f"{one}{number}" for one, number in zip(who, ids(payroll, First.PAYROLL), strict=True)],
            employeePayrollId=chosen(self._payroll_ids, person),
            date=days(items.day[rows].astype(np.int64) * DAY),
            members_activity=chosen(_ACTIVITY_TEXTS, activity),
            amount=decimals(items.amount[rows]),
            amountAdjustment=_adjustments(view, rows, at),
            payoutBusinessUnitName=chosen(self._units, units),
            grossPayItemType=chosen(_TYPE_TEXTS, activity),
            startedOn=instants(items.start[rows]),
            endedOn=instants(items.end[rows]),
            paidDurationHours=where(timed, _hours(items.hours[rows])),
            paidTimeType=chosen(_PAID_TEXTS, items.paid[rows]),
            sourceEntityId=entity.tolist(),
            members_job=self._places(source, row, job),
            laborTypeId="null",
            laborTypeCode="null",
            budgetCodeId="null",
            isPrevailingWageJob="false",
            memo="null",
            createdOn=instants(items.created[rows]),
            modifiedOn=instants(modified),
            active=booleans(items.inactive[rows] > at),
        )

    def _places(self, source: Ints, row: Ints, job: Ints) -> Texts:
        """Everything from the job to the tax zone, for those that have a job."""
        view, b = self._view, self._view.business
        texts = [_NO_JOB] * len(job)
        at_work = np.flatnonzero(job != NONE)
        if not len(at_work):
            return texts
        job, row = job[at_work], row[at_work]
        sold = source[at_work] == Source.SOLD_LINE
        invoice = np.where(sold, b.lines.invoice[np.where(sold, row, 0)], b.invoice_of_job[job])
        customer, location = b.jobs.customer[job], b.jobs.location[job]
        project = ids(view.project_of_job[job], First.PROJECT)
        addresses, zips = view.names.places(location)
        zoned = b.chance.fraction(location, "zone") < ZONED
        columns = zip(
            at_work.tolist(),
            (job + First.JOB).tolist(),
            b.jobs.type[job].tolist(),
            project,
            (invoice + First.INVOICE).tolist(),
            where(sold, [str(number) for number in (row + First.INVOICE_ITEM).tolist()]),
            (customer + First.CUSTOMER).tolist(),
            view.names.customers(customer),
            (location + First.LOCATION).tolist(),
            view.names.locations(location),
            addresses,
            zips,
            chosen(self._zones, np.where(zoned, b.places.zone(location), len(self._zones) - 1)),
            b.bills.zone[invoice].tolist(),
            strict=True,
        )
        for place, j, kind, p, i, item, c, c_name, loc, l_name, address, zip_, zone, tax in columns:
            number = "null" if p == "null" else f'"{p}"'
            texts[place] = (
                f'"jobId":{j},"jobNumber":"{j}","jobTypeName":{self._job_types[kind]},"projectNumber":{number},'
                f'"projectId":{p},"invoiceId":{i},"invoiceNumber":"{i}","invoiceItemId":{item},"customerId":{c},'
                f'"customerName":{c_name},"locationId":{loc},"locationName":{l_name},"locationAddress":{address},'
                f'"locationZip":{zip_},"zoneName":{zone},"taxZoneName":"{TAX_ZONES[tax]}"'
            )
        return texts


def _jobs(view: View, source: Ints, row: Ints) -> Ints:
    """The job that each item is paid for, `NONE` where there is none."""
    b = view.business
    job = np.full(len(row), NONE, dtype=np.int64)
    timed = source <= Source.WORKING
    job[timed] = job_of_timesheets(view, row[timed])
    sold = source == Source.SOLD_LINE
    invoice = b.lines.invoice[row[sold]]
    job[sold] = np.where(b.invoices.job[invoice] != NONE, b.invoices.job[invoice], b.invoices.project[invoice])
    member = source == Source.SOLD_MEMBERSHIP
    job[member] = b.memberships.sold_on[row[member]]
    return job


def _activity(view: View, source: Ints, row: Ints) -> Ints:
    """Which of `_ACTIVITIES` each item is."""
    activity = source.astype(np.int64)
    other = source == Source.OTHER_TIME
    activity[other] = _CODED + view.payroll.others.code[row[other]]
    by_hand = source == Source.ADJUSTMENT
    activity[by_hand] = _BY_HAND + view.payroll.adjustments.type[row[by_hand]]
    return activity


def _adjustments(view: View, rows: Ints, at: int) -> Texts:
    """What a correction adds to each item, while it holds."""
    pay = view.payroll
    correction = pay.items.correction[rows]
    texts = ["null"] * len(rows)
    corrected = np.flatnonzero(correction != NONE)
    which = correction[corrected]
    holds = (pay.adjustments.created[which] <= at) & (at < pay.adjustments.inactive[which])
    corrected, which = corrected[holds], which[holds]
    for place, amount in zip(corrected.tolist(), decimals(pay.adjustments.amount[which]), strict=True):
        texts[place] = amount
    return texts


def _hours(parts: Ints) -> Texts:
    """Ten-thousandths of hours as a JSON number."""
    return [f"{n // 10_000}.{n % 10_000:04d}" for n in parts.tolist()]

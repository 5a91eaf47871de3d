"""Timesheets, splits, payrolls and adjustments as the Payroll module writes them."""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pay.corrections import AdjustmentType
from st_platform.simulator.business.pay.periods import Payrolls
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    decimals,
    ids,
    instants,
    objects,
    until,
    where,
)
from st_platform.simulator.rows.staff import employee_types, people_ids
from st_platform.simulator.rows.view import First, View

STATUSES = ("Pending", "Approved", "Paid", "Locked", "Expired")
ADJUSTMENT_NAMES = {
    AdjustmentType.LABOR: ("Labor", "Hours corrected"),
    AdjustmentType.COMMISSION_BASED: ("CommissionBased", "Commission recalculated"),
    AdjustmentType.DIRECT: ("Direct", "Bonus – thank you!"),
    AdjustmentType.MONTHLY_BONUS: ("MonthlyBonus", "Bonus of the month"),
    AdjustmentType.ADD_ON: ("AddOn", "Parking, tolls & fuel"),
}
_TYPES = [f'"{name}"' for name, _ in ADJUSTMENT_NAMES.values()]
_MEMOS = [f'"{memo}"' for _, memo in ADJUSTMENT_NAMES.values()]
_ADJUSTED_ACTIVITY = 41


def status(payrolls: Payrolls, rows: Ints, at: int) -> Ints:
    """The status of each payroll at an instant, as an index of `STATUSES`."""
    value = np.zeros(len(rows), dtype=np.int64)
    for number, moment in enumerate((payrolls.approved, payrolls.paid, payrolls.locked, payrolls.expired), start=1):
        value[moment[rows] <= at] = number
    return value


def job_of_timesheets(view: View, rows: Ints) -> Ints:
    """The job that each job timesheet is for."""
    board = view.dispatching
    return board.appointments.job[board.assignments.appointment[view.payroll.timesheets.assignment[rows]]]


def job_timesheets(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    board, sheets = view.dispatching, view.payroll.timesheets
    assignment = sheets.assignment[rows]
    return objects(
        len(rows),
        id=ids(rows, First.TIMESHEET),
        jobId=ids(job_of_timesheets(view, rows), First.JOB),
        appointmentId=ids(board.assignments.appointment[assignment], First.APPOINTMENT),
        technicianId=ids(board.assignments.technician[assignment], First.TECHNICIAN),
        dispatchedOn=instants(sheets.dispatched[rows]),
        arrivedOn=instants(until(sheets.arrived[rows], at)),
        canceledOn=instants(until(sheets.canceled[rows], at)),
        doneOn=instants(until(sheets.done[rows], at)),
        createdOn=instants(sheets.dispatched[rows]),
        modifiedOn=instants(modified),
        active=booleans(sheets.inactive[rows] > at),
    )


def non_job_timesheets(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    others = view.payroll.others
    end = np.where(others.planned[rows], others.end[rows], until(others.end[rows], at))
    return objects(
        len(rows),
        id=ids(rows, First.NON_JOB_TIMESHEET),
        employeeId=people_ids(view, others.person[rows]).tolist(),
        employeeType=employee_types(view, others.person[rows]),
        timesheetCodeId=ids(others.code[rows], First.TIMESHEET_CODE),
        startedOn=instants(others.start[rows]),
        endedOn=instants(end),
        createdOn=instants(others.created[rows]),
        modifiedOn=instants(modified),
        active=booleans(others.inactive[rows] > at),
    )


def job_splits(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    splits = view.payroll.splits
    share = np.where(splits.changed[rows] <= at, splits.late[rows], splits.share[rows])
    return objects(
        len(rows),
        id=ids(rows, First.JOB_SPLIT),
        jobId=ids(splits.job[rows], First.JOB),
        technicianId=ids(splits.technician[rows], First.TECHNICIAN),
        split=decimals(share),
        createdOn=instants(splits.created[rows]),
        modifiedOn=instants(modified),
        active=booleans(splits.inactive[rows] > at),
    )


def payrolls(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    pay = view.payroll
    these, calendar = pay.payrolls, pay.pay_calendar
    person, period = these.person[rows], these.period[rows]
    begins = calendar.begins(period)
    return objects(
        len(rows),
        id=ids(rows, First.PAYROLL),
        startedOn=instants(begins),
        endedOn=instants(calendar.ends(period)),
        employeeId=people_ids(view, person).tolist(),
        employeeType=employee_types(view, person),
        status=chosen([f'"{name}"' for name in STATUSES], status(these, rows, at)),
        burdenRate=decimals(pay.wages.at(person, begins) * 3 // 10),
        managerApprovedOn=instants(until(these.approved[rows], at)),
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        active=booleans(these.inactive[rows] > at),
    )


def payroll_adjustments(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    these = view.payroll.adjustments
    person, kind = these.person[rows], these.type[rows]
    labor = kind == AdjustmentType.LABOR
    return objects(
        len(rows),
        id=ids(rows, First.PAYROLL_ADJUSTMENT),
        employeeType=employee_types(view, person),
        employeeId=people_ids(view, person).tolist(),
        postedOn=instants(these.created[rows]),
        amount=decimals(these.amount[rows]),
        memo=chosen(_MEMOS, kind),
        activityCodeId=where(labor, str(_ADJUSTED_ACTIVITY)),
        invoiceId=ids(these.invoice[rows], First.INVOICE),
        hours=where(labor, decimals(these.hours[rows] // 100)),
        rate=where(labor, decimals(these.rate[rows])),
        quantity="null",
        type=chosen(_TYPES, kind),
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        active=booleans(these.inactive[rows] > at),
    )

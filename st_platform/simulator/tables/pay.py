"""The tables of employees, timesheets and payroll."""

from __future__ import annotations

from functools import partial

import numpy as np

from st_platform.simulator.business.pay.staff import TIME_CODES
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import NEVER
from st_platform.simulator.rows import payroll, staff
from st_platform.simulator.rows.gross_pay import GrossPay
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.tables.parts import attribute, every_row, idle


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    return [
        _employees(view),
        _payroll_settings(view),
        _timesheet_codes(view),
        _payrolls(view),
        _job_timesheets(view),
        _non_job_timesheets(view),
        _job_splits(view),
        _payroll_adjustments(view),
        _gross_pay_items(view),
    ]


def _employees(view: View) -> Table:
    office, wages = view.payroll.office, view.payroll.wages
    raises = wages.raised[len(view.business.company.technicians.hired) :]
    return build_table(
        "employees",
        First.EMPLOYEE,
        office.joined,
        [*every_row(*raises.T), idle(view, "employees", office.joined, 0.8)],
        partial(staff.employees, view),
        inactive_at=office.leaves,
    )


def _payroll_settings(view: View) -> Table:
    pay = view.payroll
    created = pay.hired[pay.listed]
    return build_table(
        "payroll_settings",
        First.PAYROLL_SETTING,
        created,
        [*every_row(*pay.wages.raised[pay.listed].T), idle(view, "payroll settings", created, 0.4)],
        partial(staff.payroll_settings, view),
        inactive_at=pay.left[pay.listed],
    )


def _timesheet_codes(view: View) -> Table:
    created = setup_times(view, len(TIME_CODES))
    return build_table(
        "payroll_timesheet_codes",
        First.TIMESHEET_CODE,
        created,
        [idle(view, "timesheet codes", created, 0.6)],
        partial(staff.timesheet_codes, view),
        inactive_at=staff.code_ends(view),
    )


def _payrolls(view: View) -> Table:
    these = view.payroll.payrolls
    return build_table(
        "payrolls",
        First.PAYROLL,
        these.created,
        every_row(these.approved, these.paid, these.locked, these.expired),
        partial(payroll.payrolls, view),
        inactive_at=these.inactive,
    )


def _job_timesheets(view: View) -> Table:
    sheets, board = view.payroll.timesheets, view.dispatching
    return build_table(
        "job_timesheets",
        First.TIMESHEET,
        sheets.dispatched,
        [
            *every_row(sheets.arrived, sheets.canceled, sheets.done),
            idle(view, "job timesheets", sheets.dispatched, 0.05),
        ],
        partial(payroll.job_timesheets, view),
        inactive_at=sheets.inactive,
        columns={
            "jobId": lambda rows, at: payroll.job_of_timesheets(view, rows) + First.JOB,
            "technicianId": lambda rows, at: board.assignments.technician[sheets.assignment[rows]] + First.TECHNICIAN,
        },
    )


def _non_job_timesheets(view: View) -> Table:
    others = view.payroll.others
    ended = np.where(others.planned, NEVER, others.end)
    return build_table(
        "non_job_timesheets",
        First.NON_JOB_TIMESHEET,
        others.created,
        [*every_row(ended), idle(view, "non-job timesheets", others.created, 0.05)],
        partial(payroll.non_job_timesheets, view),
        inactive_at=others.inactive,
        columns={"employeeId": lambda rows, at: staff.people_ids(view, others.person[rows])},
    )


def _job_splits(view: View) -> Table:
    splits = view.payroll.splits
    return build_table(
        "job_splits",
        First.JOB_SPLIT,
        splits.created,
        [*every_row(splits.changed), idle(view, "job splits", splits.created, 0.02)],
        partial(payroll.job_splits, view),
        inactive_at=splits.inactive,
        columns={"jobId": attribute(splits.job, First.JOB)},
    )


def _payroll_adjustments(view: View) -> Table:
    these = view.payroll.adjustments
    return build_table(
        "payroll_adjustments",
        First.PAYROLL_ADJUSTMENT,
        these.created,
        [idle(view, "payroll adjustments", these.created, 0.1)],
        partial(payroll.payroll_adjustments, view),
        inactive_at=these.inactive,
        columns={"employeeId": lambda rows, at: staff.people_ids(view, these.person[rows])},
    )


def _gross_pay_items(view: View) -> Table:
    pay = view.payroll
    items, adjustments = pay.items, pay.adjustments
    corrected = np.flatnonzero(items.correction != NONE)
    by = items.correction[corrected]
    return build_table(
        "gross_pay_items",
        First.GROSS_PAY_ITEM,
        items.created,
        [
            (adjustments.created[by], corrected),
            (adjustments.inactive[by], corrected),
            idle(view, "gross pay items", items.created, 0.01),
        ],
        GrossPay(view),
        inactive_at=items.inactive,
        columns={
            "payrollId": attribute(items.payroll, First.PAYROLL),
            "employeeId": lambda rows, at: staff.people_ids(view, pay.payrolls.person[items.payroll[rows]]),
        },
    )

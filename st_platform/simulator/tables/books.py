"""The tables of the books: customers, jobs, invoices and money, memberships, campaigns, settings.

The one place that knows, for each of these resources, what counts as a modification.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from st_platform.simulator.business.books.billing import removed_at
from st_platform.simulator.business.books.plans import status_at
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows import accounting, crm, jpm, marketing, memberships, receipts, settings
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.tables.parts import attribute, every_row, idle


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    items = _invoice_items(view)
    return [
        _customers(view),
        _locations(view),
        _jobs(view),
        items,
        _invoices(view, items),
        _payments(view),
        _credit_memos(view),
        _memberships(view),
        _status_changes(view),
        _campaign_costs(view),
        *_settings(view),
        _technicians(view),
    ]


def _customers(view: View) -> Table:
    b, care = view.business, view.business.care
    ledger = view.balances.customers.runs
    owner = np.repeat(np.arange(len(b.customers)), np.diff(ledger.starts))
    return build_table(
        "customers",
        First.CUSTOMER,
        b.customers.created,
        [
            *every_row(care.merged, care.edited),
            (ledger.times, owner),
            idle(view, "customers", b.customers.created, 0.3),
        ],
        partial(crm.customers, view),
        inactive_at=care.closed,
    )


def _locations(view: View) -> Table:
    b, care = view.business, view.business.care
    return build_table(
        "locations",
        First.LOCATION,
        b.locations.created,
        [*every_row(care.location_moved, care.location_edited), idle(view, "locations", b.locations.created, 0.3)],
        partial(crm.locations, view),
        inactive_at=care.location_merged,
        columns={
            "customerId": lambda rows, at: (
                np.where(care.location_moved[rows] <= at, care.moved_to[rows], b.locations.customer[rows])
                + First.CUSTOMER
            )
        },
    )


def _jobs(view: View) -> Table:
    jobs = view.business.jobs
    return build_table(
        "jobs",
        First.JOB,
        jobs.created,
        [
            *every_row(jobs.moved, jobs.dispatched, jobs.started, jobs.held, jobs.resumed, jobs.done),
            *every_row(jobs.reopened, jobs.redone, jobs.canceled, jobs.edited),
            idle(view, "jobs", jobs.created, 0.15),
        ],
        partial(jpm.jobs, view),
        inactive_at=jobs.inactive,
        columns={
            "customerId": attribute(jobs.customer, First.CUSTOMER),
            "locationId": attribute(jobs.location, First.LOCATION),
            "jobTypeId": attribute(jobs.type, First.JOB_TYPE),
            "campaignId": attribute(jobs.campaign, First.CAMPAIGN),
            "businessUnitId": attribute(view.job_units, First.BUSINESS_UNIT),
            "jobStatus": lambda rows, at: np.array(jpm.STATUSES)[jpm.job_status(view, rows, at)],
        },
    )


def _invoice_items(view: View) -> Table:
    b = view.business
    lines = b.lines
    return build_table(
        "invoice_items",
        First.INVOICE_ITEM,
        lines.created,
        [idle(view, "items", lines.created, 0.06)],
        partial(accounting.invoice_items, view),
        inactive_at=np.minimum(removed_at(lines, b.bills, np.arange(len(lines))), b.invoice_inactive[lines.invoice]),
    )


def _invoices(view: View, items: Table) -> Table:
    b = view.business
    invoices, applied, credited = b.invoices, b.applications, b.memo_applications
    return build_table(
        "invoices",
        First.INVOICE,
        invoices.created,
        [
            *every_row(invoices.billed, b.bills.changed, view.reviewed, view.posted),
            (applied.applied, applied.invoice),
            (applied.ended, applied.invoice),
            (credited.applied, credited.invoice),
            _later_changes(b, items),
            idle(view, "invoices", invoices.created, 0.12),
        ],
        partial(accounting.invoices, view, items.versions),
        inactive_at=b.invoice_inactive,
    )


def _later_changes(business: Business, items: Table) -> tuple[Ticks, Ints]:
    """When a line changes after it was made, so does its invoice."""
    log = items.versions
    later = log.times > items.created[log.rows]
    return log.times[later], business.lines.invoice[log.rows[later]]


def _payments(view: View) -> Table:
    b = view.business
    payments, applied = b.payments, b.applications
    return build_table(
        "payments",
        First.PAYMENT,
        payments.created,
        [
            *every_row(view.deposited),
            (applied.applied, applied.source),
            (applied.ended, applied.source),
            idle(view, "payments", payments.created, 0.06),
        ],
        partial(receipts.payments, view),
        inactive_at=payments.voided,
    )


def _credit_memos(view: View) -> Table:
    b = view.business
    memos, credited = b.memos, b.memo_applications
    return build_table(
        "credit_memos",
        First.CREDIT_MEMO,
        memos.created,
        [
            *every_row(memos.created + 864_000_000_000),
            (credited.applied, credited.source),
            idle(view, "memos", memos.created, 0.5),
        ],
        partial(receipts.credit_memos, view),
        inactive_at=memos.inactive,
        removed_at=memos.removed,
    )


def _memberships(view: View) -> Table:
    members = view.business.memberships
    chance = view.business.chance
    rows = np.arange(len(members))
    closed = np.where(chance.fraction(rows, "closed") < 0.2, members.canceled, NEVER)
    over = members.over
    closed = np.minimum(np.where(members.canceled == over, closed, NEVER), members.deleted)
    return build_table(
        "memberships",
        First.MEMBERSHIP,
        members.created,
        [
            *every_row(members.suspended, members.resumed, members.requested, members.canceled, members.expired),
            *every_row(members.deleted, members.renewed),
            *memberships.next_bills(view),
            idle(view, "memberships", members.created, 0.6),
        ],
        partial(memberships.memberships, view),
        inactive_at=closed,
        columns={
            "customerId": attribute(members.customer, First.CUSTOMER),
            "status": lambda rows, at: np.array(memberships.STATUSES)[status_at(members, rows, at)],
        },
    )


def _status_changes(view: View) -> Table:
    changes = view.business.status_changes
    return build_table(
        "membership_status_changes",
        First.STATUS_CHANGE,
        changes.time,
        [],
        partial(memberships.membership_status_changes, view),
    )


def _campaign_costs(view: View) -> Table:
    costs = view.business.costs
    return build_table(
        "campaign_costs",
        First.CAMPAIGN_COST,
        costs.created,
        every_row(costs.corrected),
        partial(marketing.campaign_costs, view),
        removed_at=costs.removed,
        columns={
            "year": attribute(costs.year),
            "month": attribute(costs.month),
            "campaignId": attribute(costs.campaign, First.CAMPAIGN),
        },
    )


def _settings(view: View) -> list[Table]:
    company = view.business.company
    begins, ends = company.campaign_times()
    kinds = [
        ("campaigns", First.CAMPAIGN, begins, marketing.campaigns, ends),
        (
            "job_types",
            First.JOB_TYPE,
            jpm.setup_times(view, len(company.job_kinds)),
            jpm.job_types,
            jpm.job_type_ends(view),
        ),
        (
            "business_units",
            First.BUSINESS_UNIT,
            jpm.setup_times(view, len(company.units)),
            settings.business_units,
            settings.unit_ends(view),
        ),
    ]
    return [
        build_table(
            name,
            first_id,
            created,
            [idle(view, name, created, 1.5)],
            partial(write, view),
            inactive_at=inactive,
        )
        for name, first_id, created, write, inactive in kinds
    ]


def _technicians(view: View) -> Table:
    people = view.business.company.technicians
    raises = view.payroll.wages.raised[: len(people)]
    return build_table(
        "technicians",
        First.TECHNICIAN,
        people.hired,
        [*every_row(*raises.T), idle(view, "technicians", people.hired, 1.5)],
        partial(settings.technicians, view),
        inactive_at=people.leaves,
    )

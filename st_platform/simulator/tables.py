"""Turns a tenant's business into the tables that the API serves: rows, the instants they change, how they are written.

The one place that knows, resource by resource, what counts as a modification.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from st_platform.simulator.business.balances import balance
from st_platform.simulator.business.billing import removed_at
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.plans import status_at
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.upkeep import touches
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows import accounting, crm, jpm, marketing, memberships, receipts, settings
from st_platform.simulator.rows.json_text import Texts
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Column, Table, build_table

Events = list[tuple[Ticks, Ints]]
Write = Callable[[View, Ints, Ticks, int], Texts]


def tables_of(business: Business) -> list[Table]:
    """Every resource of one tenant."""
    view = View(business, balance(business))
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
    ]


def _idle(view: View, name: str, created: Ticks, per_year: float) -> tuple[Ticks, Ints]:
    return touches(view.business.chance, view.business.company, name, created, per_year)


def _all(*times: Ticks) -> Events:
    """Events of every row."""
    rows = np.arange(len(times[0]))
    return [(when, rows) for when in times]


def _attribute(values: Ints, first_id: int = 0) -> Column:
    return lambda rows, at: values[rows] + first_id


def _customers(view: View) -> Table:
    b, care = view.business, view.business.care
    ledger = view.balances.customers.runs
    owner = np.repeat(np.arange(len(b.customers)), np.diff(ledger.starts))
    return build_table(
        "customers",
        First.CUSTOMER,
        b.customers.created,
        [
            *_all(care.merged, care.edited),
            (ledger.times, owner),
            _idle(view, "customers", b.customers.created, 0.3),
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
        [*_all(care.location_moved, care.location_edited), _idle(view, "locations", b.locations.created, 0.3)],
        partial(crm.locations, view),
        inactive_at=care.location_merged,
        columns={"customerId": _attribute(b.locations.customer, First.CUSTOMER)},
    )


def _jobs(view: View) -> Table:
    jobs = view.business.jobs
    return build_table(
        "jobs",
        First.JOB,
        jobs.created,
        [
            *_all(jobs.moved, jobs.dispatched, jobs.started, jobs.held, jobs.resumed, jobs.done),
            *_all(jobs.reopened, jobs.redone, jobs.canceled, jobs.edited),
            _idle(view, "jobs", jobs.created, 0.15),
        ],
        partial(jpm.jobs, view),
        inactive_at=jobs.inactive,
        columns={
            "customerId": _attribute(jobs.customer, First.CUSTOMER),
            "locationId": _attribute(jobs.location, First.LOCATION),
            "jobTypeId": _attribute(jobs.type, First.JOB_TYPE),
            "campaignId": _attribute(jobs.campaign, First.CAMPAIGN),
            "businessUnitId": _attribute(view.job_units, First.BUSINESS_UNIT),
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
        [_idle(view, "items", lines.created, 0.06)],
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
            *_all(invoices.billed, b.bills.changed, view.reviewed, view.posted),
            (applied.applied, applied.invoice),
            (applied.ended, applied.invoice),
            (credited.applied, credited.invoice),
            _later_changes(b, items),
            _idle(view, "invoices", invoices.created, 0.12),
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
            *_all(view.deposited),
            (applied.applied, applied.source),
            (applied.ended, applied.source),
            _idle(view, "payments", payments.created, 0.06),
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
            *_all(memos.created + 864_000_000_000),
            (credited.applied, credited.source),
            _idle(view, "memos", memos.created, 0.5),
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
            *_all(members.suspended, members.resumed, members.requested, members.canceled, members.expired),
            *_all(members.deleted, members.renewed),
            *memberships.next_bills(view),
            _idle(view, "memberships", members.created, 0.6),
        ],
        partial(memberships.memberships, view),
        inactive_at=closed,
        columns={
            "customerId": _attribute(members.customer, First.CUSTOMER),
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
        _all(costs.corrected),
        partial(marketing.campaign_costs, view),
        removed_at=costs.removed,
        columns={
            "year": _attribute(costs.year),
            "month": _attribute(costs.month),
            "campaignId": _attribute(costs.campaign, First.CAMPAIGN),
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
        (
            "technicians",
            First.TECHNICIAN,
            company.technicians.hired,
            settings.technicians,
            company.technicians.leaves,
        ),
    ]
    return [
        build_table(
            name,
            first_id,
            created,
            [_idle(view, name, created, 1.5)],
            partial(write, view),
            inactive_at=inactive,
        )
        for name, first_id, created, write, inactive in kinds
    ]

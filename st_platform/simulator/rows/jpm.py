"""Jobs and job types as the Job Planning and Management module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.company import TAG_TYPES
from st_platform.simulator.business.goods.installed import maintained
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.work import NONE, kinds_of
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.estimates import ids_on_jobs
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    decimals,
    ids,
    instants,
    objects,
    quoted,
    until,
    where,
)
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.rows.vocabulary import SUMMARIES

STATUSES = ("Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled")
SCHEDULED, DISPATCHED, IN_PROGRESS, HOLD, COMPLETED, CANCELED = range(6)
_PO_FIELD = '[{"typeId":481,"name":"Permit no.","value":"P-2201"}]'


def job_status(view: View, rows: Ints, at: int) -> Ints:
    """The status of each job at an instant, as an index of `STATUSES`: whatever happened last."""
    jobs = view.business.jobs
    status = np.full(len(rows), SCHEDULED, dtype=np.int64)
    for moment, value in (
        (jobs.dispatched, DISPATCHED),
        (jobs.started, IN_PROGRESS),
        (jobs.held, HOLD),
        (jobs.resumed, IN_PROGRESS),
        (jobs.done, COMPLETED),
        (jobs.reopened, IN_PROGRESS),
        (jobs.redone, COMPLETED),
        (jobs.canceled, CANCELED),
    ):
        status[moment[rows] <= at] = value
    return status


def completed_on(view: View, rows: Ints, at: int) -> Ticks:
    """When the job was completed, `NEVER` while it is not."""
    jobs = view.business.jobs
    again = until(jobs.redone[rows], at)
    last = np.where(again != NEVER, again, until(jobs.done[rows], at))
    return np.where(job_status(view, rows, at) == COMPLETED, last, NEVER)


def jobs(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, chance = view.business, view.business.chance
    jobs, kinds = b.jobs, b.company.job_kinds
    status = job_status(view, rows, at)
    kind = kinds_of(b.company, jobs)[rows]
    types = jobs.type[rows]
    unit = maintained(b, view.supply.installed, rows)
    edited = jobs.edited[rows] <= at
    completed = status == COMPLETED
    visits = 1 + (jobs.held[rows] <= at) + (jobs.reopened[rows] <= at)
    board = view.dispatching
    origin = jobs.origin[rows]
    sold = origin != NONE
    seller = view.technicians(np.maximum(origin, 0)) + First.TECHNICIAN
    origin_ids = (origin + First.JOB).tolist()
    lead = where(sold, [f'{{"jobId":{j},"employeeId":{e}}}' for j, e in zip(origin_ids, seller.tolist(), strict=True)])
    commercial = b.customers.commercial[jobs.customer[rows]]
    invoice = b.invoice_of_job[rows]
    amount = np.where(completed, b.bills.subtotal[invoice] + b.bills.tax[invoice], 0)
    texts = (rows + First.JOB).tolist()
    return objects(
        len(rows),
        summary=chosen(SUMMARIES, chance.among(rows, "summary", len(SUMMARIES))),
        customFields=where(edited & (kind == Kind.INSTALL), _PO_FIELD, "[]"),
        externalData="[]",
        summaryOfWork=where(completed, '"Work performed as agreed, area left clean."'),
        id=texts,
        jobNumber=[f'"{number}"' for number in texts],
        projectId=ids(view.project_of_job[rows], First.PROJECT),
        customerId=ids(jobs.customer[rows], First.CUSTOMER),
        locationId=ids(jobs.location[rows], First.LOCATION),
        jobStatus=chosen([f'"{name}"' for name in STATUSES], status),
        completedOn=instants(completed_on(view, rows, at)),
        businessUnitId=ids(view.job_units[rows], First.BUSINESS_UNIT),
        jobTypeId=ids(types, First.JOB_TYPE),
        priority=chosen([f'"{kind.priority}"' for kind in kinds], types),
        campaignId=ids(jobs.campaign[rows], First.CAMPAIGN),
        appointmentCount=visits.tolist(),
        firstAppointmentId=ids(board.first_appointment[rows], First.APPOINTMENT),
        lastAppointmentId=ids(board.visit(rows, visits - 1), First.APPOINTMENT),
        recallForId=ids(jobs.recalled[rows], First.JOB),
        warrantyId=ids(jobs.covered[rows], First.JOB),
        jobGeneratedLeadSource=where(chance.fraction(rows, "tech lead") < 0.6, lead),
        noCharge=chosen(["true" if kind.no_charge else "false" for kind in kinds], types),
        notificationsEnabled="true",
        createdOn=instants(jobs.created[rows]),
        createdById=view.creators(rows, "jobs"),
        modifiedOn=instants(modified),
        tagTypeIds=where(edited, f"[{TAG_TYPES[4]},{TAG_TYPES[5]}]", "[]"),
        leadCallId=ids(view.demand.call[rows], First.CALL),
        partnerLeadCallId="null",
        bookingId=ids(view.demand.booking[rows], First.BOOKING),
        soldById=where(sold, [str(n) for n in seller.tolist()]),
        customerPo=where(commercial, [f'"PO-{n}"' for n in chance.among(rows, "po", 9000).tolist()], '""'),
        invoiceId=ids(invoice, First.INVOICE),
        membershipId=ids(jobs.membership[rows], First.MEMBERSHIP),
        total=where(completed, decimals(amount)),
        createdFromEstimateId=ids(view.offers.made_from[rows], First.ESTIMATE),
        estimateIds=ids_on_jobs(view, rows, at),
        equipmentIds=where(unit != NONE, [f"[{n}]" for n in (unit + First.EQUIPMENT).tolist()], "[]"),
        isAutoDispatched=booleans(chance.fraction(rows, "auto") < 0.1),
        active=booleans(jobs.inactive[rows] > at),
    )


def job_types(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    company = view.business.company
    kinds = [company.job_kinds[row] for row in rows.tolist()]
    return objects(
        len(rows),
        id=ids(rows, First.JOB_TYPE),
        name=quoted(kind.name for kind in kinds),
        businessUnitIds=[f"[{kind.unit + First.BUSINESS_UNIT}]" for kind in kinds],
        skills=[json.dumps([company.profile.trades[kind.trade].name]) for kind in kinds],
        tagTypeIds="[]",
        priority=quoted(kind.priority for kind in kinds),
        duration=[int(kind.hours * 3600) for kind in kinds],
        soldThreshold=[
            "null" if k.threshold is None else f"{k.threshold // 100}.{k.threshold % 100:02d}" for k in kinds
        ],
        class_=quoted(kind.kind.name.title() for kind in kinds),
        summary='"<p>Arrive, introduce yourself, inspect.</p>"',
        noCharge=["true" if kind.no_charge else "false" for kind in kinds],
        enforceRecurringServiceEventSelection=where(np.array([k.kind == Kind.MAINTENANCE for k in kinds]), "true"),
        invoiceSignaturesRequired="true",
        modifiedOn=instants(modified),
        createdOn=instants(setup_times(view, len(company.job_kinds))[rows]),
        externalData="[]",
        active=booleans(job_type_ends(view)[rows] > at),
        isSmartDispatched="false",
        defaultEstimateSoldAction='"None"',
        customFieldTypeIds="[481]",
    )


def setup_times(view: View, count: int) -> Ticks:
    """When settings rows were made: one after the other, before the first business."""
    return view.business.company.opened - 30 * 864_000_000_000 + np.arange(count) * 61_234_567


def job_type_ends(view: View) -> Ticks:
    company = view.business.company
    ends = np.full(len(company.job_kinds), NEVER, dtype=np.int64)
    for row, kind in enumerate(company.job_kinds):
        closes = company.units[kind.unit].closes
        if kind.retired and closes is not None:
            ends[row] = company.opened + int(closes * (company.end - company.opened))
    return ends

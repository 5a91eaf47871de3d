"""Estimates and their items as the Sales module writes them."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import ACCOUNTS, SERVICE, SKU_IDS, SKUS, UNMAPPED
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, decimals, ids, instants, objects, until, where
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.versions import VersionLog

_STATUSES = ['{"value":0,"name":"Open"}', '{"value":1,"name":"Sold"}', '{"value":2,"name":"Dismissed"}']
OPEN, SOLD, DISMISSED = range(3)
_CHOICES = ['"Good"', '"Better"', '"Best"', '"Premium"', '"Premium plus"']
_DESCRIPTIONS = [json.dumps(f"<p>{sku.name}</p>") for sku in SKUS]
_ACCOUNT = [ACCOUNTS[SERVICE if sku.account == UNMAPPED else sku.account] for sku in SKUS]
_ACCOUNT_NAMES = [json.dumps(one.name) for one in _ACCOUNT]
_HOURS = [f"{sku.hours // 100}.{sku.hours % 100:02d}" for sku in SKUS]
_LINKS = '[{"name":"Brochure","url":"https://brochures.example/42"}]'


def estimate_status(view: View, rows: Ints, at: int) -> Ints:
    """Open, sold or dismissed at an instant."""
    these = view.offers.estimates
    return np.where(these.sold[rows] <= at, SOLD, np.where(these.dismissed[rows] <= at, DISMISSED, OPEN))


def subtotals(view: View, rows: Ints, at: int) -> Ints:
    """What each estimate comes to at an instant, in cents."""
    these = view.offers.estimates
    return np.where(these.changed[rows] <= at, these.late_subtotal[rows], these.subtotal[rows])


def estimates(view: View, item_versions: VersionLog, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.offers.estimates
    job = these.job[rows]
    status = estimate_status(view, rows, at)
    order = these.change_order[rows] == 1
    tax = np.where(these.changed[rows] <= at, these.late_tax[rows], these.tax[rows])
    units = [json.dumps(unit.name) for unit in b.company.units]
    subtotal = subtotals(view, rows, at)
    deposit = b.chance.fraction(rows, "deposit") < 0.15
    numbers = (job + First.JOB).tolist()
    sold = status == SOLD
    asked = b.chance.fraction(rows, "estimate approval")
    return objects(
        len(rows),
        id=ids(rows, First.ESTIMATE),
        jobId=numbers,
        projectId=ids(view.project_of_job[job], First.PROJECT),
        locationId=ids(b.jobs.location[job], First.LOCATION),
        customerId=ids(b.jobs.customer[job], First.CUSTOMER),
        name=where(order, '"Change order"', chosen(_CHOICES, these.option[rows])),
        jobNumber=[f'"{number}"' for number in numbers],
        status=chosen(_STATUSES, status),
        reviewStatus=where(asked < 0.08, where(sold, '"Approved"', '"NeedsApproval"'), '"None"'),
        summary=where(b.chance.fraction(rows, "estimate summary") < 0.5, '"Replace as discussed; rebate included."'),
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        soldOn=instants(until(these.sold[rows], at)),
        soldBy=where(sold, ids(view.technicians(job), First.TECHNICIAN)),
        active=booleans(these.inactive[rows] > at),
        items=_embedded(view, item_versions, rows, at),
        externalLinks=where(b.chance.fraction(rows, "brochure") < 0.1, _LINKS, "[]"),
        subtotal=decimals(subtotal),
        tax=decimals(tax),
        businessUnitId=ids(view.job_units[job], First.BUSINESS_UNIT),
        businessUnitName=chosen(units, view.job_units[job]),
        isRecommended=booleans(these.option[rows] == 1),
        budgetCodeId="null",
        isChangeOrder=booleans(order),
        proposalTagName=where(b.chance.fraction(rows, "proposal") < 0.2, '"Comfort proposal"'),
        depositAmount=where(deposit, decimals(subtotal // 10)),
        depositPercent=where(deposit, "10.0"),
        requireDepositOnSignature=where(deposit, "true", "false"),
    )


def estimate_items(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.offers.items
    sku = these.sku[rows]
    changed = [f'"{when}"' for when in _sku_times(view)]
    line = these.line[rows]
    billed = np.where(line == NONE, NEVER, b.lines.created[np.maximum(line, 0)])
    skus = [
        f'{{"id":{SKU_IDS[n]},"name":{json.dumps(SKUS[n].code)},"displayName":{json.dumps(SKUS[n].name)},'
        f'"type":"{SKUS[n].type}","soldHours":{_HOURS[n]},"generalLedgerAccountId":{_ACCOUNT[n].id},'
        f'"generalLedgerAccountName":{_ACCOUNT_NAMES[n]},"modifiedOn":{changed[n]}}}'
        for n in range(len(SKUS))
    ]
    quantity, cost = these.quantity[rows], these.cost[rows]
    return objects(
        len(rows),
        id=ids(rows, First.ESTIMATE_ITEM),
        sku=chosen(skus, sku),
        skuAccount=chosen(_ACCOUNT_NAMES, sku),
        description=chosen(_DESCRIPTIONS, sku),
        membershipTypeId="null",
        qty=decimals(quantity),
        unitRate=decimals(these.price[rows]),
        total=decimals(these.total[rows]),
        unitCost=decimals(cost),
        totalCost=decimals((quantity * cost + 50) // 100),
        itemGroupName='""',
        itemGroupRootId="null",
        createdOn=instants(these.created[rows]),
        modifiedOn=instants(modified),
        chargeable="true",
        invoiceItemId=ids(np.where(billed <= at, line, NONE), First.INVOICE_ITEM),
        budgetCodeId="null",
    )


def _sku_times(view: View) -> list[str]:
    opened = view.business.company.opened
    moments = (np.full(len(SKUS), opened) - 20 * 864_000_000_000).view("M8[100ns]")
    return [f"{moment[:27]}Z" for moment in np.datetime_as_string(moments).tolist()]


def _embedded(view: View, item_versions: VersionLog, rows: Ints, at: int) -> Texts:
    """The items of each estimate that are on it at that instant."""
    these, items = view.offers.estimates, view.offers.items
    count = these.count[rows]
    start = np.cumsum(count) - count
    every = np.repeat(these.first[rows] - start, count) + np.arange(int(count.sum()))
    kept = items.removed[every] > at
    owner = np.repeat(np.arange(len(rows)), count)[kept]
    lines = every[kept]
    texts = estimate_items(view, lines, item_versions.modified(lines, at), at)
    edges = np.searchsorted(owner, np.arange(len(rows) + 1)).tolist()
    return [f"[{','.join(texts[a:z])}]" for a, z in pairwise(edges)]


def ids_on_jobs(view: View, jobs: Ints, at: int) -> Texts:
    """The estimates made on each job as a JSON array of ids, from the end of its visit on."""
    offers, done = view.offers, view.business.jobs.done[jobs] <= at
    first = offers.starts[jobs]
    count = np.where(done, offers.starts[jobs + 1] - first, 0)
    texts: Texts = []
    for start, number in zip(first.tolist(), count.tolist(), strict=True):
        numbers = offers.of_job[start : start + number] if number else ()
        texts.append(f"[{','.join(str(one + First.ESTIMATE) for one in numbers)}]")
    return texts

"""Invoices and their items as the Accounting module writes them: money is a string here."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from st_platform.simulator.business.books.billing import removed_at
from st_platform.simulator.business.books.invoices import Configuration
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import (
    ACCOUNTS,
    INVENTORY,
    PLANS,
    SKU_IDS,
    SKUS,
    UNMAPPED,
    Account,
    Sku,
)
from st_platform.simulator.business.pricebook import EQUIPMENT as COST_EQUIPMENT
from st_platform.simulator.business.pricebook import MATERIALS as COST_MATERIALS
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    money,
    objects,
    until,
    where,
)
from st_platform.simulator.rows.view import First, View, employee_name
from st_platform.simulator.rows.vocabulary import SUMMARIES, named, rate
from st_platform.simulator.versions import VersionLog

_CONFIGURATIONS = [
    '"JobInvoice"',
    '"ProjectInvoice"',
    '"CounterSales"',
    '"MembershipInvoice"',
    '"InterestChargeInvoice"',
    '"ARImportInvoice"',
]
_YEAR = 365.25 * DAY
TAX_ZONES = ("City", "County", "Exempt")


def account(number: int) -> str:
    """A general ledger account as JSON, `null` for none."""
    if number == UNMAPPED:
        return "null"
    one: Account = ACCOUNTS[number]
    return json.dumps(
        {"id": one.id, "name": one.name, "number": one.number, "type": one.type, "detailType": one.detail}
    )


def _kind_members(number: int, sku: Sku) -> str:
    return f'"type":"{sku.type}","skuName":{json.dumps(sku.code)},"skuId":{SKU_IDS[number]}'


def _ledger_members(sku: Sku) -> str:
    stocked = sku.type in ("Material", "Equipment")
    cost = (COST_EQUIPMENT if sku.type == "Equipment" else COST_MATERIALS) if stocked else UNMAPPED
    flags = {"inventory": stocked, "taxable": sku.taxable, "isChargeable": sku.chargeable}
    accounts = (account(sku.account), account(cost), account(INVENTORY if stocked else UNMAPPED))
    return (
        json.dumps(flags, separators=(",", ":"))[1:-1]
        + f',"generalLedgerAccount":{accounts[0]},"costOfSaleAccount":{accounts[1]},"assetAccount":{accounts[2]}'
    )


_KINDS = [_kind_members(number, sku) for number, sku in enumerate(SKUS)]
_LEDGERS = [_ledger_members(sku) for sku in SKUS]
_DESCRIPTIONS = [json.dumps(f"<p>{sku.name}</p>") for sku in SKUS]
_DISPLAY = [json.dumps(sku.name) for sku in SKUS]
_COST = np.array([sku.cost for sku in SKUS], dtype=np.int64)
_HOURS = np.array([sku.hours for sku in SKUS], dtype=np.int64)
_LABOUR = np.array([sku.type == "Service" for sku in SKUS])


def invoice_items(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    """Items as their feed shows them."""
    b = view.business
    active = (removed_at(b.lines, b.bills, rows) > at) & (b.invoice_inactive[b.lines.invoice[rows]] > at)
    extra = [
        f'"active":{state},"invoiceId":{invoice}'
        for state, invoice in zip(booleans(active), ids(b.lines.invoice[rows], First.INVOICE), strict=True)
    ]
    return _items(view, rows, modified, extra)


def invoices(view: View, item_versions: VersionLog, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, chance = view.business, view.business.chance
    inv, bills = b.invoices, b.bills
    billed = inv.billed[rows] <= at
    later = bills.changed[rows] <= at
    subtotal = np.where(billed, np.where(later, bills.late_subtotal[rows], bills.subtotal[rows]), 0)
    tax = np.where(billed, np.where(later, bills.late_tax[rows], bills.tax[rows]), 0)
    balance = view.balances.invoices.at(rows, at)
    paid = _paid_on(view, rows, at, billed & (balance == 0) & (subtotal + tax != 0))
    posted, reviewed = view.posted[rows] <= at, view.reviewed[rows] <= at
    commercial = b.customers.commercial[inv.customer[rows]]
    date = np.where(billed, inv.date[rows], b.calendar.local_midnight(inv.created[rows]))
    due = np.where(commercial, date + 30 * DAY, date)
    job = inv.job[rows]
    zone = bills.zone[rows]
    rates = rate(np.array(b.profile.tax_rates)[zone])
    units = [json.dumps(unit.name) for unit in b.company.units]
    type_names = [json.dumps(kind.name) for kind in b.company.job_kinds]
    job_texts = [
        f'{{"id":{number + First.JOB},"number":"{number + First.JOB}","type":{type_names[kind]}}}'
        if number >= 0
        else "null"
        for number, kind in zip(job.tolist(), b.jobs.type[np.maximum(job, 0)].tolist(), strict=True)
    ]
    editors = view.creators(rows, "reviewer")
    editor = [
        f'{{"id":{one},"name":{employee_name(one)},"modifiedOn":{when}}}'
        for one, when in zip(editors, instants(modified), strict=True)
    ]
    corrects = inv.adjusts[rows]
    imported = inv.configuration[rows] == Configuration.AR_IMPORT
    numbers = (rows + First.INVOICE).tolist()
    return objects(
        len(rows),
        summary=where(job != NONE, chosen(SUMMARIES, chance.among(np.maximum(job, 0), "summary", len(SUMMARIES)))),
        items=_embedded(view, item_versions, rows, at),
        customFields=where(chance.fraction(rows, "field") < 0.1, '[{"name":"Cost center","value":"7"}]', "[]"),
        active=booleans(b.invoice_inactive[rows] > at),
        discountTotal=money(np.where(billed, np.abs(bills.discount[rows]), 0)),
        importId=where(imported, [f'"AR-{number}"' for number in numbers]),
        exportId="null",
        materialSkuId="null",
        membershipId=ids(inv.membership[rows], First.MEMBERSHIP),
        paidOn=days(paid),
        invoiceConfiguration=chosen(_CONFIGURATIONS, inv.configuration[rows]),
        id=numbers,
        syncStatus=where(posted, '"Posted"', '"Pending"'),
        budgetCodeId="null",
        referenceNumber=[f'"{number}"' for number in numbers],
        invoiceDate=days(date),
        dueDate=days(due),
        subTotal=money(subtotal),
        salesTax=money(tax),
        salesTaxCode=where(
            zone < 2,
            [
                f'{{"id":{611 + z},"name":"{TAX_ZONES[z]}","taxRate":{text}}}'
                for z, text in zip(zone.tolist(), rates, strict=True)
            ],
        ),
        taxZoneId=where(zone < 2, [str(611 + z) for z in zone.tolist()]),
        total=money(subtotal + tax),
        balance=money(balance),
        invoiceType=where(inv.configuration[rows] == Configuration.PROJECT, '{"id":33,"name":"Progress billing"}'),
        customer=named(ids(inv.customer[rows], First.CUSTOMER), view.names.customers(inv.customer[rows])),
        customerAddress=view.names.addresses(b.locations.first(inv.customer[rows]), geo=False),
        location=named(ids(inv.location[rows], First.LOCATION), view.names.locations(inv.location[rows])),
        locationAddress=view.names.addresses(inv.location[rows], geo=False),
        businessUnit=named(ids(inv.unit[rows], First.BUSINESS_UNIT), chosen(units, inv.unit[rows])),
        termName=where(commercial, '"Net 30"', '"Due Upon Receipt"'),
        createdBy=view.creator_names(rows, "invoices"),
        batch=_batches(view.posted[rows], posted),
        depositedOn="null",
        createdOn=instants(inv.created[rows]),
        modifiedOn=instants(modified),
        adjustmentToId=ids(corrects, First.INVOICE),
        job=job_texts,
        projectId=ids(_project(view, inv.project[rows]), First.PROJECT),
        royalty='{"status":"Pending","date":null,"sentOn":null,"memo":null}',
        employeeInfo=where(reviewed, editor),
        commissionEligibilityDate="null",
        sentStatus=where(reviewed, where(chance.fraction(rows, "opened") < 0.5, '"Opened"', '"Sent"'), '"NotSent"'),
        reviewStatus=where(posted, '"Invoiced"', where(reviewed, '"Reviewed"', '"NeedsReview"')),
        assignedTo="null",
    )


def batch(night: int) -> str:
    """The batch of one night's posting."""
    day = night // DAY
    return f'{{"id":{day},"number":"{day}","name":"Nightly {np.datetime64(day, "D")}"}}'


def _batches(nights: Ticks, posted: np.ndarray) -> Texts:
    known = {day: batch(day * DAY) for day in np.unique(nights[posted] // DAY).tolist()}
    return [known[day] if done else "null" for day, done in zip((nights // DAY).tolist(), posted.tolist(), strict=True)]


def _items(view: View, rows: Ints, modified: Ticks, extra: Texts | None) -> Texts:
    b, lines, chance = view.business, view.business.lines, view.business.chance
    sku, invoice = lines.sku[rows], lines.invoice[rows]
    job = np.where(b.invoices.job[invoice] != NONE, b.invoices.job[invoice], b.invoices.project[invoice])
    worked = _LABOUR[sku] & (job != NONE)
    unit = b.invoices.unit[invoice]
    years = (lines.created[rows] - b.company.opened) / _YEAR
    cost = np.rint(_COST[sku] * (1 + 0.027 * years)).astype(np.int64)
    quantity, price = lines.quantity[rows], lines.price[rows]
    units = [
        f'{{"id":{number + First.BUSINESS_UNIT},"name":{json.dumps(u.name)}}}'
        for number, u in enumerate(b.company.units)
    ]
    units.append("null")
    technician = np.where(worked, view.technicians(np.maximum(job, 0)), NONE)
    plans = ["0", *(str(plan.id) for plan in PLANS)]
    return objects(
        len(rows),
        id=ids(rows, First.INVOICE_ITEM),
        description=chosen(_DESCRIPTIONS, sku),
        quantity=money(quantity),
        cost=money(cost),
        totalCost=money((quantity * cost + 50) // 100),
        budgetCodeId="null",
        inventoryLocationId="null",
        inventoryLocation="null",
        price=money(price),
        members_kind=chosen(_KINDS, sku),
        total=money(lines.total[rows]),
        members_ledger=chosen(_LEDGERS, sku),
        membershipTypeId=chosen(plans, lines.plan[rows] + 1),
        itemGroup="null",
        displayName=chosen(_DISPLAY, sku),
        soldHours=decimals(_HOURS[sku]),
        createdOn=instants(lines.created[rows]),
        modifiedOn=instants(modified),
        serviceDate=days(b.invoices.date[invoice]),
        order=(lines.order[rows] + 1).tolist(),
        businessUnit=chosen(units, np.where(chance.fraction(rows, "unit") < 0.1, len(units) - 1, unit)),
        createdById=view.creators(rows, "items"),
        displayInAmount="true",
        importId="null",
        exportId="null",
        inventoryStatus="null",
        addOn="false",
        memberPrice=money(price * 9 // 10),
        technicianId=ids(technician, First.TECHNICIAN),
        installedEquipmentId=ids(view.supply.installed.of_lines(rows), First.EQUIPMENT),
        estimateItemId="null",
        **({} if extra is None else {"members_place": extra}),
    )


def _embedded(view: View, item_versions: VersionLog, rows: Ints, at: int) -> Texts:
    """The items array of each invoice: the lines that are on it at that instant."""
    b = view.business
    count = np.where(b.invoices.billed[rows] <= at, b.bills.count[rows], 0)
    start = np.cumsum(count) - count
    lines = np.repeat(b.bills.first[rows] - start, count) + np.arange(int(count.sum()))
    kept = removed_at(b.lines, b.bills, lines) > at
    times = item_versions.modified(lines, at)
    kept &= times != NEVER
    owner = np.repeat(np.arange(len(rows)), count)[kept]
    texts = _items(view, lines[kept], times[kept], None)
    edges = np.searchsorted(owner, np.arange(len(rows) + 1)).tolist()
    return [f"[{','.join(texts[a:z])}]" for a, z in pairwise(edges)]


def _paid_on(view: View, rows: Ints, at: int, settled: np.ndarray) -> Ticks:
    """The local day on which the balance came to nothing; `NEVER` while it has not."""
    ledger = view.balances.invoices
    entry = ledger.runs.last(rows, at)
    when = ledger.runs.times[np.maximum(entry, 0)] if len(ledger.runs.times) else np.zeros(len(rows), dtype=np.int64)
    return until(np.where(settled & (entry >= 0), view.business.calendar.local_midnight(when), NEVER), at)


def _project(view: View, jobs: Ints) -> Ints:
    """The project that each job began, `NONE` without a job."""
    return np.where(jobs == NONE, NONE, view.project_of_job[np.maximum(jobs, 0)])

"""Inventory bills and accounts payable as the Accounting module writes them: money is a string here.

How the two lists relate is said nowhere; what the documents give away is that accounts payable has a `source`
(Standalone, Purchasing, Recurring, OCR, API) and a `billType` (Procurement, ApBill), and either items or lines of
expense. Here the decision is: every inventory bill has a second record among the payables, source Purchasing and type
Procurement, under an id of its own, with the same number, purchase order, items, amounts and dates; all other payables
are of type ApBill with lines of expense and have no inventory bill. So a purchase is in both lists and must be counted
from one.
"""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import (
    ADVERTISING,
    FUEL,
    INSURANCE,
    RENT,
    SOFTWARE,
    SUBCONTRACTORS,
    UTILITIES,
)
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, Ticks
from st_platform.simulator.rows.accounting import account
from st_platform.simulator.rows.inventory import batches, sync_status, vendor_invoices
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    ids,
    instants,
    money,
    objects,
    until,
    where,
)
from st_platform.simulator.rows.ordering import (
    ACCOUNT_LEDGERS,
    PART_NUMBER,
    SKU_CODE,
    SKU_ID,
    SKU_NAME,
    SKU_TEXT,
    SKU_TYPE,
    depot,
    grouped,
    inventory_locations,
    location_names,
    ship_to,
    ship_to_texts,
    spread,
    unit_rows,
    units_named,
    vendors,
)
from st_platform.simulator.rows.view import First, View, employee_name

_CITY = '{"id":611,"name":"City"}'
_SOURCES = ('"Standalone"', '"Purchasing"', '"Recurring"', '"OCR"', '"API"')
_WHAT = {
    SUBCONTRACTORS: '"Subcontracted work"',
    RENT: '"Rent"',
    FUEL: '"Fuel of the week"',
    ADVERTISING: '"Advertising of the month"',
    INSURANCE: '"Insurance"',
    UTILITIES: '"Power, water, telephone"',
    SOFTWARE: '"Subscriptions"',
}
_ACCOUNT_TEXT = {number: account(number) for number in _WHAT}


def _jobs(job: Ints) -> tuple[Texts, Texts]:
    """`jobId` and `jobNumber`."""
    texts = [str(number) for number in (job + First.JOB).tolist()]
    return where(job != NONE, texts), where(job != NONE, [f'"{text}"' for text in texts])


def _bill_members(view: View, bill: Ints, at: int) -> dict[str, Texts | str]:
    """What an inventory bill and its record among the payables have in common, all but dates of its own."""
    b, supply = view.business, view.supply
    bills, orders, receipts = supply.payables.bills, supply.purchases.orders, supply.purchases.receipts
    receipt = bills.receipt[bill]
    order = receipts.order[receipt]
    job, truck = orders.job[order], orders.truck[order]
    day = b.calendar.local_midnight(receipts.created[receipt])
    job_ids, job_numbers = _jobs(job)
    return {
        "purchaseOrderId": [str(number) for number in (order + First.PURCHASE_ORDER).tolist()],
        "referenceNumber": [f'"{number}"' for number in (bill + First.INVENTORY_BILL).tolist()],
        "vendorNumber": vendor_invoices(receipt),
        "summary": where(bills.again[bill], '"Entered twice"', where(bills.differs[bill], '"Price differs"', '""')),
        "billDate": days(day),
        "billAmount": money(bills.total[bill]),
        "taxAmount": money(bills.tax[bill]),
        "shippingAmount": money(bills.shipping[bill]),
        "landedCostMethod": '"None"',
        "otherAmount": "null",
        "createdBy": view.creator_names(bill, "bills"),
        "termName": '"Net 30"',
        "dueDate": days(day + 30 * DAY),
        "shipToDescription": ship_to_texts(job),
        "postDate": days(until(bills.posted[bill], at)),
        "batch": batches(bills.posted[bill], at),
        "syncStatus": sync_status(bills.posted[bill], bills.exported[bill], at),
        "businessUnit": units_named(view, unit_rows(view, job, truck)),
        "taxZone": where(bills.tax[bill] > 0, _CITY),
        "vendor": vendors(orders.vendor[order]),
        "shipTo": ship_to(view, job),
        "budgetCodeId": "null",
        "customFields": "[]",
        "jobId": job_ids,
        "jobNumber": job_numbers,
        "dateReconciled": instants(until(bills.approved[bill], at)),
    }


def inventory_bills(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    bills = view.supply.payables.bills
    return objects(
        len(rows),
        id=ids(rows, First.INVENTORY_BILL),
        **_bill_members(view, rows, at),
        createdOn=instants(bills.created[rows]),
        modifiedOn=instants(modified),
        items=_items(view, rows, payable=False),
        active=booleans(bills.voided[rows] > at),
    )


def _items(view: View, bill: Ints, *, payable: bool) -> Texts:
    """The items of inventory bills; a `payable` has the vendor's part number and its place as an object."""
    supply = view.supply
    bills, lines, received = supply.payables.bills, supply.payables.lines, supply.purchases.received
    orders = supply.purchases.orders
    count = bills.count[bill]
    row, _ = spread(bills.first[bill], count)
    line = received.line[lines.received[row]]
    sku = supply.purchases.lines.sku[line]
    truck = orders.truck[supply.purchases.lines.order[line]]
    place = location_names(truck)
    numbers = inventory_locations(truck).tolist()
    stores = where(truck == NONE, '"Warehouse"', '"Truck"')
    extra: dict[str, Texts] = {}
    if payable:
        extra["vendorPartNumber"] = chosen(PART_NUMBER, sku)
        place = [
            f'{{"id":{number},"name":{name},"type":{kind}}}'
            for number, name, kind in zip(numbers, place, stores, strict=True)
        ]
    texts = objects(
        len(row),
        order=(row - bills.first[lines.bill[row]] + 1).tolist(),
        name=chosen(SKU_NAME, sku),
        description=chosen(SKU_TEXT, sku),
        quantity=money(received.quantity[lines.received[row]]),
        cost=money(lines.cost[row]),
        allocatedTax="null",
        allocatedShipping="null",
        allocatedOtherCosts="null",
        fullyLandedUnitCost="null",
        inventoryLocation=place,
        **extra,
        serialNumber="null",
        members_ledger=chosen(ACCOUNT_LEDGERS, sku),
        id=ids(row, First.BILL_ITEM),
        skuId=SKU_ID[sku].tolist(),
        receiptItemId=ids(lines.received[row], First.RECEIPT_ITEM),
        skuType=chosen(SKU_TYPE, sku),
        skuCode=chosen(SKU_CODE, sku),
        budgetCodeId="null",
    )
    return grouped(texts, count)


def ap_bills(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    """Rows of both kinds, written apart and put back in their places."""
    expenses = view.supply.expenses
    delivered = expenses.bill[rows] != NONE
    texts = [""] * len(rows)
    for mine, write in ((delivered, _purchased), (~delivered, _alone)):
        places = np.flatnonzero(mine)
        for place, text in zip(places.tolist(), write(view, rows[places], modified[places], at), strict=True):
            texts[place] = text
    return texts


def _shared(view: View, rows: Ints, modified: Ticks, at: int) -> dict[str, Texts | str]:
    expenses = view.supply.expenses
    canceled = expenses.canceled[rows] <= at
    by = [f'{{"id":{one},"name":{employee_name(one)}}}' for one in view.creators(rows, "payables canceled")]
    return {
        "source": chosen(_SOURCES, expenses.source[rows]),
        "vendorInvoiceTotal": money(expenses.amount[rows]),
        "earlyDiscountDate": "null",
        "createdOn": instants(expenses.created[rows]),
        "modifiedOn": instants(modified),
        "doNotPay": booleans(canceled),
        "dateCanceled": instants(until(expenses.canceled[rows], at)),
        "canceledBy": where(canceled, by),
        "remittanceVendorInfo": "null",
    }


def _purchased(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    expenses, bills = view.supply.expenses, view.supply.payables.bills
    bill = expenses.bill[rows]
    open_ = where(bills.differs[bill], '"Discrepancy"', '"Unreconciled"')
    status = where(bills.approved[bill] <= at, '"Reconciled"', open_)
    return objects(
        len(rows),
        id=ids(rows, First.AP_BILL),
        **_bill_members(view, bill, at),
        **_shared(view, rows, modified, at),
        status=where(expenses.canceled[rows] <= at, '"Canceled"', status),
        billType='"Procurement"',
        items=_items(view, bill, payable=True),
        expenseItems="[]",
    )


def _alone(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    expenses = view.supply.expenses
    job = expenses.job[rows]
    job_ids, job_numbers = _jobs(job)
    unit = np.where(job != NONE, view.job_units[np.maximum(job, 0)], NONE)
    numbers = (rows + First.AP_BILL).tolist()
    status = where(expenses.approved[rows] <= at, '"Reconciled"', '"Unreconciled"')
    what = [_WHAT[one] for one in expenses.account[rows].tolist()]
    about = [
        text if campaign == NONE else f'"Advertising, campaign {campaign + First.CAMPAIGN}"'
        for text, campaign in zip(what, expenses.campaign[rows].tolist(), strict=True)
    ]
    return objects(
        len(rows),
        id=numbers,
        purchaseOrderId="null",
        **_shared(view, rows, modified, at),
        syncStatus=sync_status(expenses.posted[rows], expenses.exported[rows], at),
        status=where(expenses.canceled[rows] <= at, '"Canceled"', status),
        billType='"ApBill"',
        postDate=days(until(expenses.posted[rows], at)),
        referenceNumber=[f'"{number}"' for number in numbers],
        vendorNumber=[f'"{number * 31 % 1_000_000:06d}"' for number in numbers],
        summary=about,
        billDate=days(expenses.covers[rows]),
        billAmount=money(expenses.amount[rows]),
        taxAmount='"0.00"',
        shippingAmount='"0.00"',
        landedCostMethod='"None"',
        otherAmount="null",
        createdBy=view.creator_names(rows, "payables"),
        termName='"Net 15"',
        dueDate=days(expenses.covers[rows] + 15 * DAY),
        shipToDescription='""',
        batch=batches(expenses.posted[rows], at),
        businessUnit=units_named(view, unit),
        taxZone="null",
        vendor=vendors(expenses.vendor[rows]),
        shipTo=depot(view),
        budgetCodeId="null",
        items="[]",
        expenseItems=_expense_items(view, rows, what, unit),
        customFields="[]",
        jobId=job_ids,
        jobNumber=job_numbers,
        dateReconciled=instants(until(expenses.approved[rows], at)),
    )


def _expense_items(view: View, rows: Ints, what: Texts, unit: Ints) -> Texts:
    expenses = view.supply.expenses
    job = expenses.job[rows]
    named_jobs = [f'{{"id":{number},"name":"{number}"}}' for number in (job + First.JOB).tolist()]
    texts = objects(
        len(rows),
        id=ids(rows, First.EXPENSE_ITEM),
        amount=money(expenses.amount[rows]),
        description=what,
        generalLedgerAccount=[_ACCOUNT_TEXT[one] for one in expenses.account[rows].tolist()],
        job=where(job != NONE, named_jobs),
        businessUnit=units_named(view, unit),
        budgetCodeId="null",
        projectLabelIds="[]",
    )
    return [f"[{text}]" for text in texts]

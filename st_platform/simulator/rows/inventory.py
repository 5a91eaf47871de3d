"""Purchase orders, receipts, returns and adjustments as the Inventory module writes them."""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.orders import amount
from st_platform.simulator.business.goods.stockroom import ADJUSTMENT_TYPES
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.accounting import batch
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    objects,
    until,
    where,
)
from st_platform.simulator.rows.ordering import (
    LEDGERS,
    PART_NUMBER,
    SKU_CODE,
    SKU_ID,
    SKU_NAME,
    SKU_TEXT,
    SKU_TYPE,
    grouped,
    inventory_locations,
    ship_to,
    ship_to_texts,
    spread,
    unit_rows,
)
from st_platform.simulator.rows.view import First, View

_FIRST_ORDER_TYPE, _FIRST_RETURN_TYPE = 1501, 1551
_PURPOSES = ('"Equipment for the job"', '"Parts for the job"', '"Restock"')
_REASONS = ('"Job called off"', '"Left over"', '"Defective on arrival"')
PENDING, SENT, PARTLY, RECEIVED, CANCELED = range(5)
ORDER_STATUSES = ("Pending", "Sent", "PartiallyReceived", "Received", "Canceled")


def order_status(view: View, rows: Ints, at: int) -> Ints:
    """The status of each order at an instant, as an index of `ORDER_STATUSES`."""
    purchases = view.supply.purchases
    orders, first, count = purchases.orders, purchases.orders.first[rows], purchases.orders.count[rows]
    lines, owner = spread(first, count)
    come = np.bincount(owner, orders.received(purchases.lines, lines, at), minlength=len(rows))
    wanted = np.bincount(owner, purchases.lines.quantity[lines], minlength=len(rows))
    status = np.where(orders.sent[rows] <= at, SENT, PENDING)
    status = np.where(come > 0, PARTLY, status)
    status = np.where(come == wanted, RECEIVED, status)
    return np.where(orders.canceled[rows] <= at, CANCELED, status)


def received_on(view: View, rows: Ints, at: int) -> Ticks:
    """When everything had come, `NEVER` while something is missing."""
    orders = view.supply.purchases.orders
    last = np.where(orders.again[rows] != NEVER, orders.again[rows], orders.arrives[rows])
    return np.where(order_status(view, rows, at) == RECEIVED, last, NEVER)


def purchase_orders(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, orders = view.business, view.supply.purchases.orders
    job, truck = orders.job[rows], orders.truck[rows]
    created, status = orders.created[rows], order_status(view, rows, at)
    on_job = job != NONE
    project = np.where(on_job, view.project_of_job[np.maximum(job, 0)], NONE)
    wanted = np.where(on_job, b.jobs.start[np.maximum(job, 0)], created + 3 * DAY)
    numbers = (rows + First.PURCHASE_ORDER).tolist()
    purpose = chosen(_PURPOSES, orders.purpose[rows])
    return objects(
        len(rows),
        id=numbers,
        number=[f'"{number}"' for number in numbers],
        invoiceId=ids(np.where(on_job, b.invoice_of_job[np.maximum(job, 0)], NONE), First.INVOICE),
        jobId=ids(job, First.JOB),
        projectId=ids(project, First.PROJECT),
        status=chosen([f'"{one}"' for one in ORDER_STATUSES], status),
        typeId=(orders.purpose[rows] + _FIRST_ORDER_TYPE).tolist(),
        vendorId=(orders.vendor[rows] + First.VENDOR).tolist(),
        technicianId=ids(truck, First.TECHNICIAN),
        shipTo=ship_to(view, job),
        businessUnitId=ids(unit_rows(view, job, truck), First.BUSINESS_UNIT),
        inventoryLocationId=inventory_locations(truck).tolist(),
        batchId="null",
        budgetCodeId="null",
        vendorDocumentNumber=where(status >= SENT, [f'"SO-{n % 1_000_000:06d}"' for n in numbers], '""'),
        date=days(b.calendar.local_midnight(created)),
        requiredOn=days(b.calendar.local_midnight(wanted)),
        sentOn=instants(until(orders.sent[rows], at)),
        receivedOn=instants(received_on(view, rows, at)),
        createdOn=instants(created),
        modifiedOn=instants(modified),
        total=decimals(orders.total[rows]),
        tax=decimals(orders.tax[rows]),
        shipping=decimals(orders.shipping[rows]),
        createdById=view.creators(rows, "orders"),
        summary=where(orders.edited[rows] <= at, '"Confirmed with the counter, see vendor order"', purpose),
        items=_order_items(view, rows, at, status == CANCELED),
        customFields="[]",
    )


def _order_items(view: View, rows: Ints, at: int, canceled: np.ndarray) -> Texts:
    purchases = view.supply.purchases
    orders, lines = purchases.orders, purchases.lines
    count = orders.count[rows]
    line, owner = spread(orders.first[rows], count)
    order, sku = lines.order[line], lines.sku[line]
    come = orders.received(lines, line, at)
    state = np.where(come == 0, 0, np.where(come == lines.quantity[line], 2, 1))
    again = (orders.again[order] <= at) & (lines.early[line] < lines.quantity[line])
    changed = np.where(orders.arrives[order] <= at, orders.arrives[order], orders.created[order])
    changed = np.where(again, orders.again[order], changed)
    texts = objects(
        len(line),
        id=ids(line, First.PURCHASE_ORDER_ITEM),
        skuId=SKU_ID[sku].tolist(),
        description=chosen(SKU_TEXT, sku),
        createdOn=instants(orders.created[order]),
        modifiedOn=instants(changed),
        skuName=chosen(SKU_NAME, sku),
        skuCode=chosen(SKU_CODE, sku),
        skuType=chosen(SKU_TYPE, sku),
        vendorPartNumber=chosen(PART_NUMBER, sku),
        quantity=decimals(lines.quantity[line]),
        quantityReceived=decimals(come),
        cost=decimals(lines.cost[line]),
        total=decimals(lines.total[line]),
        serialNumbers="[]",
        status=where(canceled[owner], '"Canceled"', chosen(('"Pending"', '"PartiallyReceived"', '"Received"'), state)),
        chargeable=where(orders.job[order] != NONE, "true", "false"),
        budgetCodeId="null",
    )
    return grouped(texts, count)


def vendor_invoices(rows: Ints) -> Texts:
    """The number that the vendor gave each delivery, on its receipt and its bill."""
    return [f'"VI-{row * 7919 % 10_000_000:07d}"' for row in rows.tolist()]


def inventory_receipts(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    supply = view.supply
    orders, receipts, bills = supply.purchases.orders, supply.purchases.receipts, supply.payables.bills
    order, bill = receipts.order[rows], supply.payables.of_receipt[rows]
    job, truck = orders.job[order], orders.truck[order]
    safe = np.maximum(bill, 0)
    billed = (bill != NONE) & (bills.created[safe] <= at)
    posted = np.where(billed, bills.posted[safe], NEVER)
    exported = np.where(billed, bills.exported[safe], NEVER)
    numbers = (rows + First.INVENTORY_RECEIPT).tolist()
    return objects(
        len(rows),
        id=numbers,
        active=booleans(receipts.voided[rows] > at),
        number=[f'"{number}"' for number in numbers],
        vendorInvoiceNumber=vendor_invoices(rows),
        createdById=view.creators(rows, "receipts"),
        memo=where(receipts.second[rows], '"Back-ordered items"', '""'),
        purchaseOrderId=ids(order, First.PURCHASE_ORDER),
        billId=ids(np.where(billed, bill, NONE), First.INVENTORY_BILL),
        jobId=ids(job, First.JOB),
        businessUnitId=ids(unit_rows(view, job, truck), First.BUSINESS_UNIT),
        vendorId=(orders.vendor[order] + First.VENDOR).tolist(),
        technicianId=ids(truck, First.TECHNICIAN),
        inventoryLocationId=inventory_locations(truck).tolist(),
        shipTo=ship_to(view, job),
        shipToDescription=ship_to_texts(job),
        receiptAmount=decimals(receipts.subtotal[rows] + receipts.tax[rows] + receipts.shipping[rows]),
        taxAmount=decimals(receipts.tax[rows]),
        shippingAmount=decimals(receipts.shipping[rows]),
        receivedOn=instants(receipts.created[rows]),
        createdOn=instants(receipts.created[rows]),
        modifiedOn=instants(modified),
        batchId=where(posted <= at, [str(night // DAY) for night in posted.tolist()]),
        syncStatus=sync_status(posted, exported, at),
        budgetCodeId="null",
        landedCostMethod='"None"',
        otherAmount="null",
        items=_receipt_items(view, rows),
        customFields="[]",
    )


def _receipt_items(view: View, rows: Ints) -> Texts:
    purchases = view.supply.purchases
    receipts, received, lines = purchases.receipts, purchases.received, purchases.lines
    count = receipts.count[rows]
    row, _ = spread(receipts.first[rows], count)
    line = received.line[row]
    sku = lines.sku[line]
    texts = objects(
        len(row),
        id=ids(row, First.RECEIPT_ITEM),
        skuId=SKU_ID[sku].tolist(),
        name=chosen(SKU_NAME, sku),
        code=chosen(SKU_CODE, sku),
        description=chosen(SKU_TEXT, sku),
        quantity=decimals(received.quantity[row]),
        cost=decimals(lines.cost[line]),
        members_ledger=chosen(LEDGERS, sku),
        purchaseOrderItemId=ids(line, First.PURCHASE_ORDER_ITEM),
        budgetCodeId="null",
        allocatedShipping="null",
        allocatedTax="null",
        allocatedOtherCosts="null",
        fullyLandedUnitCost="null",
    )
    return grouped(texts, count)


def sync_status(posted: Ticks, exported: Ticks, at: int) -> Texts:
    """Whether a record has gone to the accounting system."""
    return chosen(('"Pending"', '"Posted"', '"Exported"'), (posted <= at).astype(int) + (exported <= at))


def batches(posted: Ticks, at: int) -> Texts:
    """The batch in which each record was posted, null while it was not."""
    return [batch(int(when) // DAY * DAY) if when <= at else "null" for when in posted.tolist()]


def inactive_when_canceled(view: View, canceled: Ticks, name: str) -> Ticks:
    """Most canceled records are put away at once, some stay in sight."""
    return np.where(view.business.chance.fraction(np.arange(len(canceled)), name) < 0.6, canceled, NEVER)


def inventory_returns(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, supply = view.business, view.supply
    returns, orders = supply.returns, supply.purchases.orders
    order = supply.purchases.receipts.order[returns.receipt[rows]]
    job, truck = orders.job[order], orders.truck[order]
    on_job = job != NONE
    project = np.where(on_job, view.project_of_job[np.maximum(job, 0)], NONE)
    canceled, credited = returns.canceled[rows] <= at, returns.credited[rows]
    step = (returns.returned[rows] <= at).astype(int) + (credited <= at)
    numbers = (rows + First.INVENTORY_RETURN).tolist()
    unit = np.maximum(unit_rows(view, job, truck), 0)
    return objects(
        len(rows),
        id=numbers,
        active=booleans(inactive_when_canceled(view, returns.canceled, "return put away")[rows] > at),
        number=[f'"{number}"' for number in numbers],
        referenceNumber=where(credited <= at, [f'"CR-{n % 1_000_000:06d}"' for n in numbers], '""'),
        status=where(canceled, '"Canceled"', chosen(('"Pending"', '"Returned"', '"CreditReceived"'), step)),
        returnTypeId=(returns.reason[rows] + _FIRST_RETURN_TYPE).tolist(),
        vendorId=(orders.vendor[order] + First.VENDOR).tolist(),
        purchaseOrderId=ids(order, First.PURCHASE_ORDER),
        jobId=ids(job, First.JOB),
        projectId=ids(project, First.PROJECT),
        budgetCodeId="null",
        businessUnitId=ids(unit, First.BUSINESS_UNIT),
        inventoryLocationId=inventory_locations(truck).tolist(),
        createdById=view.creators(rows, "returns"),
        memo=chosen(_REASONS, returns.reason[rows]),
        returnAmount=decimals(returns.subtotal[rows] + returns.tax[rows]),
        taxAmount=decimals(returns.tax[rows]),
        shippingAmount="0.00",
        returnDate=days(b.calendar.local_midnight(returns.created[rows])),
        returnedOn=instants(until(returns.returned[rows], at)),
        creditReceivedOn=instants(until(credited, at)),
        createdOn=instants(returns.created[rows]),
        modifiedOn=instants(modified),
        batchId=where(credited <= at, [str(when // DAY) for when in credited.tolist()]),
        batch=batches(credited, at),
        syncStatus=sync_status(credited, np.full(len(rows), NEVER), at),
        canceledById=where(canceled, [str(one) for one in view.creators(rows, "returns canceled")]),
        canceledReason=where(canceled, '"NotWarranty"'),
        dateCanceled=instants(until(returns.canceled[rows], at)),
        items=_return_items(view, rows),
        customFields="[]",
        externalData="[]",
    )


def _return_items(view: View, rows: Ints) -> Texts:
    supply = view.supply
    returns, back, received = supply.returns, supply.return_lines, supply.purchases.received
    count = returns.count[rows]
    row, owner = spread(returns.first[rows], count)
    sku = supply.purchases.lines.sku[received.line[back.received[row]]]
    made = instants(returns.created[rows][owner])
    texts = objects(
        len(row),
        id=ids(row, First.RETURN_ITEM),
        skuId=SKU_ID[sku].tolist(),
        description=chosen(SKU_TEXT, sku),
        createdOn=made,
        modifiedOn=made,
        name=chosen(SKU_NAME, sku),
        code=chosen(SKU_CODE, sku),
        quantity=decimals(back.quantity[row]),
        cost=decimals(back.cost[row]),
        members_ledger=chosen(LEDGERS, sku),
        serialNumbers="[]",
        createdById="null",
        active="true",
        receiptItemId=ids(back.received[row], First.RECEIPT_ITEM),
        budgetCodeId="null",
    )
    return grouped(texts, count)


def inventory_adjustments(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, adjustments = view.business, view.supply.adjustments
    truck, posted = adjustments.truck[rows], adjustments.posted[rows]
    canceled = adjustments.canceled[rows] <= at
    nowhere = np.full(len(rows), NONE)
    numbers = (rows + First.INVENTORY_ADJUSTMENT).tolist()
    return objects(
        len(rows),
        id=numbers,
        active=booleans(inactive_when_canceled(view, adjustments.canceled, "adjustment put away")[rows] > at),
        number=[f'"{number}"' for number in numbers],
        referenceNumber='""',
        type=chosen([f'"{name}"' for name in ADJUSTMENT_TYPES], adjustments.kind[rows]),
        inventoryLocationId=inventory_locations(truck).tolist(),
        businessUnitId=ids(unit_rows(view, nowhere, truck), First.BUSINESS_UNIT),
        projectId="null",
        invoiceId="null",
        createdById=view.creators(rows, "adjustments"),
        memo='"Monthly count"',
        date=days(b.calendar.local_midnight(adjustments.created[rows])),
        createdOn=instants(adjustments.created[rows]),
        modifiedOn=instants(modified),
        batchId=where(posted <= at, [str(when // DAY) for when in posted.tolist()]),
        batch=batches(posted, at),
        syncStatus=sync_status(posted, np.full(len(rows), NEVER), at),
        canceledReason=where(canceled, '"Accidental"'),
        canceledById=where(canceled, [str(one) for one in view.creators(rows, "adjustments canceled")]),
        dateCanceled=instants(until(adjustments.canceled[rows], at)),
        externalData="[]",
        items=_adjustment_items(view, rows),
        customFields="[]",
    )


def _adjustment_items(view: View, rows: Ints) -> Texts:
    adjustments, lines = view.supply.adjustments, view.supply.adjustment_lines
    count = adjustments.count[rows]
    row, owner = spread(adjustments.first[rows], count)
    sku, made = lines.sku[row], instants(adjustments.created[rows][owner])
    texts = objects(
        len(row),
        id=ids(row, First.ADJUSTMENT_ITEM),
        skuId=SKU_ID[sku].tolist(),
        description=chosen(SKU_TEXT, sku),
        createdOn=made,
        modifiedOn=made,
        name=chosen(SKU_NAME, sku),
        code=chosen(SKU_CODE, sku),
        quantity=decimals(lines.quantity[row]),
        cost=decimals(lines.cost[row]),
        totalCost=decimals(amount(lines.quantity[row], lines.cost[row])),
        createdById="null",
        active="true",
        budgetCodeId="null",
        serialNumbers="[]",
    )
    return grouped(texts, count)

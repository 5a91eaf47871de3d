"""What arrives on purchase orders: vendors and costs, first and second deliveries, and what never comes.

Turns drafted orders, in order of creation, into orders, lines and receipts. Knows nothing of why they were made.
"""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.columns import places, runs, sums
from st_platform.simulator.business.goods.orders import (
    Drafted,
    Heads,
    OrderLines,
    Orders,
    Purchases,
    Purpose,
    ReceiptLines,
    Receipts,
    amount,
    even,
)
from st_platform.simulator.business.goods.pricing import unit_cost
from st_platform.simulator.business.goods.vendors import VENDORS, Trading, trading
from st_platform.simulator.business.pricebook import SKUS
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.instants import DAY, HOUR, NEVER

_TRADE = np.array([sku.trade for sku in SKUS])

VENDOR_SPREAD = 0.02
"""How far a vendor's cost is from the one that invoice lines carry, at most."""


def deliver(business: Business, heads: Heads, drafted: Drafted) -> Purchases:
    chance, company = business.chance, business.company
    rows, count = np.arange(len(heads.created)), len(heads.created)
    order = drafted.order
    first, number = runs(order, count)
    vendor = _vendors(business, heads, drafted, first)
    spread = 1 + VENDOR_SPREAD * (2 * chance.fraction(np.arange(len(order)), "vendor's cost") - 1)
    cost = even(unit_cost(company, drafted.sku, heads.created[order]) * spread)
    lines = OrderLines(order, drafted.sku, drafted.quantity, drafted.surplus, _early(business, drafted, first), cost)
    subtotal = sums(order, lines.total, count)
    rate = np.where([one.taxed for one in VENDORS], company.profile.tax_rates[0], 0)[vendor]
    freight = chance.fraction(rows, "freight")
    heavy = (heads.purpose == Purpose.JOB_EQUIPMENT) & (freight < 0.4)
    light = (heads.purpose == Purpose.STOCK) & (freight < 0.15)
    shipping = np.where(heavy, 4500, np.where(light, 1500, 0)) * (100 + chance.among(rows, "freight cost", 250)) // 100
    late = sums(order, lines.quantity - lines.early, count) > 0
    again = np.where(late & (heads.arrives != NEVER), heads.again, NEVER)
    amended = chance.fraction(rows, "order edited")
    orders = Orders(
        job=heads.job,
        truck=heads.truck,
        vendor=vendor,
        purpose=heads.purpose,
        created=heads.created,
        sent=heads.sent,
        canceled=heads.canceled,
        arrives=heads.arrives,
        again=again,
        voided=heads.voided,
        edited=np.where(amended < 0.08, heads.created + (amended * 900 * DAY).astype(np.int64) + HOUR, NEVER),
        subtotal=subtotal,
        tax=(subtotal * rate + 5000) // 10_000,
        shipping=shipping,
        first=first,
        count=number,
    )
    receipts, received = _receipts(orders, lines)
    return Purchases(orders, lines, receipts, received)


def _early(business: Business, lines: Drafted, first: Ints) -> Ints:
    """What comes with the first delivery: everything, but for some orders of several pieces."""
    split = business.chance.fraction(lines.order, "partial delivery") < 0.18
    place = np.arange(len(lines.order)) - first[lines.order]
    half = np.where(lines.quantity >= 200, lines.quantity // 200 * 100, lines.quantity)
    return np.where(split, np.where(place % 2 == 1, 0, half), lines.quantity)


def _vendors(business: Business, heads: Heads, lines: Drafted, first: Ints) -> Ints:
    """Units from the trade's distributor of the day, parts from a supply house, stock from the wholesaler."""
    company = business.company
    passed = (heads.created - company.opened) / (company.end - company.opened)
    suppliers = np.array(trading(Trading.PARTS))
    vendor = suppliers[business.chance.among(np.maximum(heads.job, 0), "supply house", len(suppliers))]
    vendor[heads.purpose == Purpose.STOCK] = trading(Trading.STOCK)[0]
    units = heads.purpose == Purpose.JOB_EQUIPMENT
    trade = _TRADE[lines.sku[np.minimum(first, len(lines.sku) - 1)]]
    for line in np.unique(trade[units]).tolist():
        for row in reversed(trading(Trading.EQUIPMENT, line)):
            vendor[units & (trade == line) & (passed < VENDORS[row].until)] = row
    return vendor


def _receipts(orders: Orders, lines: OrderLines) -> tuple[Receipts, ReceiptLines]:
    late = lines.quantity - lines.early
    firsts = np.flatnonzero((lines.early > 0) & (orders.arrives[lines.order] != NEVER))
    seconds = np.flatnonzero((late > 0) & (orders.again[lines.order] != NEVER))
    line = np.concatenate([firsts, seconds])
    key = lines.order[line] * 2 + np.repeat([0, 1], [len(firsts), len(seconds)])
    quantity = np.concatenate([lines.early[firsts], late[seconds]])
    deliveries, owner = np.unique(key, return_inverse=True)
    order, second = deliveries // 2, deliveries % 2 == 1
    created = np.where(second, orders.again[order], orders.arrives[order])
    by_time = np.argsort(created, kind="stable")
    position = places(by_time)
    owner = position[owner]
    in_receipt = np.lexsort((line, owner))
    received = ReceiptLines(owner[in_receipt], line[in_receipt], quantity[in_receipt])
    order, second, created = order[by_time], second[by_time], created[by_time]
    count = len(created)
    subtotal = sums(received.receipt, amount(received.quantity, lines.cost[received.line]), count)
    whole = np.maximum(orders.subtotal[order], 1)
    share = (orders.tax[order] * subtotal * 2 + whole) // (2 * whole)
    tax_first = np.zeros(len(orders), dtype=np.int64)
    tax_first[order[~second]] = share[~second]
    first, number = runs(received.receipt, count)
    return (
        Receipts(
            order=order,
            second=second,
            created=created,
            voided=np.where(second, NEVER, orders.voided[order]),
            subtotal=subtotal,
            tax=np.where(second, orders.tax[order] - tax_first[order], share),
            shipping=np.where(second, 0, orders.shipping[order]),
            first=first,
            count=number,
        ),
        received,
    )

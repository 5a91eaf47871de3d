"""The vendors' bills for what was delivered: one per delivery, days later, at the costs ordered but for a known share.

Amounts are cents. Bills tie to their receipts to the cent: the same lines and quantities, the same tax and freight;
only on `PRICE_DIFFERENCES` of them one line costs more than was ordered. Some bills are entered twice and voided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Flags, Ints, between, some
from st_platform.simulator.business.columns import runs, sums
from st_platform.simulator.business.goods.orders import Purchases, amount, even
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

PRICE_DIFFERENCES = 0.025
"""The share of bills on which the vendor asks more for a line than was agreed."""
UNBILLED = 0.01
"""The share of deliveries that no vendor ever bills."""


@dataclass(frozen=True)
class Bills:
    """One entry per bill, in order of entry. `again` marks one entered twice, which is `voided`. `differs`: it is not
    what was ordered. `approved` is when someone compared it with the receipt; `posted` and `exported` follow."""

    receipt: Ints
    again: Flags
    differs: Flags
    created: Ticks
    approved: Ticks
    posted: Ticks
    exported: Ticks
    voided: Ticks
    subtotal: Ints
    tax: Ints
    shipping: Ints
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.created)

    @property
    def total(self) -> Ints:
        return self.subtotal + self.tax + self.shipping


@dataclass(frozen=True)
class BillLines:
    """`received` is the line of the receipt, whose quantity the bill has too; `cost` is what is asked for one."""

    bill: Ints
    received: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.bill)


@dataclass(frozen=True)
class Payables:
    """`of_receipt` is the bill of each receipt, `NONE` where none comes."""

    bills: Bills
    lines: BillLines
    of_receipt: Ints


def receive_bills(business: Business, purchases: Purchases) -> Payables:
    """A bill for every delivery that was not a mistake."""
    receipts = purchases.receipts
    stream = business.chance.stream("bills")
    real = np.flatnonzero(receipts.voided == NEVER)
    billed = np.setdiff1d(real, some(stream, real, UNBILLED, at_least=1))
    created = receipts.created[billed] + between(stream, 3 * HOUR, 11 * DAY, len(billed))
    chosen = some(stream, np.arange(len(billed)), 0.012, at_least=2)
    receipt = np.concatenate([billed, billed[chosen]])
    entered = np.concatenate([created, created[chosen] + between(stream, HOUR, 5 * DAY, len(chosen))])
    again = np.arange(len(receipt)) >= len(billed)
    order = np.argsort(entered, kind="stable")
    order = order[entered[order] < business.company.end]
    receipt, entered, again = receipt[order], entered[order], again[order]
    count = len(receipt)

    differs = np.zeros(count, dtype=bool)
    differs[some(stream, np.flatnonzero(~again), PRICE_DIFFERENCES, at_least=2)] = True
    lines = _lines(business, purchases, receipt, differs)
    first, number = runs(lines.bill, count)
    approved = entered + between(stream, 10 * MINUTE, 3 * DAY, count)
    approved = np.where(differs, approved + between(stream, 2 * DAY, 14 * DAY, count), approved)
    posted = approved + between(stream, 2 * HOUR, 2 * DAY, count)
    voided = np.where(again, entered + between(stream, HOUR, 12 * DAY, count), NEVER)
    stays = voided == NEVER
    bills = Bills(
        receipt=receipt,
        again=again,
        differs=differs,
        created=entered,
        approved=np.where(stays, approved, NEVER),
        posted=np.where(stays, posted, NEVER),
        exported=np.where(stays, posted + between(stream, 5 * MINUTE, 30 * HOUR, count), NEVER),
        voided=voided,
        subtotal=sums(lines.bill, amount(purchases.received.quantity[lines.received], lines.cost), count),
        tax=receipts.tax[receipt],
        shipping=receipts.shipping[receipt],
        first=first,
        count=number,
    )
    of_receipt = np.full(len(receipts), NONE, dtype=np.int64)
    of_receipt[receipt[~again]] = np.flatnonzero(~again)
    return Payables(bills, lines, of_receipt)


def _lines(business: Business, purchases: Purchases, receipt: Ints, differs: Flags) -> BillLines:
    receipts, received = purchases.receipts, purchases.received
    number = receipts.count[receipt]
    bill = np.repeat(np.arange(len(receipt)), number)
    place = np.arange(len(bill)) - np.repeat(np.cumsum(number) - number, number)
    line = receipts.first[receipt][bill] + place
    agreed = purchases.lines.cost[received.line[line]].astype(np.int64)
    dearer = np.maximum(even(agreed * (1.01 + 0.07 * business.chance.fraction(line, "dearer"))), agreed + 2)
    return BillLines(bill, line, np.where(differs[bill] & (place == 0), dearer, agreed))

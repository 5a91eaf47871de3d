"""What goes back to vendors, and what counting the shelves finds.

Goods come back because a job was called off, because too much was bought, or because they are broken; the vendor
credits most of it. Amounts are cents, quantities hundredths.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Ints, between, some
from st_platform.simulator.business.columns import runs, sums
from st_platform.simulator.business.goods.orders import Purchases, Purpose, amount, even
from st_platform.simulator.business.goods.pricing import unit_cost
from st_platform.simulator.business.pricebook import SKUS
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks

_MATERIALS = np.array([number for number, sku in enumerate(SKUS) if sku.type == "Material"])


class Reason(IntEnum):
    JOB_CANCELED = 0
    LEFT_OVER = 1
    DEFECTIVE = 2


@dataclass(frozen=True)
class Returns:
    """One entry per return, in order of creation. `credited` is when the vendor's credit came, if it did."""

    receipt: Ints
    reason: Ints
    created: Ticks
    returned: Ticks
    credited: Ticks
    canceled: Ticks
    subtotal: Ints
    tax: Ints
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class ReturnLines:
    """`received` is the line of the receipt that goes back, wholly or in part."""

    back: Ints
    received: Ints
    quantity: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.back)


@dataclass(frozen=True)
class Adjustments:
    """One entry per correction of stock, in order of creation. `truck` is a technician, `NONE` the warehouse;
    `kind` indexes `ADJUSTMENT_TYPES`."""

    truck: Ints
    kind: Ints
    created: Ticks
    posted: Ticks
    canceled: Ticks
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class AdjustmentLines:
    """`quantity` is negative for what is missing."""

    adjustment: Ints
    sku: Ints
    quantity: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.adjustment)


ADJUSTMENT_TYPES = ("Cycle Count", "Shrinkage", "Damaged", "Found")
_SIGN = np.array([0, -1, -1, 1])


def send_back(business: Business, purchases: Purchases) -> tuple[Returns, ReturnLines]:
    """All returns. Nothing goes back that has not come."""
    orders, lines, receipts, received = purchases.orders, purchases.lines, purchases.receipts, purchases.received
    jobs, stream = business.jobs, business.chance.stream("returns")
    order = receipts.order[received.receipt]
    stands = receipts.voided[received.receipt] == NEVER
    job = orders.job[order]
    lost = stands & (job != NONE) & (jobs.canceled[job] != NEVER) & (orders.canceled[order] == NEVER)
    surplus = lines.surplus[received.line]
    spare = stands & (surplus > 0) & (received.quantity >= surplus) & ~lost
    spare &= (receipts.created[received.receipt] < jobs.finished[job]) & (jobs.finished[job] != NEVER)
    stock = np.flatnonzero(stands & (orders.purpose[order] == Purpose.STOCK) & (received.quantity >= 100))
    broken = np.zeros(len(received), dtype=bool)
    broken[some(stream, stock, 0.006, at_least=4)] = True

    rows = np.flatnonzero(lost | spare | broken)
    quantity = np.where(lost, received.quantity, np.where(spare, surplus, 100))[rows]
    reason = np.where(lost, Reason.JOB_CANCELED, np.where(spare, Reason.LEFT_OVER, Reason.DEFECTIVE))[rows]
    receipt, owner = np.unique(received.receipt[rows], return_inverse=True)
    why = np.zeros(len(receipt), dtype=np.int64)
    why[owner] = reason
    job = orders.job[receipts.order[receipt]]
    over = np.where(why == Reason.JOB_CANCELED, jobs.canceled[job], jobs.finished[job])
    since = np.where(why == Reason.DEFECTIVE, receipts.created[receipt], over)
    created = np.maximum(since, receipts.created[receipt]) + between(stream, 2 * HOUR, 9 * DAY, len(receipt))
    by_time = np.argsort(created, kind="stable")
    place = np.empty(len(by_time), dtype=np.int64)
    place[by_time] = np.arange(len(by_time))
    owner = place[owner]
    in_order = np.lexsort((rows, owner))
    back = ReturnLines(owner[in_order], rows[in_order], quantity[in_order], lines.cost[received.line[rows]][in_order])
    return _settled(business, purchases, receipt[by_time], why[by_time], created[by_time], back), back


def _settled(
    business: Business, purchases: Purchases, receipt: Ints, reason: Ints, created: Ticks, back: ReturnLines
) -> Returns:
    receipts, count = purchases.receipts, len(receipt)
    stream = business.chance.stream("returns settled")
    subtotal = sums(back.back, amount(back.quantity, back.cost), count)
    whole = np.maximum(receipts.subtotal[receipt], 1)
    first, number = runs(back.back, count)
    canceled = np.full(count, NEVER, dtype=np.int64)
    kept = some(stream, np.flatnonzero(reason == Reason.DEFECTIVE), 0.2, at_least=1)
    canceled[kept] = created[kept] + between(stream, HOUR, 3 * DAY, len(kept))
    goes = canceled == NEVER
    returned = np.where(goes, created + between(stream, 4 * HOUR, 6 * DAY, count), NEVER)
    credited = np.where(goes, returned + between(stream, 3 * DAY, 30 * DAY, count), NEVER)
    return Returns(
        receipt=receipt,
        reason=reason,
        created=created,
        returned=returned,
        credited=np.where(stream.random(count) < 0.06, NEVER, credited),
        canceled=canceled,
        subtotal=subtotal,
        tax=(receipts.tax[receipt] * subtotal * 2 + whole) // (2 * whole),
        first=first,
        count=number,
    )


def count_shelves(business: Business) -> tuple[Adjustments, AdjustmentLines]:
    """Every month the warehouse and some trucks are counted; what is found is written down."""
    company, stream = business.company, business.chance.stream("stock counts")
    crew = company.technicians
    months = np.arange(company.opened + 27 * DAY, company.end, 30 * DAY)
    truck = np.tile(np.arange(-1, len(crew.unit)), len(months))
    month = np.repeat(months, len(crew.unit) + 1)
    here = (truck == NONE) | ((crew.hired[truck] < month) & (month < crew.leaves[truck]))
    counted = here & ((truck == NONE) | (stream.random(len(truck)) < 0.35))
    truck, month = truck[counted], month[counted]
    local = business.calendar.local_midnight(month) + 16 * HOUR
    created = business.calendar.to_utc(local) + between(stream, 0, 3 * HOUR, len(truck))
    order = np.argsort(created, kind="stable")
    truck, created = truck[order], created[order]
    count = len(truck)
    canceled = np.full(count, NEVER, dtype=np.int64)
    wrong = some(stream, np.arange(count), 0.02, at_least=2)
    canceled[wrong] = created[wrong] + between(stream, HOUR, 4 * DAY, len(wrong))
    kind = stream.choice(len(ADJUSTMENT_TYPES), count, p=[0.6, 0.2, 0.1, 0.1]).astype(np.int64)
    owner = np.repeat(np.arange(count), stream.integers(1, 4, count))
    sign = np.where(_SIGN[kind[owner]] == 0, np.where(stream.random(len(owner)) < 0.65, -1, 1), _SIGN[kind[owner]])
    sku = _MATERIALS[stream.integers(0, len(_MATERIALS), len(owner))]
    first, number = runs(owner, count)
    lines = AdjustmentLines(
        adjustment=owner,
        sku=sku,
        quantity=sign * 100 * stream.integers(1, 5, len(owner)),
        cost=even(unit_cost(company, sku, created[owner])),
    )
    posted = np.where(canceled == NEVER, created + between(stream, 5 * HOUR, 3 * DAY, count), NEVER)
    return Adjustments(truck, kind, created, posted, canceled, first, number), lines

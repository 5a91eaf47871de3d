"""Purchase orders, their lines and deliveries, as columns. Amounts are cents, quantities hundredths.

Unit costs are even and quantities whole halves, which makes every product a whole number of cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Flags, Ints
from st_platform.simulator.instants import Ticks


class Purpose(IntEnum):
    JOB_EQUIPMENT = 0
    JOB_PARTS = 1
    STOCK = 2


@dataclass(frozen=True)
class Orders:
    """One entry per purchase order, in order of creation. `truck` is the technician whose truck it is for, or who runs
    for parts; `NONE` is the warehouse. `arrives` and `again` are the first and the second delivery, `voided` when the
    first turns out never to have come. `first` and `count` find the lines."""

    job: Ints
    truck: Ints
    vendor: Ints
    purpose: Ints
    created: Ticks
    sent: Ticks
    canceled: Ticks
    arrives: Ticks
    again: Ticks
    voided: Ticks
    edited: Ticks
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

    def received(self, lines: OrderLines, line: Ints, at: int) -> Ints:
        """How much of each line has come by an instant."""
        order = lines.order[line]
        came = (self.arrives[order] <= at) & (self.voided[order] > at)
        late = lines.quantity[line] - lines.early[line]
        return np.where(came, lines.early[line], 0) + np.where(self.again[order] <= at, late, 0)


@dataclass(frozen=True)
class OrderLines:
    """`surplus` is the part of `quantity` that turns out to be too much; `early` comes with the first delivery, the
    rest with the second."""

    order: Ints
    sku: Ints
    quantity: Ints
    surplus: Ints
    early: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.order)

    @property
    def total(self) -> Ints:
        return amount(self.quantity, self.cost)


@dataclass(frozen=True)
class Receipts:
    """One entry per delivery, in order of arrival. `voided` is when someone finds that it never came."""

    order: Ints
    second: Flags
    created: Ticks
    voided: Ticks
    subtotal: Ints
    tax: Ints
    shipping: Ints
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class ReceiptLines:
    """`line` is the line of the order."""

    receipt: Ints
    line: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.receipt)


@dataclass(frozen=True)
class Purchases:
    orders: Orders
    lines: OrderLines
    receipts: Receipts
    received: ReceiptLines


@dataclass(frozen=True)
class Heads:
    """Orders as drafted. `again` is when the second delivery comes, if there is one."""

    job: Ints
    truck: Ints
    purpose: Ints
    created: Ticks
    sent: Ticks
    canceled: Ticks
    arrives: Ticks
    again: Ticks
    voided: Ticks


@dataclass(frozen=True)
class Drafted:
    order: Ints
    sku: Ints
    quantity: Ints
    surplus: Ints


Draft = tuple[Heads, Drafted]


def amount(quantity: Ints, cost: Ints) -> Ints:
    """Hundredths times cents; exact, because costs are even and quantities whole halves."""
    return quantity.astype(np.int64) * cost // 100


def even(cents: np.ndarray) -> Ints:
    """The nearest even number of cents, at least two."""
    return np.maximum(np.rint(cents / 2).astype(np.int64) * 2, 2)

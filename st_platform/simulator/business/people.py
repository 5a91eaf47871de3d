"""Customers and their locations: who calls, since when, and where the work is.

New customers come in with the season; a fifth was brought over from an older system and may have been silent since.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Chance, Flags, Ints
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.profile import Size
from st_platform.simulator.business.seasons import Demand
from st_platform.simulator.instants import DAY, HOUR, MINUTE, SECOND, Ticks

LEGACY_SHARE = 0.2


@dataclass(frozen=True)
class Customers:
    """In order of creation. `trade` is what they first called about."""

    created: Ticks
    commercial: Flags
    legacy: Flags
    trade: Ints

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Locations:
    """In order of creation. Those of customer c are `of_customer[starts[c]:starts[c + 1]]`, the oldest first."""

    created: Ticks
    customer: Ints
    of_customer: Ints
    starts: Ints

    def __len__(self) -> int:
        return len(self.created)

    def first(self, customers: Ints) -> Ints:
        return self.of_customer[self.starts[customers]]

    def known(self, customers: Ints, when: Ticks, stream: np.random.Generator) -> Ints:
        """One location per customer that existed at that time."""
        first, count = self.starts[customers], self.starts[customers + 1] - self.starts[customers]
        chosen = self.of_customer[first + (stream.random(len(customers)) * count).astype(np.int64)]
        return np.where(self.created[chosen] <= when, chosen, self.of_customer[first])


def settle(
    chance: Chance, company: Company, demands: list[Demand], size: Size, anchor: int
) -> tuple[Customers, Locations]:
    """Everybody who ever becomes a customer, such that `size.customers` (times the tenant's scale) are there at
    `anchor`."""
    stream = chance.stream("customers")
    target = size.customers * company.profile.scale
    legacy = round(target * LEGACY_SHARE)
    shares = np.array([trade.share for trade in company.profile.trades])
    by_anchor = float(sum(share * demand.share_before(anchor) for share, demand in zip(shares, demands, strict=True)))
    newcomers = round((target - legacy) / by_anchor)
    trade = stream.choice(len(shares), newcomers, p=shares / shares.sum())
    created = np.zeros(newcomers, dtype=np.int64)
    for number, demand in enumerate(demands):
        mine = trade == number
        created[mine] = demand.calls(stream, np.full(int(mine.sum()), company.opened, dtype=np.int64))
    created += stream.integers(0, HOUR, newcomers)
    imported = company.opened - stream.integers(20 * DAY, 880 * DAY, legacy)
    moments = np.concatenate([imported, created])
    order = np.argsort(moments, kind="stable")
    count = legacy + newcomers
    customers = Customers(
        created=moments[order],
        commercial=stream.random(count) < company.profile.commercial_share,
        legacy=order < legacy,
        trade=np.concatenate([stream.integers(0, len(shares), legacy), trade])[order],
    )
    return customers, _locate(chance, company, customers)


def _locate(chance: Chance, company: Company, customers: Customers) -> Locations:
    stream = chance.stream("locations")
    count = len(customers)
    further = np.where(customers.commercial, stream.integers(0, 6, count), (stream.random(count) < 0.05).astype(int))
    owner = np.repeat(np.arange(count), further)
    opened = customers.created[owner]
    later = opened + ((company.end - opened) * stream.random(len(owner)) ** 1.5).astype(np.int64) + MINUTE
    first = customers.created + stream.integers(5 * SECOND, 40 * SECOND, count)
    created = np.concatenate([first, later])
    customer = np.concatenate([np.arange(count), owner])
    order = np.argsort(created, kind="stable")
    created, customer = created[order], customer[order]
    by_customer = np.argsort(customer, kind="stable")
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(customer, minlength=count), out=starts[1:])
    return Locations(created, customer, by_customer, starts)

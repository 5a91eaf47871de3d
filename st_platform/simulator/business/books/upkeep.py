"""What offices do to rows long after the business is done: merging duplicates, closing accounts, small corrections.

This is why every recent day has modified rows, old ones among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.plans import Memberships
from st_platform.simulator.business.chance import Chance, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers, Locations
from st_platform.simulator.business.work import NONE, Jobs
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks

_REACH = 40
"""Among how many later merges the next link of a chain is looked for."""


@dataclass(frozen=True)
class Care:
    """Changes of customers and locations. `merged_into` counts from `merged` on; so does `moved_to`, the customer that
    inherits a location of a merged one. `edited` flips a few fields, `closed` deactivates."""

    merged: Ticks
    merged_into: Ints
    edited: Ticks
    closed: Ticks
    location_merged: Ticks
    location_into: Ints
    location_moved: Ticks
    moved_to: Ints
    location_edited: Ticks


def touches(chance: Chance, company: Company, name: str, created: Ticks, per_year: float) -> tuple[Ticks, Ints]:
    """Times and rows of idle changes, spread evenly over the whole span; those before a row exists do not count."""
    stream = chance.stream(f"touches {name}")
    years = (company.end - company.opened) / DAY / 365.25
    count = max(12, round(len(created) * per_year * years))
    rows = stream.integers(0, len(created), count)
    times = stream.integers(company.opened, company.end, count)
    return np.where(times > created[rows], times, NEVER), rows


def look_after(
    chance: Chance,
    company: Company,
    customers: Customers,
    locations: Locations,
    jobs: Jobs,
    memberships: Memberships,
) -> Care:
    """Duplicates are merged into someone else's record, often one that is merged itself later on; a few accounts are
    closed."""
    stream = chance.stream("upkeep")
    count = len(customers)
    last = np.zeros(count, dtype=np.int64)
    settled = np.where(jobs.canceled != NEVER, jobs.canceled, jobs.finished)
    np.maximum.at(last, jobs.customer, settled)
    calls = np.bincount(jobs.customer, minlength=count)
    member = np.zeros(count, dtype=bool)
    member[memberships.customer] = True
    quiet = np.flatnonzero((calls == 1) & ~member & (last < company.end - 60 * DAY))
    lost = some(stream, quiet, 0.035, at_least=6)
    when = np.maximum(last[lost], company.opened) + between(stream, DAY, 160 * DAY, len(lost))

    merged, into = np.full(count, NEVER, dtype=np.int64), np.full(count, NONE, dtype=np.int64)
    merged[lost] = when
    others = np.setdiff1d(np.arange(max(2, int(np.searchsorted(customers.created, company.opened)))), lost)
    into[lost] = stream.choice(others, len(lost))
    by_time = lost[np.argsort(when, kind="stable")]
    free = stream.random(len(by_time)) < 0.4
    for ahead in range(1, min(_REACH, len(by_time))):
        source, target = by_time[:-ahead], by_time[ahead:]
        linked = free[:-ahead] & (customers.created[target] < merged[source])
        into[source[linked]] = target[linked]
        free[:-ahead] &= ~linked

    edited = _later(stream, customers.created, 0.3, 300, company)
    closing = some(stream, np.flatnonzero((merged == NEVER) & ~member), 0.02, at_least=3)
    closed = merged.copy()
    closed[closing] = np.maximum(last[closing], customers.created[closing]) + between(
        stream, 5 * DAY, 300 * DAY, len(closing)
    )

    owner = locations.customer
    gone = np.flatnonzero(merged[owner] != NEVER)
    same = chance.fraction(gone, "same address") < 0.5
    location_merged, location_into = np.full(len(locations), NEVER, dtype=np.int64), np.full(len(locations), NONE)
    location_moved, moved_to = np.full(len(locations), NEVER, dtype=np.int64), np.full(len(locations), NONE)
    delay = between(stream, 10_000, HOUR // 60, len(gone))
    heir = into[owner[gone]]
    location_merged[gone[same]] = (merged[owner[gone]] + delay)[same]
    location_into[gone[same]] = locations.first(heir[same])
    location_moved[gone[~same]] = (merged[owner[gone]] + delay)[~same]
    moved_to[gone[~same]] = heir[~same]
    return Care(
        merged=merged,
        merged_into=into,
        edited=edited,
        closed=closed,
        location_merged=location_merged,
        location_into=location_into.astype(np.int64),
        location_moved=location_moved,
        moved_to=moved_to.astype(np.int64),
        location_edited=_later(stream, locations.created, 0.25, 260, company),
    )


def _later(stream: np.random.Generator, created: Ticks, share: float, days: int, company: Company) -> Ticks:
    start = np.maximum(created, company.opened)
    when = start + stream.exponential(days * DAY, len(created)).astype(np.int64) + HOUR
    return np.where(stream.random(len(created)) < share, when, NEVER)

"""How memberships end: the hazard by age that the world was made with, and what came of it so far.

Ages are whole calendar months since the beginning of a chain of memberships; a renewal within thirty days goes on with
the chain. This is the truth that survival models are measured against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.plans import (
    AT_ONCE,
    ONGOING_RATE,
    RENEWED_IN_GRACE,
    TERM_RATE,
)
from st_platform.simulator.business.chance import Floats, Ints
from st_platform.simulator.business.pricebook import PLANS
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, Ticks

GRACE = 30 * DAY


@dataclass(frozen=True)
class Chains:
    """One entry per chain: plan, first day, and the instant it ended, `NEVER` while it goes on."""

    plan: Ints
    begins: Ticks
    ends: Ticks


@dataclass(frozen=True)
class Hazard:
    """One month of age of one plan. `hazard` is the chance to end in that month if it was reached; `at_risk` chains
    reached it, `ended` of them ended in it."""

    plan: int
    age: int
    hazard: float
    at_risk: int
    ended: int


def hazard_of(months: int | None, ages: int) -> Floats:
    """The chance that a chain which has reached an age of m months ends before m + 1, by m.

    Requests come at a constant rate; some take effect a month later. Plans with a term end there unless renewed.
    """
    rate = ONGOING_RATE if months is None else TERM_RATE
    asked = np.exp(-rate * np.arange(ages + 1))
    later = np.concatenate([[1.0], asked[:-1]])
    alive = AT_ONCE * asked + (1 - AT_ONCE) * later
    hazard = 1 - alive[1:] / alive[:-1]
    if months is None:
        return hazard
    within = np.resize(hazard[:months], ages)
    term = np.arange(ages) % months
    lapse = 1 - RENEWED_IN_GRACE
    within[(term == 0) & (np.arange(ages) > 0)] = 1 - (1 - hazard[0]) * (1 - lapse)
    return within


def chains(business: Business, at: int) -> Chains:
    """The chains of memberships as an instant knows them; deleted memberships never were."""
    members = business.memberships
    rows = np.flatnonzero((members.created <= at) & (members.deleted > at))
    over = np.minimum(members.canceled, members.expired)
    previous = members.previous[rows]
    ended = np.where(previous == NONE, 0, over[previous])
    goes_on = (previous != NONE) & (members.deleted[previous] > at) & (members.created[rows] - ended <= GRACE)
    root = np.arange(len(members))
    root[rows[goes_on]] = previous[goes_on]
    while (root[root] != root).any():
        root = root[root]
    last = np.full(len(members), NONE, dtype=np.int64)
    np.maximum.at(last, root[rows], rows)
    roots = rows[root[rows] == rows]
    ends = over[last[roots]]
    return Chains(members.plan[roots], members.begins[roots], np.where(ends <= at, ends, NEVER))


def hazards(business: Business, at: int, ages: int = 36) -> list[Hazard]:
    """Model and outcome by plan and age as of an instant."""
    known = chains(business, at)
    stop = business.calendar.to_local(np.where(known.ends == NEVER, at, known.ends))
    tenure = _whole_months(known.begins, stop)
    result: list[Hazard] = []
    for number, plan in enumerate(PLANS):
        mine = known.plan == number
        ended = mine & (known.ends != NEVER)
        model = hazard_of(plan.months, ages)
        result += [
            Hazard(
                plan.id,
                age,
                float(model[age]),
                int((mine & (tenure >= age)).sum()),
                int((ended & (tenure == age)).sum()),
            )
            for age in range(ages)
        ]
    return result


def _whole_months(begins: Ticks, stop: Ticks) -> Ints:
    """Calendar months that are over between two local instants; a month is over on its 28th at the latest."""
    first, last = (begins // DAY).astype("M8[D]"), (stop // DAY).astype("M8[D]")
    months = last.astype("M8[M]").astype(np.int64) - first.astype("M8[M]").astype(np.int64)
    day = (last - last.astype("M8[M]").astype("M8[D]")).astype(np.int64)
    first_day = (first - first.astype("M8[M]").astype("M8[D]")).astype(np.int64)
    return months - (day < np.minimum(first_day, 27))

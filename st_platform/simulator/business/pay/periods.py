"""The payrolls themselves: one per person and period, from opening to approval, payment and lock.

Knows who is employed and who was paid something; what for, it need not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Chance, Ints
from st_platform.simulator.business.pay.staff import PayCalendar
from st_platform.simulator.instants import DAY, HOUR, NEVER, SECOND, Ticks

APPROVAL = 44 * HOUR
"""Nobody approves earlier than this after a period's end; until then its amounts may change."""


@dataclass(frozen=True)
class Payrolls:
    """One entry per payroll, in order of creation; `key` is person and period as one number. Pending until `approved`,
    `paid` and `locked` in turn, or `expired` where nobody ever approved it."""

    key: Ints
    person: Ints
    period: Ints
    created: Ticks
    approved: Ticks
    paid: Ticks
    locked: Ticks
    expired: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.person)


def open_payrolls(
    chance: Chance,
    pay_calendar: PayCalendar,
    hired: Ticks,
    left: Ticks,
    person: Ints,
    period: Ints,
    created: Ticks,
) -> Payrolls:
    """A payroll for everybody employed in a period and for whoever (`person`) is paid anything in it later on."""
    people, periods = (grid.ravel() for grid in np.meshgrid(np.arange(len(hired)), np.arange(pay_calendar.count)))
    begins, ends = pay_calendar.begins(periods), pay_calendar.ends(periods)
    there = (hired[people] <= ends) & (left[people] > begins)
    employed = people[there] * pay_calendar.count + periods[there]
    paid_for = person * pay_calendar.count + period
    key, first = np.unique(np.concatenate([employed, paid_for]), return_inverse=True)
    opened = np.full(len(key), NEVER, dtype=np.int64)
    moments = np.concatenate([np.maximum(begins, hired[people])[there], created])
    np.minimum.at(opened, first, moments)
    used = np.zeros(len(key), dtype=bool)
    used[first[len(employed) :]] = True

    order = np.argsort(opened, kind="stable")
    key, opened, used = key[order], opened[order], used[order]
    whose, which = key // pay_calendar.count, key % pay_calendar.count
    over = pay_calendar.ends(which)
    approved = np.maximum(over, opened) + APPROVAL + chance.among(which, "approval", 20 * HOUR)
    approved += chance.among(key, "approved", 2 * HOUR)
    settled = over + 5 * DAY + 10 * HOUR + chance.among(which, "pay run", HOUR)
    settled = np.maximum(settled, approved + HOUR)
    forgotten = ~used & (chance.fraction(key, "forgotten") < 0.04)
    never = np.full(len(key), NEVER, dtype=np.int64)
    return Payrolls(
        key=key,
        person=whose,
        period=which,
        created=opened,
        approved=np.where(forgotten, never, approved),
        paid=np.where(forgotten, never, settled),
        locked=np.where(forgotten, never, settled + 20 * DAY + chance.among(key, "lock", 40) * SECOND),
        expired=np.where(forgotten, over + 45 * DAY, never),
        inactive=np.where(~used & (chance.fraction(key, "unused") < 0.03), approved - HOUR, never),
    )


def payroll_of(payrolls: Payrolls, pay_calendar: PayCalendar, person: Ints, period: Ints) -> Ints:
    """The row of each person's payroll of a period, which must exist."""
    order = np.argsort(payrolls.key, kind="stable")
    return order[np.searchsorted(payrolls.key, person * pay_calendar.count + period, sorter=order)]

"""Adjustments of pay by hand: corrections of single amounts before approval, and bonuses and expenses of their own.

A correction belongs to the amount that it corrects and stands beside it; everything else becomes an amount itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Chance, Ints, between, some
from st_platform.simulator.business.pay.earnings import HOUR_PARTS, Drafts, Paid, Source, lump_sums, worth
from st_platform.simulator.business.pay.periods import Payrolls, payroll_of
from st_platform.simulator.business.pay.staff import PayCalendar, Wages
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks


class AdjustmentType(IntEnum):
    LABOR = 0
    COMMISSION_BASED = 1
    DIRECT = 2
    MONTHLY_BONUS = 3
    ADD_ON = 4


@dataclass(frozen=True)
class Adjustments:
    """One entry per adjustment, in order of creation. Amounts and rates in cents, hours in ten-thousandths."""

    type: Ints
    person: Ints
    amount: Ints
    hours: Ints
    rate: Ints
    invoice: Ints
    created: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.type)

    def take(self, rows: Ints) -> Adjustments:
        return Adjustments(**{field.name: getattr(self, field.name)[rows] for field in fields(Adjustments)})


def adjust(
    business: Business, wages: Wages, payrolls: Payrolls, pay_calendar: PayCalendar, drafts: Drafts
) -> tuple[Adjustments, Drafts, Ints]:
    """The adjustments, the amounts that some of them are, and the correction of each draft (`NONE` for most)."""
    chance = business.chance
    hours, hours_of = _of_hours(chance, wages, pay_calendar, drafts)
    sales, sales_of = _of_commissions(business, pay_calendar, drafts)
    given = _given(chance, payrolls, pay_calendar, drafts)
    parts = (hours, sales, given)
    joined = Adjustments(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Adjustments)))
    corrected = np.concatenate([hours_of, sales_of, np.full(len(given), NONE)])
    order = np.argsort(joined.created, kind="stable")
    order = order[joined.created[order] < business.company.end]
    adjustments, corrected = joined.take(order), corrected[order]
    correction = np.full(len(drafts), NONE, dtype=np.int64)
    own = np.flatnonzero(corrected != NONE)
    correction[corrected[own]] = own
    rest = np.flatnonzero(corrected == NONE)
    extra = lump_sums(
        Source.ADJUSTMENT,
        rest,
        adjustments.person[rest],
        business.calendar.local_midnight(adjustments.created[rest]),
        adjustments.amount[rest],
        adjustments.created[rest] + 2 * SECOND,
        adjustments.inactive[rest],
    )
    return adjustments, extra, correction


def _of_hours(chance: Chance, wages: Wages, pay_calendar: PayCalendar, drafts: Drafts) -> tuple[Adjustments, Ints]:
    """Hours that were forgotten or counted twice, found when the period is checked."""
    stream = chance.stream("corrected hours")
    worked = (drafts.paid <= Paid.OVERTIME) & (drafts.inactive == NEVER)
    rows = some(stream, np.flatnonzero(worked), 0.008)
    hours = stream.integers(1, 5, len(rows)) * (HOUR_PARTS // 4)
    hours = np.where((stream.random(len(rows)) < 0.35) & (hours < drafts.hours[rows]), -hours, hours)
    rate = wages.at(drafts.person[rows], drafts.start[rows])
    when, gone = _at_the_check(stream, pay_calendar, drafts, rows)
    return (
        Adjustments(
            type=np.full(len(rows), int(AdjustmentType.LABOR)),
            person=drafts.person[rows],
            amount=worth(hours, rate, 100),
            hours=hours,
            rate=rate,
            invoice=np.full(len(rows), NONE),
            created=when,
            inactive=gone,
        ),
        rows,
    )


def _of_commissions(business: Business, pay_calendar: PayCalendar, drafts: Drafts) -> tuple[Adjustments, Ints]:
    stream = business.chance.stream("corrected commissions")
    sold = (drafts.source == Source.SOLD_LINE) & (drafts.inactive == NEVER)
    rows = some(stream, np.flatnonzero(sold), 0.012)
    change = np.rint(drafts.amount[rows] * stream.uniform(-0.6, 0.5, len(rows))).astype(np.int64)
    when, gone = _at_the_check(stream, pay_calendar, drafts, rows)
    nothing = np.zeros(len(rows), dtype=np.int64)
    return (
        Adjustments(
            type=np.full(len(rows), int(AdjustmentType.COMMISSION_BASED)),
            person=drafts.person[rows],
            amount=change,
            hours=nothing,
            rate=nothing,
            invoice=business.lines.invoice[drafts.row[rows]].astype(np.int64),
            created=when,
            inactive=gone,
        ),
        rows,
    )


def _at_the_check(
    stream: np.random.Generator, pay_calendar: PayCalendar, drafts: Drafts, rows: Ints
) -> tuple[Ticks, Ticks]:
    """When each amount is corrected, between its period's end and the approval, and when some are taken back."""
    over = pay_calendar.ends(pay_calendar.period(drafts.day[rows])) + 14 * HOUR
    when = np.maximum(over, drafts.created[rows] + 10 * MINUTE) + between(stream, 0, 8 * HOUR, len(rows))
    gone = np.full(len(rows), NEVER, dtype=np.int64)
    wrong = some(stream, np.arange(len(rows)), 0.05)
    gone[wrong] = when[wrong] + between(stream, MINUTE, 4 * HOUR, len(wrong))
    return when, gone


def _given(chance: Chance, payrolls: Payrolls, pay_calendar: PayCalendar, drafts: Drafts) -> Adjustments:
    """Bonuses and expenses, entered while the period runs."""
    stream = chance.stream("given")
    used = np.unique(payroll_of(payrolls, pay_calendar, drafts.person, pay_calendar.period(drafts.day)))
    ends = pay_calendar.ends(payrolls.period[used])
    used = used[payrolls.created[used] < ends - DAY]
    chosen = some(stream, used, 0.07, at_least=6)
    count = len(chosen)
    room = pay_calendar.ends(payrolls.period[chosen]) - payrolls.created[chosen] - HOUR
    created = payrolls.created[chosen] + HOUR // 2 + (room * stream.random(count)).astype(np.int64)
    kind = stream.choice([2, 3, 4], count, p=[0.4, 0.2, 0.4]).astype(np.int64)
    low, high = np.array([0, 0, 2500, 10_000, 1200]), np.array([1, 1, 20_000, 40_000, 9_500])
    amount = low[kind] + (stream.random(count) * (high - low)[kind]).astype(np.int64)
    amount = np.where(kind == AdjustmentType.MONTHLY_BONUS, amount // 2500 * 2500, amount)
    gone = np.full(count, NEVER, dtype=np.int64)
    wrong = some(stream, np.arange(count), 0.04)
    gone[wrong] = created[wrong] + between(stream, HOUR, 40 * HOUR, len(wrong))
    nothing = np.zeros(count, dtype=np.int64)
    return Adjustments(
        type=kind,
        person=payrolls.person[chosen],
        amount=amount,
        hours=nothing,
        rate=nothing,
        invoice=np.full(count, NONE),
        created=created,
        inactive=gone,
    )

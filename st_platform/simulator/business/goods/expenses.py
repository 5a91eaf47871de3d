"""Accounts payable: every bill that the tenant owes, whatever it is for.

Two origins. Bills for deliveries are entered in purchasing and appear here as a second record of the same debt, with
the number of the inventory bill. Everything else - rent, fuel, advertising, insurance, subcontractors - is entered
here alone, with lines of expense instead of items. Adding both lists up counts purchases twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.books.advertising import Costs
from st_platform.simulator.business.books.plans import add_months
from st_platform.simulator.business.chance import Ints, between, some
from st_platform.simulator.business.columns import stacked, taken
from st_platform.simulator.business.goods.payables import Payables
from st_platform.simulator.business.goods.vendors import (
    AGENCY,
    BROADCASTER,
    FUEL_CARD,
    INSURER,
    LANDLORD,
    MAIL_HOUSE,
    SOFTWARE_HOUSE,
    UTILITY,
    VENDORS,
    Trading,
    trading,
)
from st_platform.simulator.business.pricebook import (
    ADVERTISING,
    FUEL,
    INSURANCE,
    RENT,
    SOFTWARE,
    SUBCONTRACTORS,
    UTILITIES,
    Kind,
)
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, kinds_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

FUEL_A_WEEK = 9_500
"""Cents, for a truck on the road."""


class Source(IntEnum):
    STANDALONE = 0
    PURCHASING = 1
    RECURRING = 2
    SCANNED = 3
    API = 4


@dataclass(frozen=True)
class Expenses:
    """One entry per bill owed, in order of entry. `bill` is the inventory bill that it stands for, else `NONE`; `job`
    what it was spent on, else `NONE`; `account` of the expense. `covers` is the local day that the vendor put on it.
    `canceled` ones stay in the list, `removed` ones vanish from it without a trace."""

    source: Ints
    bill: Ints
    vendor: Ints
    account: Ints
    job: Ints
    campaign: Ints
    amount: Ints
    covers: Ticks
    created: Ticks
    approved: Ticks
    posted: Ticks
    exported: Ticks
    canceled: Ticks
    removed: Ticks

    def __len__(self) -> int:
        return len(self.created)


def owe(business: Business, payables: Payables) -> Expenses:
    """Every bill of a tenant."""
    parts = [
        _delivered(business, payables),
        *_every_month(business),
        _fuel(business),
        _advertising(business, business.costs),
        _subcontractors(business),
    ]
    joined = stacked(parts)
    order = np.argsort(joined.created, kind="stable")
    return _amended(business, taken(joined, order[joined.created[order] < business.company.end]))


def _amended(business: Business, expenses: Expenses) -> Expenses:
    """Some are canceled, some deleted; what is neither is approved, posted and exported."""
    stream = business.chance.stream("expenses amended")
    own = np.flatnonzero(expenses.bill == NONE)
    removed, canceled = expenses.removed.copy(), expenses.canceled.copy()
    gone = some(stream, own, 0.02, at_least=3)
    removed[gone] = expenses.created[gone] + between(stream, HOUR, 45 * DAY, len(gone))
    wrong = some(stream, np.setdiff1d(own, gone), 0.015, at_least=2)
    canceled[wrong] = expenses.created[wrong] + between(stream, 10 * MINUTE, 6 * DAY, len(wrong))
    count = len(expenses)
    approved = expenses.created + between(stream, HOUR, 4 * DAY, count)
    posted = approved + between(stream, HOUR, 2 * DAY, count)
    exported = posted + between(stream, 5 * MINUTE, 30 * HOUR, count)
    alone = expenses.bill == NONE
    stays = canceled == NEVER

    def own_or(given: Ticks, drawn: Ticks) -> Ticks:
        return np.where(alone, np.where(stays, drawn, NEVER), given)

    return Expenses(
        source=expenses.source,
        bill=expenses.bill,
        vendor=expenses.vendor,
        account=expenses.account,
        job=expenses.job,
        campaign=expenses.campaign,
        amount=expenses.amount,
        covers=expenses.covers,
        created=expenses.created,
        approved=own_or(expenses.approved, approved),
        posted=own_or(expenses.posted, posted),
        exported=own_or(expenses.exported, exported),
        canceled=canceled,
        removed=removed,
    )


def _bills(
    source: Source | Ints,
    vendor: int | Ints,
    account: int,
    amount: Ints,
    covers: Ticks,
    created: Ticks,
    *,
    job: Ints | None = None,
    campaign: Ints | None = None,
) -> Expenses:
    count = len(created)

    def full(value: int | Ints | None) -> Ints:
        return np.full(count, NONE if value is None else value, dtype=np.int64)

    never = np.full(count, NEVER, dtype=np.int64)
    return Expenses(
        source=full(source),
        bill=full(None),
        vendor=full(vendor),
        account=full(account),
        job=full(job),
        campaign=full(campaign),
        amount=amount,
        covers=covers,
        created=created,
        approved=never,
        posted=never,
        exported=never,
        canceled=never,
        removed=never,
    )


def _delivered(business: Business, payables: Payables) -> Expenses:
    """The second record of each inventory bill, made right after it."""
    bills = payables.bills
    count = len(bills)
    none = np.full(count, NONE, dtype=np.int64)
    return Expenses(
        source=np.full(count, int(Source.PURCHASING)),
        bill=np.arange(count),
        vendor=none,
        account=none,
        job=none,
        campaign=none,
        amount=bills.total,
        covers=none,
        created=bills.created + 20_000 + business.chance.among(np.arange(count), "payable", 4_000_000),
        approved=bills.approved,
        posted=bills.posted,
        exported=bills.exported,
        canceled=bills.voided,
        removed=np.full(count, NEVER, dtype=np.int64),
    )


def _months(business: Business) -> Ticks:
    """The first local day of every month from the opening of the books on."""
    company = business.company
    first = np.int64(np.datetime64(company.opened // DAY, "D").astype("M8[M]").astype("M8[D]").astype(np.int64) * DAY)
    count = int((company.end - company.opened) / DAY / 30.4) + 1
    return add_months(np.full(count, first), np.arange(1, count + 1))


def _every_month(business: Business) -> list[Expenses]:
    """What is due whether or not anybody calls. Grows with the size of the business."""
    months, stream, volume = _months(business), business.chance.stream("expenses by month"), business.company.volume
    years = np.arange(len(months)) // 12
    kinds = (
        (Source.RECURRING, LANDLORD, RENT, 880_000, 0.0, 0),
        (Source.RECURRING, INSURER, INSURANCE, 520_000, 0.0, 4),
        (Source.SCANNED, UTILITY, UTILITIES, 140_000, 0.2, 11),
        (Source.API, SOFTWARE_HOUSE, SOFTWARE, 230_000, 0.05, 2),
    )
    parts: list[Expenses] = []
    for source, vendor, account, monthly, swing, day in kinds:
        amount = monthly * volume * 1.03**years * (1 + swing * stream.uniform(-1, 1, len(months)))
        covers = months + day * DAY
        created = business.calendar.to_utc(covers + 7 * HOUR) + between(stream, 0, 5 * HOUR, len(months))
        parts.append(_bills(source, vendor, account, np.rint(amount).astype(np.int64), covers, created))
    return parts


def _fuel(business: Business) -> Expenses:
    """A bill every Monday for the trucks that were on the road."""
    company, stream = business.company, business.chance.stream("fuel")
    first = (company.opened // DAY + 3) // 7 * 7 - 3
    mondays = (np.arange(first, company.end // DAY, 7) + 7) * DAY
    crew = company.technicians
    trucks = ((crew.hired[None, :] <= mondays[:, None]) & (mondays[:, None] < crew.leaves[None, :])).sum(axis=1)
    amount = np.rint(trucks * FUEL_A_WEEK * stream.uniform(0.75, 1.3, len(mondays))).astype(np.int64)
    created = business.calendar.to_utc(mondays + 9 * HOUR) + between(stream, 0, 4 * HOUR, len(mondays))
    some_trucks = amount > 0
    fuel = _bills(Source.SCANNED, FUEL_CARD, FUEL, amount, mondays, created)
    return taken(fuel, some_trucks)


def _advertising(business: Business, costs: Costs) -> Expenses:
    """What a campaign cost in a month, at the beginning of the next: days of the month times its cost per day."""
    stream = business.chance.stream("advertising bills")
    month = ((costs.year.astype(np.int64) - 1970) * 12 + costs.month - 1).astype("M8[M]")
    begin, end = (month + step for step in (np.timedelta64(0, "M"), np.timedelta64(1, "M")))
    due = end.astype("M8[D]").astype(np.int64) * DAY
    length = (end.astype("M8[D]") - begin.astype("M8[D]")).astype(np.int64)
    created = business.calendar.to_utc(due + 8 * HOUR) + between(stream, 0, 3 * DAY, len(due))
    daily = np.where(costs.corrected <= created, costs.corrected_daily, costs.daily).astype(np.int64)
    payee = [
        {"Direct Mail": MAIL_HOUSE, "Radio": BROADCASTER}.get(one.category, AGENCY)
        for one in business.company.campaigns
    ]
    bills = _bills(
        Source.STANDALONE,
        np.array(payee)[costs.campaign],
        ADVERTISING,
        daily * length,
        due,
        created,
        campaign=costs.campaign.astype(np.int64),
    )
    return taken(bills, costs.removed > created)


def _subcontractors(business: Business) -> Expenses:
    """Cranes, electricians and drywall on some installs."""
    jobs, company, stream = business.jobs, business.company, business.chance.stream("subcontractors")
    installs = np.flatnonzero((kinds_of(company, jobs) == Kind.INSTALL) & (jobs.done != NEVER))
    job = some(stream, installs, 0.08, at_least=1)
    created = jobs.done[job] + between(stream, DAY, 12 * DAY, len(job))
    share = (created - company.opened) / (company.end - company.opened)
    hired = np.array(trading(Trading.SUBCONTRACT))
    vendor = hired[stream.integers(0, len(hired), len(job))]
    vendor = np.where(np.array([one.until for one in VENDORS])[vendor] > share, vendor, hired[0])
    amount = np.rint(stream.lognormal(10.9, 0.55, len(job))).astype(np.int64)
    covers = business.calendar.local_midnight(jobs.done[job])
    return _bills(Source.STANDALONE, vendor, SUBCONTRACTORS, amount, covers, created, job=job)

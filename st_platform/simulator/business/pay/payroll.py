"""Payrolls of two weeks per person, the gross pay in them, corrections by hand, and the splits of jobs.

Puts staff, timesheets and earnings together: every amount lies in the payroll of its person and day, and what counts
at an instant adds up at that instant.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from st_platform.simulator.business.board.dispatching import Dispatching
from st_platform.simulator.business.chance import Chance, Ints, between, some
from st_platform.simulator.business.pay.corrections import Adjustments, adjust
from st_platform.simulator.business.pay.earnings import Drafts, Source, commissions, pay_time, salaries, spiffs
from st_platform.simulator.business.pay.periods import Payrolls, open_payrolls, payroll_of
from st_platform.simulator.business.pay.staff import Office, PayCalendar, Wages, set_wages, staff_office
from st_platform.simulator.business.pay.timekeeping import JobTimesheets, OtherTimesheets, clock_jobs, clock_others
from st_platform.simulator.business.tenant import Business, narrowed
from st_platform.simulator.instants import DAY, HOUR, NEVER, SECOND, Ticks


@dataclass(frozen=True)
class Items:
    """One entry per gross pay item, in order of creation. `source` and `row` say what it is paid for, `paid` the type
    of time, `correction` the adjustment that corrects it (-1: none). `day` is days since 1970, `hours` in
    ten-thousandths, `amount` in cents."""

    source: Ints
    row: Ints
    payroll: Ints
    day: Ints
    start: Ticks
    end: Ticks
    hours: Ints
    amount: Ints
    paid: Ints
    correction: Ints
    created: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Splits:
    """One entry per technician and job, in order of creation; hundredths of a per cent. `late` holds from `changed`
    on, when someone else's entry turns `inactive`."""

    job: Ints
    technician: Ints
    share: Ints
    late: Ints
    created: Ticks
    changed: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.job)


@dataclass(frozen=True)
class Payroll:
    """Everything about pay. People are rows: technicians first, then office employees; `listed` are all of them in
    order of `hired`."""

    office: Office
    hired: Ticks
    left: Ticks
    listed: Ints
    wages: Wages
    pay_calendar: PayCalendar
    timesheets: JobTimesheets
    others: OtherTimesheets
    payrolls: Payrolls
    adjustments: Adjustments
    items: Items
    splits: Splits


def pay(business: Business, dispatching: Dispatching) -> Payroll:
    """Everything that a tenant's people ever record and are paid."""
    company, chance = business.company, business.chance
    office = staff_office(chance, company)
    pay_calendar = PayCalendar.of(company, business.calendar)
    wages = set_wages(chance, company, office, pay_calendar)
    sheets = clock_jobs(business, dispatching)
    others = clock_others(business, dispatching, sheets, office)
    drafts = Drafts.join(
        [
            pay_time(business, dispatching, sheets, others, wages, pay_calendar),
            commissions(business, dispatching),
            spiffs(business, dispatching),
            salaries(business, office, wages, pay_calendar),
        ]
    )
    drafts = drafts.take(np.flatnonzero(drafts.created < company.end))
    hired = np.concatenate([company.technicians.hired, office.joined])
    left = np.concatenate([company.technicians.leaves, office.leaves])
    payrolls = open_payrolls(
        chance, pay_calendar, hired, left, drafts.person, pay_calendar.period(drafts.day), drafts.created
    )
    adjustments, extra, correction = adjust(business, wages, payrolls, pay_calendar, drafts)
    drafts, correction = _reissued(chance, drafts, correction)
    drafts = Drafts.join([drafts, extra])
    correction = np.concatenate([correction, np.full(len(extra), -1, dtype=np.int64)])
    return Payroll(
        office=office,
        hired=hired,
        left=left,
        listed=np.argsort(hired, kind="stable"),
        wages=wages,
        pay_calendar=pay_calendar,
        timesheets=narrowed(sheets),
        others=narrowed(others),
        payrolls=narrowed(payrolls),
        adjustments=narrowed(adjustments),
        items=narrowed(_items(drafts, correction, payrolls, pay_calendar)),
        splits=narrowed(split_jobs(business, dispatching)),
    )


def split_jobs(business: Business, dispatching: Dispatching) -> Splits:
    """Who gets how much of a finished job: the technicians who worked on it, the lead at least as much as others."""
    sent, chance = dispatching.assignments, business.chance
    people = len(business.company.technicians.hired)
    worked = np.flatnonzero(sent.done != NEVER)
    job = dispatching.appointments.job[sent.appointment[worked]].astype(np.int64)
    key, where = np.unique(job * people + sent.technician[worked], return_inverse=True)
    job, technician = key // people, key % people
    last = np.zeros(len(business.jobs), dtype=np.int64)
    np.maximum.at(last, job[where], sent.done[worked])
    opens = np.ones(len(job), dtype=bool)
    opens[1:] = job[1:] != job[:-1]
    size = np.bincount(job, minlength=len(last))[job]
    lead = technician == dispatching.lead[job]
    lead_there = np.zeros(len(last), dtype=bool)
    lead_there[job[lead]] = True
    first = np.where(lead_there[job], lead, opens)
    extra = chance.among(job, "split", 3) * 1000
    others = (10_000 - 10_000 // size - extra) // np.maximum(size - 1, 1)
    share = np.where(size == 1, 10_000, np.where(first, 10_000 - others * (size - 1), others))

    stream = chance.stream("splits")
    pairs = np.flatnonzero(first & (size == 2))
    turned = some(stream, pairs, 0.05)
    when = last[job[turned]] + between(stream, 2 * HOUR, 60 * DAY, len(turned))
    partner = np.where(opens[turned], turned + 1, turned - 1)
    late, changed, inactive = share.copy(), np.full(len(job), NEVER), np.full(len(job), NEVER)
    late[turned], changed[turned], inactive[partner] = 10_000, when, when
    created = last[job] + SECOND + chance.among(job, "split at", 50 * SECOND)
    keep = np.flatnonzero(created < business.company.end)
    keep = keep[np.argsort(created[keep], kind="stable")]
    return Splits(*(column[keep] for column in (job, technician, share, late, created, changed, inactive)))


def _reissued(chance: Chance, drafts: Drafts, correction: Ints) -> tuple[Drafts, Ints]:
    """Some amounts for time are taken back within a day and written anew at the same moment."""
    stream = chance.stream("reissued")
    plain = (drafts.source <= Source.OTHER_TIME) & (drafts.inactive == NEVER) & (correction < 0)
    rows = some(stream, np.flatnonzero(plain), 0.004)
    when = drafts.created[rows] + between(stream, HOUR, 15 * HOUR, len(rows))
    inactive = drafts.inactive.copy()
    inactive[rows] = when
    anew = replace(drafts.take(rows), created=when)
    return Drafts.join([replace(drafts, inactive=inactive), anew]), np.concatenate([correction, correction[rows]])


def _items(drafts: Drafts, correction: Ints, payrolls: Payrolls, pay_calendar: PayCalendar) -> Items:
    order = np.argsort(drafts.created, kind="stable")
    drafts, correction = drafts.take(order), correction[order]
    payroll = payroll_of(payrolls, pay_calendar, drafts.person, pay_calendar.period(drafts.day))
    # What is approved is paid, whatever becomes of its cause.
    settled = drafts.inactive >= np.minimum(payrolls.approved, payrolls.expired)[payroll]
    drafts = replace(drafts, inactive=np.where(settled, NEVER, drafts.inactive))
    shared = {f.name: getattr(drafts, f.name) for f in fields(Drafts) if f.name not in ("person", "day")}
    return Items(**shared, payroll=payroll, day=drafts.day // DAY, correction=correction)

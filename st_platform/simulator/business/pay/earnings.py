"""What timesheets, sales and salaries are worth: drafts of gross pay, each with its person, day and amount.

Amounts are cents, hours ten-thousandths: the hours of a stretch of time are rounded before they are cut at the end
of a full week, so that its parts add up. Payrolls and corrections are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.board.dispatching import Dispatching
from st_platform.simulator.business.books.billing import removed_at
from st_platform.simulator.business.chance import Flags, Ints
from st_platform.simulator.business.pay.staff import TIME_CODES, Office, PayCalendar, Wages
from st_platform.simulator.business.pay.timekeeping import JobTimesheets, OtherTimesheets
from st_platform.simulator.business.pricebook import SKUS
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

HOUR_PARTS = 10_000
_PART = HOUR // HOUR_PARTS
_FULL_WEEK = 40 * HOUR_PARTS
COMMISSION = 3
"""Per cent of a line that a technician on commission gets."""
_SPIFF = 25_00
_LABOUR = np.array([sku.type == "Service" for sku in SKUS])


class Source(IntEnum):
    """Where an amount comes from; its row is one of that table."""

    DRIVING = 0
    WORKING = 1
    OTHER_TIME = 2
    SOLD_LINE = 3
    SOLD_MEMBERSHIP = 4
    SALARY = 5
    ADJUSTMENT = 6


class Paid(IntEnum):
    """The type of paid time; `NOT_TIME` for what is not paid by the hour."""

    REGULAR = 0
    OVERTIME = 1
    TIME_OFF = 2
    NOT_TIME = 3


@dataclass(frozen=True)
class Drafts:
    """One entry per amount. `source` and `row` say what it is for, `day` the local date (midnight) that it bears;
    `start` and `end` are `NEVER` for what is not time. `inactive` is when its cause stops to count."""

    source: Ints
    row: Ints
    person: Ints
    day: Ticks
    start: Ticks
    end: Ticks
    hours: Ints
    amount: Ints
    paid: Ints
    created: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: Ints) -> Drafts:
        return Drafts(**{field.name: getattr(self, field.name)[rows] for field in fields(Drafts)})

    @classmethod
    def join(cls, parts: list[Drafts]) -> Drafts:
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


def lump_sums(
    source: Source, row: Ints, person: Ints, day: Ticks, amount: Ints, created: Ticks, inactive: Ticks | None = None
) -> Drafts:
    """Amounts that are not for time."""
    count = len(row)
    never = np.full(count, NEVER, dtype=np.int64)
    return Drafts(
        source=np.full(count, int(source)),
        row=row,
        person=person,
        day=day,
        start=never,
        end=never,
        hours=np.zeros(count, dtype=np.int64),
        amount=amount,
        paid=np.full(count, int(Paid.NOT_TIME)),
        created=created,
        inactive=never if inactive is None else inactive,
    )


def pay_time(
    business: Business,
    dispatching: Dispatching,
    sheets: JobTimesheets,
    others: OtherTimesheets,
    wages: Wages,
    pay_calendar: PayCalendar,
) -> Drafts:
    """Hours times the wage of their day; beyond 40 hours of a week, one and a half times that."""
    time = _stretches(dispatching, sheets, others)
    calendar = business.calendar
    day = calendar.local_midnight(time.start)
    week = pay_calendar.week(day)
    order = np.lexsort((time.start, week, time.person))
    time, day, week = time.take(order), day[order], week[order]
    whole = _parts(time.end) - _parts(time.start)
    uncounted = time.off | (time.inactive != NEVER)
    regular = np.where(uncounted, whole, _below_full_week(time.person, week, np.where(uncounted, 0, whole)))
    turn = np.where(regular == whole, time.end, time.start + regular * _PART)
    beyond = np.flatnonzero(regular < whole)
    within = np.flatnonzero((regular > 0) | (whole == 0))
    rows = np.concatenate([within, beyond])
    overtime = np.arange(len(rows)) >= len(within)
    hours = np.where(overtime, (whole - regular)[rows], regular[rows])
    start = np.where(overtime, turn[rows], time.start[rows])
    end = np.where(overtime, time.end[rows], turn[rows])
    rate = np.where(time.custom[rows] > 0, time.custom[rows], wages.at(time.person[rows], time.start[rows]))
    off = time.off[rows]
    return Drafts(
        source=time.source[rows],
        row=time.row[rows],
        person=time.person[rows],
        day=day[rows],
        start=start,
        end=end,
        hours=hours,
        amount=worth(hours, rate, np.where(overtime, 150, 100)),
        paid=np.where(overtime, int(Paid.OVERTIME), np.where(off, int(Paid.TIME_OFF), int(Paid.REGULAR))),
        created=np.maximum(time.end, time.known)[rows] + business.chance.among(rows, "clocked", 3 * MINUTE) + SECOND,
        inactive=time.inactive[rows],
    )


def worth(hours: Ints, rate: Ints, multiplier: Ints | int) -> Ints:
    """Cents for ten-thousandths of hours at cents per hour, times hundredths; rounded half away from zero."""
    product = hours * rate * multiplier
    return np.sign(product) * ((np.abs(product) + HOUR_PARTS * 50) // (HOUR_PARTS * 100))


def on_commission(business: Business) -> Flags:
    """Which technicians get a share of what they sell and do."""
    return business.chance.fraction(np.arange(len(business.company.technicians.hired)), "on commission") < 0.65


def commissions(business: Business, dispatching: Dispatching) -> Drafts:
    """A share of what technicians on commission have sold and done, the night after it was billed."""
    lines, invoices, chance = business.lines, business.invoices, business.chance
    eligible = on_commission(business)
    job = np.where(invoices.job != NONE, invoices.job, invoices.project)
    rows = np.flatnonzero((lines.total > 0) & _LABOUR[lines.sku] & (job[lines.invoice] != NONE))
    rows = rows[invoices.adjusts[lines.invoice[rows]] == NONE]
    technician = dispatching.lead[job[lines.invoice[rows]]].astype(np.int64)
    rows, technician = rows[eligible[technician]], technician[eligible[technician]]
    day = business.calendar.local_midnight(lines.created[rows])
    night = business.calendar.to_utc(day + DAY + 3 * HOUR) + chance.among(rows, "commission", 40 * MINUTE)
    gone = np.minimum(removed_at(lines, business.bills, rows), business.invoice_inactive[lines.invoice[rows]])
    amount = (lines.total[rows].astype(np.int64) * COMMISSION + 50) // 100
    paid = lump_sums(Source.SOLD_LINE, rows, technician, day, amount, night, gone)
    return paid.take(np.flatnonzero((gone > night) & (amount > 0)))


def spiffs(business: Business, dispatching: Dispatching) -> Drafts:
    """A fixed sum for each membership that a technician sold on a job."""
    members = business.memberships
    rows = np.flatnonzero(members.sold_on != NONE)
    technician = dispatching.lead[members.sold_on[rows]].astype(np.int64)
    created = members.created[rows] + 5 * SECOND
    day = business.calendar.local_midnight(created)
    return lump_sums(Source.SOLD_MEMBERSHIP, rows, technician, day, np.full(len(rows), _SPIFF), created)


def salaries(business: Business, office: Office, wages: Wages, pay_calendar: PayCalendar) -> Drafts:
    """One amount per period for who is paid a salary, by the days employed in it."""
    technicians = len(business.company.technicians.hired)
    salaried = np.flatnonzero((office.hours > 0) & ~office.hourly)
    period, row = (grid.ravel() for grid in np.meshgrid(np.arange(pay_calendar.count), salaried, indexing="ij"))
    begins, ends = pay_calendar.begins(period), pay_calendar.ends(period) + SECOND
    days = (np.minimum(ends, office.leaves[row]) - np.maximum(begins, office.joined[row]) + DAY - 1) // DAY
    days = np.clip(days, 0, 14)
    rate = wages.at(technicians + row, begins)
    amount = rate * (office.hours[row] // HOUR) * days // 14
    day = pay_calendar.first + (period + 1) * 14 * DAY - DAY
    created = ends + 3 * HOUR + business.chance.among(period * 4096 + row, "salary", 5 * MINUTE)
    paid = lump_sums(Source.SALARY, period, technicians + row, day, amount, created)
    return paid.take(np.flatnonzero(amount > 0))


@dataclass(frozen=True)
class _Time:
    """Paid stretches of time. `off` is time off, `custom` a rate of its own or 0, `known` the earliest moment at which
    the office can know of it."""

    source: Ints
    row: Ints
    person: Ints
    start: Ticks
    end: Ticks
    off: Flags
    custom: Ints
    known: Ticks
    inactive: Ticks

    def take(self, rows: Ints) -> _Time:
        return _Time(**{field.name: getattr(self, field.name)[rows] for field in fields(_Time)})


def _stretches(dispatching: Dispatching, sheets: JobTimesheets, others: OtherTimesheets) -> _Time:
    person = dispatching.assignments.technician[sheets.assignment].astype(np.int64)
    ended = np.minimum(sheets.arrived, sheets.canceled)
    drives = np.flatnonzero(ended != NEVER)
    works = np.flatnonzero(sheets.done != NEVER)
    paid = np.array([code.type != "Unpaid" for code in TIME_CODES])
    off = np.array([code.type == "PaidTimeOff" for code in TIME_CODES])
    custom = np.array([code.custom or 0 for code in TIME_CODES], dtype=np.int64)
    rest = np.flatnonzero(paid[others.code])
    code = others.code[rest]
    counts = (len(drives), len(works), len(rest))
    on_jobs = counts[0] + counts[1]
    zeros = np.zeros(on_jobs, dtype=np.int64)
    return _Time(
        source=np.repeat([int(Source.DRIVING), int(Source.WORKING), int(Source.OTHER_TIME)], counts),
        row=np.concatenate([drives, works, rest]),
        person=np.concatenate([person[drives], person[works], others.person[rest]]),
        start=np.concatenate([sheets.dispatched[drives], sheets.arrived[works], others.start[rest]]),
        end=np.concatenate([ended[drives], sheets.done[works], others.end[rest]]),
        off=np.concatenate([zeros > 0, off[code]]),
        custom=np.concatenate([zeros, custom[code]]),
        known=np.concatenate([zeros, others.created[rest]]),
        inactive=np.concatenate([sheets.inactive[drives], sheets.inactive[works], others.inactive[rest]]),
    )


def _below_full_week(person: Ints, week: Ints, counted: Ints) -> Ints:
    """The part of each stretch that lies within the first 40 hours of its person's week. Sorted by both and time."""
    running = np.cumsum(counted)
    opens = np.ones(len(person), dtype=bool)
    opens[1:] = (person[1:] != person[:-1]) | (week[1:] != week[:-1])
    before = running - counted
    base = np.maximum.accumulate(np.where(opens, before, 0))
    return np.clip(_FULL_WEEK - (before - base), 0, counted)


def _parts(ticks: Ticks) -> Ints:
    return (ticks + _PART // 2) // _PART

"""Who is on the payroll: office employees, what everybody earns an hour and since when, and the kinds of paid time.

A person is a row number over both: technicians first, then office employees. Knows nothing of hours worked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Chance, Flags, Ints, between
from st_platform.simulator.business.company import EMPLOYEES, Company
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.instants import DAY, HOUR, NEVER, SECOND, Ticks

PERIOD = 14 * DAY
_WEEK = 7 * DAY
_MONDAY = 4 * DAY  # 1970-01-05
_MOST_EMPLOYEES = 140
_FULL_TIME = 80 * HOUR
_RAISES = 2
_YEAR = round(365.25 * DAY)


@dataclass(frozen=True)
class TimeCode:
    """A kind of time that belongs to no job. `multiplier` in hundredths of the hourly rate; `custom` is a rate of its
    own in cents; `retired` is when nobody may use it any more, as a share of the whole span."""

    code: str
    description: str
    type: str
    employees: str
    multiplier: int = 100
    custom: int | None = None
    retired: float | None = None


TIME_CODES: tuple[TimeCode, ...] = (
    TimeCode("SHOP", "Shop and loading", "Paid", "All"),
    TimeCode("MEET", "Team meeting", "Paid", "All"),
    TimeCode("TRAIN", "Training", "Paid", "Technician"),
    TimeCode("IDLE", "Waiting for the next call", "Paid", "Technician"),
    TimeCode("LUNCH", "Lunch break", "Unpaid", "All", 0),
    TimeCode("PTO", "Paid time off", "PaidTimeOff", "All"),
    TimeCode("SICK", "Sick leave", "PaidTimeOff", "All"),
    TimeCode("CLOCK", "Clocked in at the office", "ClockInOut", "Employee"),
    TimeCode("STANDBY", "On-call standby", "Paid", "Technician", 100, custom=900, retired=0.6),
)
SHOP, MEETING, TRAINING, IDLE, LUNCH, TIME_OFF, SICK, CLOCKED_IN, STANDBY = range(len(TIME_CODES))


@dataclass(frozen=True)
class Office:
    """One entry per office employee, in order of joining; the first `EMPLOYEES` are there before everything else and
    stay. `hours` is the length of work that a salary is for, ticks per period; 0 for who is not on this payroll.
    `hourly` ones clock in and out. `manager` is a row, -1 for who has none."""

    role: Ints
    joined: Ticks
    leaves: Ticks
    hourly: Flags
    hours: Ticks
    manager: Ints

    def __len__(self) -> int:
        return len(self.role)


@dataclass(frozen=True)
class Role:
    """`wage` in cents per hour, when hired."""

    name: str
    wage: int
    hourly: bool = False


ROLES: tuple[Role, ...] = (
    Role("Owner", 5200),
    Role("Admin", 3600),
    Role("Accounting", 3100),
    Role("Dispatch", 2700),
    Role("CSR", 2100),
    Role("SalesManager", 4100),
    Role("FieldManager", 3900),
    Role("GeneralOffice", 1950, hourly=True),
)
_FIRST_ROLES = (0, 1, 2, 3, 4, 4, 3, 5, 6, 2, 4, 7)
_LATER_ROLES = (4, 4, 7, 3, 4, 7, 2, 6, 4, 3)


@dataclass(frozen=True)
class Wages:
    """What each person earns an hour, in cents: `rates[:, 0]` when hired, `rates[:, n]` from `raised[:, n - 1]` on."""

    rates: Ints
    raised: Ticks

    def at(self, people: Ints, when: Ticks | int) -> Ints:
        step = (self.raised[people] <= np.asarray(when).reshape(-1, 1)).sum(axis=1)
        return self.rates[people, step]


@dataclass(frozen=True)
class PayCalendar:
    """The periods of two weeks from Monday to Sunday, local, and their weeks. Period 0 holds the opening day."""

    calendar: LocalCalendar
    first: int
    count: int

    @classmethod
    def of(cls, company: Company, calendar: LocalCalendar) -> PayCalendar:
        opening = int(calendar.local_midnight(np.array([company.opened]))[0])
        first = (opening - _MONDAY) // _WEEK * _WEEK + _MONDAY
        return cls(calendar, first, (company.end - first) // PERIOD + 1)

    def begins(self, periods: Ints) -> Ticks:
        """The first local midnight of each period, UTC."""
        return self.calendar.to_utc(self.first + periods.astype(np.int64) * PERIOD)

    def ends(self, periods: Ints) -> Ticks:
        """The last second of each period, UTC."""
        return self.calendar.to_utc(self.first + (periods.astype(np.int64) + 1) * PERIOD) - SECOND

    def period(self, days: Ticks) -> Ints:
        """The period of each local day (given as midnight)."""
        return np.clip((days - self.first) // PERIOD, 0, None)

    def week(self, days: Ticks) -> Ints:
        return (days - self.first) // _WEEK


def staff_office(chance: Chance, company: Company) -> Office:
    """As many as the volume of business keeps busy. A small business has part-timers and an outsourced call centre."""
    stream = chance.stream("office")
    later = int(np.clip(4 + company.volume * 4, 4, _MOST_EMPLOYEES - EMPLOYEES))
    role = np.concatenate([np.array(_FIRST_ROLES), np.array(_LATER_ROLES)[np.arange(later) % len(_LATER_ROLES)]])
    before = company.opened - 899 * DAY + np.arange(EMPLOYEES) * 51_234_567
    joined = np.sort(
        company.opened + (stream.uniform(-0.3, 0.97, later) * (company.end - company.opened)).astype(np.int64)
    )
    stays = joined + between(stream, 90 * DAY, 1100 * DAY, later)
    leaves = np.where(stays < company.end, stays, NEVER)
    count = EMPLOYEES + later
    busy = company.volume * 4
    on_payroll = np.arange(count) < max(2, round(busy))
    share = min(1.0, busy / max(1, on_payroll.sum()))
    hours = np.where(on_payroll, int(_FULL_TIME * share) // HOUR * HOUR, 0)
    everyone = np.arange(count)
    return Office(
        role=role,
        joined=np.concatenate([before, joined]),
        leaves=np.concatenate([np.full(EMPLOYEES, NEVER, dtype=np.int64), leaves]),
        hourly=np.array([one.hourly for one in ROLES])[role] & on_payroll,
        hours=hours,
        manager=np.where(everyone == 0, -1, np.where(everyone < 4, 0, 1 + everyone % 3)),
    )


def set_wages(chance: Chance, company: Company, office: Office, pay_calendar: PayCalendar) -> Wages:
    """Everybody's first wage and up to two raises, which begin with a period."""
    stream = chance.stream("wages")
    people = company.technicians
    of_office = np.array([role.wage for role in ROLES])[office.role] + between(stream, -100, 300, len(office))
    first = np.concatenate([people.wage_cents.astype(np.int64), of_office])
    hired = np.concatenate([people.hired, office.joined])
    left = np.concatenate([people.leaves, office.leaves])
    count = len(first)
    since = np.maximum(hired, company.opened)
    rates, raised = [first], []
    for number in range(_RAISES):
        wanted = since + between(stream, 0.35 * _YEAR, 1.1 * _YEAR, count) + number * _YEAR
        period = pay_calendar.period(pay_calendar.calendar.local_midnight(wanted)) + 1
        when = pay_calendar.begins(period)
        given = (when < company.end) & (when < left) & (stream.random(count) < 0.85)
        since_last = raised[-1] if raised else np.zeros(count, dtype=np.int64)
        given &= since_last != NEVER
        raised.append(np.where(given, when, NEVER))
        rates.append((rates[-1] * (1000 + between(stream, 20, 66, count)) + 500) // 1000)
    return Wages(np.stack(rates, axis=1), np.stack(raised, axis=1))

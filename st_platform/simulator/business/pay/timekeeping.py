"""Timesheets: technicians' real times on visits, and the paid and unpaid time that belongs to no job.

Derived from who went where; a day with visits is filled up to a shift. Knows wages and payrolls not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from st_platform.simulator.business.board.dispatching import Dispatching
from st_platform.simulator.business.board.shifts import hours_of
from st_platform.simulator.business.chance import Flags, Ints, between, some
from st_platform.simulator.business.pay.staff import (
    CLOCKED_IN,
    IDLE,
    LUNCH,
    MEETING,
    PERIOD,
    SHOP,
    SICK,
    STANDBY,
    TIME_CODES,
    TIME_OFF,
    TRAINING,
    Office,
)
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

_WORTH_NOTING = 8 * MINUTE
_LUNCH = 30 * MINUTE
_SECONDS_APART = 400_000_000
_PEOPLE = 1 << 20
_DAYS = 1 << 20
_EARNED = 0.12
_IN_THE_SHOP = 0.25
_SENT_HOME = 0.36
_AT_LEAST = 4 * HOUR


@dataclass(frozen=True)
class JobTimesheets:
    """One entry per technician and trip, in order of dispatch: the times of `assignment`; a trip that is called off
    has `canceled` and never arrives. From `inactive` on it does not count: somebody was on the clock twice."""

    assignment: Ints
    dispatched: Ticks
    arrived: Ticks
    done: Ticks
    canceled: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.assignment)

    @property
    def ended(self) -> Ticks:
        return np.minimum(self.done, self.canceled)


@dataclass(frozen=True)
class OtherTimesheets:
    """One entry per stretch of time without a job, in order of creation. `person` counts technicians first, then
    office employees; `code` indexes `TIME_CODES`. `planned` ones show their end from the beginning."""

    person: Ints
    code: Ints
    start: Ticks
    end: Ticks
    created: Ticks
    planned: Flags
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.person)


def clock_jobs(business: Business, dispatching: Dispatching) -> JobTimesheets:
    """Every assignment that was dispatched; some trips were begun too early and called off, some recorded twice."""
    stream = business.chance.stream("job timesheets")
    sent = dispatching.assignments
    gone = np.flatnonzero(sent.dispatched != NEVER)
    never = np.full(len(gone), NEVER, dtype=np.int64)
    real = JobTimesheets(gone, sent.dispatched[gone], sent.arrived[gone], sent.done[gone], never, never)
    long_known = np.flatnonzero(sent.dispatched[gone] - sent.assigned[gone] > HOUR)
    early = _picked(real, some(stream, long_known, 0.012))
    start = early.dispatched - between(stream, 25 * MINUTE, 50 * MINUTE, len(early))
    called_off = start + between(stream, 4 * MINUTE, 20 * MINUTE, len(early))
    nothing = np.full(len(early), NEVER, dtype=np.int64)
    early = replace(early, dispatched=start, arrived=nothing, done=nothing, canceled=called_off)
    twice = _picked(real, some(stream, np.flatnonzero(real.done != NEVER), 0.006))
    found = twice.done + between(stream, 2 * HOUR, 30 * HOUR, len(twice))
    twice = replace(twice, dispatched=twice.dispatched + between(stream, 2 * SECOND, 50 * SECOND, len(twice)))
    twice = replace(twice, inactive=found)
    parts = (real, early, twice)
    joined = JobTimesheets(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(JobTimesheets)))
    return _picked(joined, np.argsort(joined.dispatched, kind="stable"))


def clock_others(
    business: Business, dispatching: Dispatching, sheets: JobTimesheets, office: Office
) -> OtherTimesheets:
    """What fills the shifts of days with visits, days without any, and the hours of office staff who clock in."""
    days = _visited_days(business, dispatching, sheets)
    parts = [
        *_around_visits(business, days),
        *_other_days(business, dispatching, days),
        _office_days(business, office),
    ]
    drafted = _Stretches.join(parts)
    drafted = drafted.take(np.flatnonzero((drafted.start < business.company.end) & (drafted.end > drafted.start)))
    stream = business.chance.stream("other timesheets")
    count = len(drafted)
    planned = drafted.code == TIME_OFF
    created = np.where(planned, drafted.start - between(stream, 2 * HOUR, 12 * DAY, count), drafted.start)
    created = np.where(drafted.code == SICK, drafted.end + between(stream, HOUR, 20 * HOUR, count), created)
    inactive = np.full(count, NEVER, dtype=np.int64)
    mistaken = some(stream, np.arange(count), 0.004)
    inactive[mistaken] = np.maximum(drafted.end, created)[mistaken] + between(stream, HOUR, 26 * HOUR, len(mistaken))
    order = np.argsort(created, kind="stable")
    return OtherTimesheets(
        drafted.person[order],
        drafted.code[order],
        drafted.start[order],
        drafted.end[order],
        created[order],
        planned[order] | (drafted.code[order] == SICK),
        inactive[order],
    )


@dataclass(frozen=True)
class _Stretches:
    person: Ints
    code: Ints
    start: Ticks
    end: Ticks

    @classmethod
    def join(cls, parts: list[_Stretches]) -> _Stretches:
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(_Stretches)))

    def take(self, rows: Ints) -> _Stretches:
        return _Stretches(self.person[rows], self.code[rows], self.start[rows], self.end[rows])

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class _Visited:
    """Trips by technician and time; `opens` and `closes` mark the first and last one of each local day. `busy` is
    until when the technician has been busy before a trip, `until` the same after it."""

    person: Ints
    day: Ticks
    start: Ticks
    busy: Ticks
    until: Ticks
    opens: Flags
    closes: Flags


def _picked(sheets: JobTimesheets, rows: Ints) -> JobTimesheets:
    return JobTimesheets(*(getattr(sheets, field.name)[rows] for field in fields(JobTimesheets)))


def _visited_days(business: Business, dispatching: Dispatching, sheets: JobTimesheets) -> _Visited:
    rows = np.flatnonzero((sheets.inactive == NEVER) & (sheets.ended != NEVER))
    person = dispatching.assignments.technician[sheets.assignment[rows]].astype(np.int64)
    start, stop = sheets.dispatched[rows], sheets.ended[rows]
    order = np.lexsort((start, person))
    person, start, stop = person[order], start[order], stop[order]
    # A running maximum per technician: everybody's seconds are lifted above those of the one before.
    since = business.company.opened
    lift = person * _SECONDS_APART
    until = (np.maximum.accumulate(lift + (stop - since) // SECOND + 1) - lift) * SECOND + since
    day = business.calendar.local_midnight(start)
    changes = np.ones(len(rows) + 1, dtype=bool)
    changes[1:-1] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
    busy = np.concatenate([until[:1] * 0, until[:-1]])
    return _Visited(person, day, start, busy, until, changes[:-1], changes[1:])


def _around_visits(business: Business, days: _Visited) -> list[_Stretches]:
    """Before the first trip, between trips, and after the last one until the shift ends. Some who have but one trip
    come for it alone and are paid for half a day at least."""
    chance, calendar = business.chance, business.calendar
    key = days.day // DAY * _PEOPLE + days.person
    weekend = _weekend(days.day)
    begins, ends = _shift(business, days.person, days.day)
    begins -= chance.among(key, "before the shift", 20) * MINUTE
    ends -= _LUNCH

    sent_home = days.opens & days.closes & ~weekend & (chance.fraction(key, "sent home") < _SENT_HOME)
    ends = np.where(sent_home, np.minimum(ends, days.start + _AT_LEAST), ends)

    first = np.flatnonzero(days.opens & ~sent_home & (days.start - begins > _WORTH_NOTING))
    luck = chance.fraction(key[first], "morning")
    monday = days.day[first] // DAY % 7 == 4
    code = np.where(luck < 0.25, TRAINING, np.where(luck < 0.6, SHOP, IDLE))
    code = np.where(days.start[first] - begins[first] < 90 * MINUTE, np.where(monday, MEETING, SHOP), code)
    code = np.where(weekend[first], STANDBY, code)
    retired = TIME_CODES[STANDBY].retired or 0.0
    ending = business.company.opened + int(retired * (business.company.end - business.company.opened)) - 30 * DAY
    allowed = (code != STANDBY) | (days.start[first] < ending)
    first, code = first[allowed], code[allowed]
    mornings = _Stretches(days.person[first], code, begins[first], days.start[first])

    gap = np.flatnonzero(~days.opens & ~weekend & (days.start - days.busy > _WORTH_NOTING))
    local = calendar.to_local(days.busy[gap]) - days.day[gap]
    hungry = (local > 10.5 * HOUR) & (local < 14 * HOUR) & (days.start[gap] - days.busy[gap] > _LUNCH + _WORTH_NOTING)
    eats = gap[hungry]
    lunches = _Stretches(days.person[eats], np.full(len(eats), LUNCH), days.busy[eats], days.busy[eats] + _LUNCH)
    waits = days.busy[gap] + np.where(hungry, _LUNCH, 0)
    between_trips = _Stretches(days.person[gap], np.full(len(gap), IDLE), waits, days.start[gap])

    last = np.flatnonzero(days.closes & ~weekend & (ends - days.until > _WORTH_NOTING))
    code = np.where(chance.fraction(key[last], "evening") < 0.5, SHOP, IDLE)
    evenings = _Stretches(days.person[last], code, np.maximum(days.until, begins)[last], ends[last])
    return [mornings, lunches, between_trips, evenings]


def _other_days(business: Business, dispatching: Dispatching, days: _Visited) -> list[_Stretches]:
    """Paid days without a visit. Days away are paid as far as they have been earned by days at work; on some days that
    nobody needs them, technicians work in the shop."""
    people, chance = business.company.technicians, business.chance
    key: Ints = np.unique(days.person[days.opens] * _DAYS + days.day[days.opens] // DAY)
    away = dispatching.absences
    order = np.lexsort((away.day, away.technician))
    whose, when = away.technician[order].astype(np.int64), away.day[order].astype(np.int64)
    worked = np.searchsorted(key, whose * _DAYS + when) - np.searchsorted(key, whose * _DAYS)
    taken = np.arange(len(whose)) - np.searchsorted(whose, whose)
    here = people.hired[whose] < when * DAY - 13 * DAY
    earned = np.flatnonzero((taken < worked * _EARNED) & here)
    whose, when = whose[earned], when[earned]
    code = np.array([TIME_OFF, TIME_OFF, SICK, TRAINING])[away.kind[order][earned]]
    start, _ = _shift(business, whose, when * DAY)
    absences = _Stretches(whose, code, start, start + 8 * HOUR)

    following = key[chance.fraction(key, "in the shop") < _IN_THE_SHOP] + 1
    taken_up = np.concatenate([key, away.technician.astype(np.int64) * _DAYS + away.day])
    free = np.setdiff1d(following, taken_up).astype(np.int64)
    person, day = free // _DAYS, free % _DAYS * DAY
    start, _ = _shift(business, person, day)
    employed = (people.hired[person] < start) & (start + 8 * HOUR < people.leaves[person]) & ~_weekend(day)
    shop = _Stretches(person, np.full(len(free), SHOP), start, start + 8 * HOUR)
    return [absences, shop.take(np.flatnonzero(employed))]


def _office_days(business: Business, office: Office) -> _Stretches:
    company, calendar = business.company, business.calendar
    hourly = np.flatnonzero(office.hourly)
    first, last = company.opened // DAY, company.end // DAY
    day, row = (grid.ravel() for grid in np.meshgrid(np.arange(first, last), hourly, indexing="ij"))
    key = day * _PEOPLE + row
    start = calendar.to_utc(day * DAY + 8 * HOUR) + business.chance.among(key, "clocked in", 20 * MINUTE)
    length = office.hours[row] // (PERIOD // DAY - 4) + business.chance.among(key, "clocked out", 30 * MINUTE)
    luck = business.chance.fraction(key, "office day")
    code = np.select([luck < 0.04, luck < 0.06], [TIME_OFF, SICK], CLOCKED_IN)
    there = (office.joined[row] < start - 13 * DAY) & (start + length < office.leaves[row]) & ~_weekend(day * DAY)
    person = len(company.technicians.hired) + row
    return _Stretches(person, code, start, start + length).take(np.flatnonzero(there))


def _shift(business: Business, technicians: Ints, days: Ticks) -> tuple[Ticks, Ticks]:
    """When each technician's shift begins and ends on a local day."""
    evening = business.company.technicians.evening[technicians]
    begins, ends = hours_of(evening, np.zeros(len(days), dtype=bool))
    return business.calendar.to_utc(days + begins), business.calendar.to_utc(days + ends)


def _weekend(days: Ticks) -> Flags:
    return (days // DAY + 3) % 7 >= 5

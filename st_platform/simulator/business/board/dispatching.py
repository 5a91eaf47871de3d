"""Who goes where: the visits that each job needs and the technicians who are sent to them.

Derived from the jobs, which decide when work happens and who does it. Real times of technicians are here; what they
are paid for them is not.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from st_platform.simulator.business.board.crew import SICK, VACATION, Kinds
from st_platform.simulator.business.board.trips import NEXT_DAY, RETURN, Trips, travel
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, units_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

_WINDOW = 2 * HOUR
_CONFIRMED = 0.7
_REPLACED = 0.06
_BEFORE_OPENING = 20 * DAY
"""Days off of the first weeks are entered when the settings are there."""


@dataclass(frozen=True)
class Appointments:
    """One entry per visit, in order of creation. `number` counts the visits of a job from 0.

    `start` and `end` are what is planned from `moved` on; `planned` is the start before that (the same where nobody
    moves it). `arrival_start` and `arrival_end` are the window promised to the customer for `start`. `dispatched`,
    `arrived` and `done` are those of the lead. `held` is when work stops for the night to go on with the next visit.
    Instants are `NEVER` where it does not happen.
    """

    job: Ints
    number: Ints
    created: Ticks
    planned: Ticks
    start: Ticks
    end: Ticks
    arrival_start: Ticks
    arrival_end: Ticks
    confirmed: Ticks
    moved: Ticks
    dispatched: Ticks
    arrived: Ticks
    held: Ticks
    done: Ticks
    canceled: Ticks

    def __len__(self) -> int:
        return len(self.created)

    def take(self, order: Ints) -> Appointments:
        return Appointments(**{field.name: getattr(self, field.name)[order] for field in fields(Appointments)})


@dataclass(frozen=True)
class Assignments:
    """One entry per technician and visit, in order of assignment. `technician` is a row of the company's technicians.

    Worked time is `arrived` to `done`, driven time `dispatched` to `arrived`; `NEVER` where it does not happen.
    `removed` is when someone is taken off a visit: they never go. A visit's lead is its first entry that stays.
    """

    appointment: Ints
    technician: Ints
    assigned: Ticks
    dispatched: Ticks
    arrived: Ticks
    done: Ticks
    removed: Ticks

    def __len__(self) -> int:
        return len(self.assigned)

    def take(self, order: Ints) -> Assignments:
        return Assignments(**{field.name: getattr(self, field.name)[order] for field in fields(Assignments)})


@dataclass(frozen=True)
class Absences:
    """One entry per technician and weekday away, in order of `known`. `day` is the local day since 1970, `kind` one of
    VACATION, SICK and TRAINING; on such a day nobody works on a job."""

    technician: Ints
    day: Ints
    kind: Kinds
    known: Ticks

    def __len__(self) -> int:
        return len(self.known)


@dataclass(frozen=True)
class Dispatching:
    """Visits and who went. `first_appointment` is the row of each job's first visit, `lead` its technician;
    `appointment_count` is how many visits a job has in the end. `trips` are the assignments that took place, with the
    way between them."""

    appointments: Appointments
    assignments: Assignments
    absences: Absences
    trips: Trips
    first_appointment: Ints
    appointment_count: Ints
    lead: Ints
    by_job: Ints

    def visit(self, jobs: Ints, number: Ints) -> Ints:
        """The row of the visit with this number of each job."""
        return self.by_job[self._starts[jobs] + number]

    @cached_property
    def _starts(self) -> Ints:
        return np.cumsum(self.appointment_count) - self.appointment_count


def dispatch(business: Business) -> Dispatching:
    """Everything that ever happens on the dispatch board of a tenant."""
    jobs, company = business.jobs, business.company
    units = units_of(company, jobs, business.customers.commercial)
    trips = travel(business.chance, business.calendar, business.places, company.technicians, jobs)
    drafted = _visits(business, trips)
    order = np.argsort(drafted.created, kind="stable")
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    visits = drafted.take(order)
    return Dispatching(
        appointments=visits,
        assignments=_assign(business, visits, position[_visit_of(business, trips)], trips, units),
        absences=_absences(business, trips),
        trips=trips,
        first_appointment=position[: len(jobs)],
        appointment_count=np.bincount(visits.job, minlength=len(jobs)),
        lead=jobs.technician,
        by_job=np.lexsort((visits.number, visits.job)),
    )


def _visits(business: Business, trips: Trips) -> Appointments:
    """First visits by job, then next days, then return visits."""
    jobs, company = business.jobs, business.company
    length = (np.array([kind.hours for kind in company.job_kinds]) * HOUR).astype(np.int64)[jobs.type]
    overnight, again = np.flatnonzero(jobs.held != NEVER), np.flatnonzero(jobs.reopened != NEVER)
    job = np.concatenate([np.arange(len(jobs)), overnight, again])
    later = len(job) - len(jobs)
    starts = [jobs.start, jobs.resumed[overnight] // HOUR * HOUR, jobs.returned[again] // HOUR * HOUR]
    start = np.concatenate(starts)
    lengths = [length, length[overnight] // 2, np.full(len(again), HOUR, dtype=np.int64)]
    created = np.concatenate([jobs.created, jobs.held[overnight], jobs.reopened[again]])
    never = np.full(later, NEVER, dtype=np.int64)
    moved = np.concatenate([jobs.moved, never])
    canceled = np.concatenate([jobs.canceled, never])
    real = np.full((3, len(job)), NEVER, dtype=np.int64)
    leads = slice(0, int((jobs.done != NEVER).sum()) + later)
    real[:, _visit_of(business, trips)[leads]] = np.stack([trips.dispatched, trips.arrived, trips.done])[:, leads]
    return Appointments(
        job=job,
        number=np.concatenate(
            [
                np.zeros(len(jobs), dtype=np.int64),
                np.ones(len(overnight), dtype=np.int64),
                np.where(jobs.held[again] != NEVER, 2, 1),
            ]
        ),
        created=created,
        planned=np.concatenate([jobs.planned, *starts[1:]]),
        start=start,
        end=start + np.concatenate(lengths),
        arrival_start=start,
        arrival_end=start + _WINDOW,
        confirmed=_confirmed(business, created, start, moved, canceled),
        moved=moved,
        dispatched=real[0],
        arrived=real[1],
        held=np.concatenate([jobs.held, never]),
        done=real[2],
        canceled=canceled,
    )


def _confirmed(business: Business, created: Ticks, start: Ticks, moved: Ticks, canceled: Ticks) -> Ticks:
    """Most customers confirm on the day before, as soon as that is possible."""
    rows = np.arange(len(created))
    known = np.where(moved == NEVER, created, moved)
    day_before = start - DAY + (business.chance.fraction(rows, "confirmed on") * 6 * HOUR).astype(np.int64)
    when = np.maximum(day_before, known + 5 * MINUTE)
    counts = (when < np.minimum(canceled, start)) & (business.chance.fraction(rows, "confirms") < _CONFIRMED)
    return np.where(counts, when, NEVER)


def _visit_of(business: Business, trips: Trips) -> Ints:
    """The drafted visit of each trip."""
    jobs = business.jobs
    overnight, again = np.flatnonzero(jobs.held != NEVER), np.flatnonzero(jobs.reopened != NEVER)
    place = trips.job.astype(np.int64)
    on = trips.visit == NEXT_DAY
    place[on] = len(jobs) + np.searchsorted(overnight, place[on])
    back = trips.visit == RETURN
    place[back] = len(jobs) + len(overnight) + np.searchsorted(again, trips.job[back])
    return place


def _assign(business: Business, visits: Appointments, visit_of_trip: Ints, trips: Trips, units: Ints) -> Assignments:
    jobs = business.jobs
    quiet = np.flatnonzero(visits.arrived == NEVER)
    planned = _assigned(business, visits, quiet, visits.start[quiet])
    quiet, planned = quiet[planned != NEVER], planned[planned != NEVER]
    going = _assigned(business, visits, visit_of_trip, visits.dispatched[visit_of_trip])
    never = np.full(len(quiet), NEVER, dtype=np.int64)
    appointment = np.concatenate([visit_of_trip, quiet])
    stays = Assignments(
        appointment=appointment,
        technician=np.concatenate([trips.technician, jobs.technician[visits.job[quiet]]]),
        assigned=np.concatenate([going, planned]),
        dispatched=np.concatenate([np.maximum(trips.dispatched, visits.dispatched[visit_of_trip]), never]),
        arrived=np.concatenate([trips.arrived, never]),
        done=np.concatenate([trips.done, never]),
        removed=np.full(len(appointment), NEVER, dtype=np.int64),
    )
    leads = stays.take(np.flatnonzero(stays.technician == jobs.technician[visits.job[appointment]]))
    parts = [stays, _replaced(business, visits, leads, units)]
    joined = Assignments(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Assignments)}
    )
    return joined.take(np.argsort(joined.assigned, kind="stable"))


def _assigned(business: Business, visits: Appointments, rows: Ints, deadline: Ticks) -> Ticks:
    """When someone is chosen for these visits: after it is known when they are, before anybody sets out. `NEVER` for
    visits that are called off earlier."""
    known = np.where(visits.moved[rows] == NEVER, visits.created[rows], visits.moved[rows])
    share = business.chance.fraction(rows, "assigned") * 0.8
    when = known + (np.maximum(deadline - known, 0) * share).astype(np.int64)
    return np.where(when < visits.canceled[rows], when, NEVER)


def _replaced(business: Business, visits: Appointments, leads: Assignments, units: Ints) -> Assignments:
    """Some leads take over from a colleague who had been chosen first."""
    people, chance = business.company.technicians, business.chance
    first = np.flatnonzero((visits.number[leads.appointment] == 0) & (leads.assigned != NEVER))
    rows = first[chance.fraction(leads.appointment[first], "replaces") < _REPLACED]
    job = visits.job[leads.appointment[rows]]
    other = np.full(len(rows), NONE, dtype=np.int64)
    for unit in np.unique(units[job]).tolist():
        crew, mine = np.flatnonzero(people.unit == unit), units[job] == unit
        other[mine] = crew[chance.among(job[mine], "replaced", len(crew))]
    known = np.where(visits.moved == NEVER, visits.created, visits.moved)[leads.appointment[rows]]
    when = known + ((leads.assigned[rows] - known) * 0.5).astype(np.int64)
    there = (people.hired[other] <= when) & (leads.assigned[rows] < people.leaves[other])
    kept = np.flatnonzero(there & (other != leads.technician[rows]) & (other != business.jobs.helper[job]))
    never = np.full(len(kept), NEVER, dtype=np.int64)
    return Assignments(
        appointment=leads.appointment[rows[kept]],
        technician=other[kept],
        assigned=when[kept],
        dispatched=never,
        arrived=never,
        done=never,
        removed=leads.assigned[rows[kept]],
    )


def _absences(business: Business, trips: Trips) -> Absences:
    """The days away of the rota, but for those on which someone came to work after all."""
    rota, calendar, chance = business.rota, business.calendar, business.chance
    away = rota.away.copy()
    for moment in (trips.arrived, trips.done):
        worked = calendar.to_local(moment) // DAY - rota.first_day
        away[trips.technician, np.clip(worked, 0, rota.days - 1)] = 0
    technician, place = np.nonzero(away)
    kind, day = away[technician, place], place + rota.first_day
    morning = calendar.to_utc(day * DAY + 6 * HOUR)
    key = technician * 100_003 + day
    week = technician * 100_003 + (day + 3) // 7
    sudden = morning + (chance.fraction(key, "call in sick") * HOUR).astype(np.int64)
    asked = calendar.to_utc((day + 3) // 7 * 7 * DAY) - 3 * DAY
    asked -= ((10 + chance.fraction(week, "vacation asked") * 70) * DAY).astype(np.int64)
    arranged = morning - ((10 + chance.fraction(key, "training set") * 20) * DAY).astype(np.int64)
    known = np.select([kind == VACATION, kind == SICK], [asked, sudden], arranged)
    books_open = business.company.opened - _BEFORE_OPENING + day % 1000 * MINUTE + technician
    known = np.maximum(known, np.maximum(business.company.technicians.hired[technician] + HOUR, books_open))
    order = np.lexsort((day, technician, known))
    return Absences(technician[order], day[order], kind[order], known[order])

"""Who goes where: the visits that each job needs and the technicians who are sent to them.

Derived from the jobs, which decide when work happens and who leads it. Real times of technicians are here; what they
are paid for them is not.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from st_platform.simulator.business.chance import Chance, Flags, Ints
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import kinds_of, units_of
from st_platform.simulator.instants import HOUR, MINUTE, NEVER, Ticks

_WINDOW = 2 * HOUR


@dataclass(frozen=True)
class Appointments:
    """One entry per visit, in order of creation. `number` counts the visits of a job from 0.

    `start` and `end` are what is planned from `moved` on; `planned` is the start before that (the same where nobody
    moves it). `arrival_start` and `arrival_end` are the window promised to the customer for `start`. `arrived` and
    `done` are when the first technician comes and the last one is finished; `dispatched` is when the first one sets
    out. `held` is when work stops for the night to go on with the next visit. Instants are `NEVER` where it does not
    happen.
    """

    job: Ints
    number: Ints
    created: Ticks
    planned: Ticks
    start: Ticks
    end: Ticks
    arrival_start: Ticks
    arrival_end: Ticks
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
class Dispatching:
    """Visits and who went. `first_appointment` is the row of each job's first visit, `lead` its technician;
    `appointment_count` is how many visits a job has in the end."""

    appointments: Appointments
    assignments: Assignments
    first_appointment: Ints
    appointment_count: Ints
    lead: Ints


def dispatch(business: Business) -> Dispatching:
    """Everything that ever happens on the dispatch board of a tenant."""
    jobs = business.jobs
    visits = _visits(business)
    order = np.argsort(visits.created, kind="stable")
    visits = visits.take(order)
    first = np.empty(len(jobs), dtype=np.int64)
    opening = np.flatnonzero(visits.number == 0)
    first[visits.job[opening]] = opening
    every = np.arange(len(jobs))
    units = units_of(business.company, jobs, business.customers.commercial)
    lead = business.company.technicians.for_job(business.chance, every, units, jobs.start)
    return Dispatching(
        appointments=visits,
        assignments=_assign(business, visits, lead, units),
        first_appointment=first,
        appointment_count=np.bincount(visits.job, minlength=len(jobs)),
        lead=lead,
    )


def _visits(business: Business) -> Appointments:
    jobs, chance, company = business.jobs, business.chance, business.company
    length = (np.array([kind.hours for kind in company.job_kinds]) * HOUR).astype(np.int64)[jobs.type]
    overnight, again = np.flatnonzero(jobs.held != NEVER), np.flatnonzero(jobs.reopened != NEVER)
    back = jobs.redone[again] - np.minimum(
        (jobs.redone[again] - jobs.reopened[again]) // 2,
        30 * MINUTE + (chance.fraction(again, "return") * HOUR).astype(np.int64),
    )
    worked = jobs.done != NEVER
    parts = [
        _part(
            np.arange(len(jobs)),
            0,
            jobs.created,
            jobs.start,
            length,
            moved=jobs.moved,
            dispatched=jobs.dispatched,
            arrived=jobs.started,
            held=jobs.held,
            done=np.where(worked, np.minimum(jobs.held, jobs.done), NEVER),
            canceled=jobs.canceled,
        ),
        _part(
            overnight,
            1,
            jobs.held[overnight],
            jobs.resumed[overnight] // HOUR * HOUR,
            length[overnight] // 2,
            dispatched=jobs.resumed[overnight] - 20 * MINUTE,
            arrived=jobs.resumed[overnight],
            done=jobs.done[overnight],
        ),
        _part(
            again,
            np.where(jobs.held[again] != NEVER, 2, 1),
            jobs.reopened[again],
            np.maximum(jobs.reopened[again], back // HOUR * HOUR),
            np.full(len(again), HOUR, dtype=np.int64),
            dispatched=np.maximum(jobs.reopened[again], back - 20 * MINUTE),
            arrived=back,
            done=jobs.redone[again],
        ),
    ]
    return Appointments(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Appointments)}
    )


def _part(
    job: Ints,
    number: Ints | int,
    created: Ticks,
    start: Ticks,
    length: Ints,
    *,
    dispatched: Ticks,
    arrived: Ticks,
    done: Ticks,
    moved: Ticks | None = None,
    held: Ticks | None = None,
    canceled: Ticks | None = None,
) -> Appointments:
    never = np.full(len(job), NEVER, dtype=np.int64)
    return Appointments(
        job=job,
        number=np.broadcast_to(np.asarray(number, dtype=np.int64), len(job)),
        created=created,
        planned=start,
        start=start,
        end=start + length,
        arrival_start=start,
        arrival_end=start + _WINDOW,
        moved=never if moved is None else moved,
        dispatched=dispatched,
        arrived=arrived,
        held=never if held is None else held,
        done=done,
        canceled=never if canceled is None else canceled,
    )


def _assign(business: Business, visits: Appointments, lead: Ints, units: Ints) -> Assignments:
    chance, jobs = business.chance, business.jobs
    rows = np.arange(len(visits))
    known = np.maximum(visits.created, np.where(visits.moved == NEVER, 0, visits.moved))
    deadline = np.minimum(visits.dispatched, visits.start)
    share = chance.fraction(rows, "assigned") * 0.8
    assigned = known + (np.maximum(deadline - known, 0) * share).astype(np.int64)
    assigned = np.where(assigned < visits.canceled, assigned, NEVER)
    there = np.flatnonzero(assigned != NEVER)
    two = there[(kinds_of(business.company, jobs)[visits.job[there]] == Kind.INSTALL)]
    helper = _helpers(chance, business, visits, two, lead, units)
    two, helper = two[helper >= 0], helper[helper >= 0]
    appointment = np.concatenate([there, two])
    technician = np.concatenate([lead[visits.job[there]], helper])
    joined = Assignments(
        appointment=appointment,
        technician=technician,
        assigned=assigned[appointment],
        dispatched=visits.dispatched[appointment],
        arrived=visits.arrived[appointment],
        done=visits.done[appointment],
        removed=np.full(len(appointment), NEVER, dtype=np.int64),
    )
    return joined.take(np.argsort(joined.assigned, kind="stable"))


def _helpers(chance: Chance, business: Business, visits: Appointments, rows: Ints, lead: Ints, units: Ints) -> Ints:
    """A second technician of the job's unit for each of these visits, -1 where there is nobody else."""
    people = business.company.technicians
    chosen = np.full(len(rows), -1, dtype=np.int64)
    job = visits.job[rows]
    for one in np.unique(units[job]).tolist():
        members = np.flatnonzero(people.unit == one)
        mine = np.flatnonzero(units[job] == one)
        picked = members[chance.among(job[mine], "helper", len(members))]
        there: Flags = (people.hired[picked] <= visits.created[rows[mine]]) & (
            visits.start[rows[mine]] < people.leaves[picked]
        )
        chosen[mine] = np.where(there & (picked != lead[job[mine]]), picked, -1)
    return chosen

"""Who really went to which visit and when: arrival, the drive before it, and the end of work.

Derived from jobs whose technicians are known. What was only planned is not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.board.places import Places, driving_time, kilometres
from st_platform.simulator.business.chance import Chance, Floats, Ints
from st_platform.simulator.business.company import Technicians
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.business.work import NONE, Jobs
from st_platform.simulator.instants import DAY, MINUTE, NEVER, Ticks

FIRST, NEXT_DAY, RETURN = range(3)
"""Why a visit takes place: the job, the rest of it after a night, or once more because the job was reopened."""


@dataclass(frozen=True)
class Trips:
    """One entry per technician and visit that takes place. Those of leads come first, in the order first visits, next
    days, return visits and within these of jobs; then those of helpers. `previous` is the trip of the same technician
    and local day before this one, `NONE` where the day begins at home."""

    job: Ints
    visit: Ints
    technician: Ints
    dispatched: Ticks
    arrived: Ticks
    done: Ticks
    previous: Ints

    def __len__(self) -> int:
        return len(self.job)


def travel(chance: Chance, calendar: LocalCalendar, places: Places, people: Technicians, jobs: Jobs) -> Trips:
    """Every trip of all time. Technicians set out for a job as late as the way from where they are allows."""
    first = np.flatnonzero(jobs.done != NEVER)
    next_day, back = np.flatnonzero(jobs.held != NEVER), np.flatnonzero(jobs.reopened != NEVER)
    booked = np.where(jobs.moved == NEVER, jobs.created, jobs.moved)
    until = np.minimum(jobs.held, jobs.done)
    parts = [
        (first, FIRST, jobs.technician[first], booked[first], jobs.started[first], until[first]),
        (
            next_day,
            NEXT_DAY,
            jobs.technician[next_day],
            jobs.held[next_day],
            jobs.resumed[next_day],
            jobs.done[next_day],
        ),
        (back, RETURN, jobs.returner[back], jobs.reopened[back], jobs.returned[back], jobs.redone[back]),
    ]
    for rows, visit, _, known, arrived, done in parts[:2]:
        helped = np.flatnonzero(jobs.helper[rows] != NONE)
        mates = rows[helped]
        late = (chance.fraction(mates, f"helper {visit}") * 12 * MINUTE).astype(np.int64)
        arrival = np.minimum(arrived[helped] + late, done[helped] - MINUTE)
        parts.append((mates, visit, jobs.helper[mates], known[helped], arrival, done[helped]))
    job = np.concatenate([part[0] for part in parts])
    visit = np.concatenate([np.full(len(part[0]), part[1], dtype=np.int64) for part in parts])
    technician, known, arrived, done = (np.concatenate([part[i] for part in parts]) for i in range(2, 6))
    previous = _previous(calendar, technician, arrived)
    drive = driving_time(_distances(places, people, jobs.location[job], technician, previous))
    drive += (chance.fraction(job * 3 + visit, "traffic") * 7 * MINUTE).astype(np.int64)
    free = np.where(previous == NONE, known, done[previous])
    sets_out = np.maximum(arrived - drive, np.maximum(free, known) + MINUTE)
    return Trips(job, visit, technician, np.minimum(sets_out, arrived - 2 * MINUTE), arrived, done, previous)


def leads_way(trips: Trips, jobs: Jobs) -> Ticks:
    """When the lead of each job sets out for its first visit, `NEVER` where nobody does."""
    when = np.full(len(jobs), NEVER, dtype=np.int64)
    count = int((jobs.done != NEVER).sum())
    when[trips.job[:count]] = trips.dispatched[:count]
    return when


def distances(places: Places, people: Technicians, jobs: Jobs, trips: Trips) -> Floats:
    """How far each trip is, kilometres as the crow flies."""
    return _distances(places, people, jobs.location[trips.job], trips.technician, trips.previous)


def _previous(calendar: LocalCalendar, technician: Ints, arrived: Ticks) -> Ints:
    order = np.lexsort((arrived, technician))
    who, day = technician[order], calendar.to_local(arrived[order]) // DAY
    same = (who[1:] == who[:-1]) & (day[1:] == day[:-1])
    previous = np.full(len(order), NONE, dtype=np.int64)
    previous[order[1:][same]] = order[:-1][same]
    return previous


def _distances(places: Places, people: Technicians, location: Ints, technician: Ints, previous: Ints) -> Floats:
    there = places.coordinates(location)
    home = places.centre(people.zone[technician])
    begins = previous == NONE
    start = tuple(np.where(begins, own, other[previous]) for own, other in zip(home, there, strict=True))
    return kilometres((start[0], start[1]), there)

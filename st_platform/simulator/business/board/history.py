"""What happened to each job, event by event, and what customers thought of it: derived from jobs and their visits.

An event has a number of its own, which grows with time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.board.dispatching import Dispatching
from st_platform.simulator.business.chance import Ints, some
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks
from st_platform.simulator.runs import Runs

EVENTS = (
    "Job Booked",
    "Appointment Rescheduled",
    "Appointment Booked",
    "Technician Assigned",
    "Technician Unassigned",
    "Technician Dispatched",
    "Technician Arrived",
    "Job Put On Hold",
    "Job Resumed",
    "Job Completed",
    "Job Reopened",
    "Job Canceled",
)
(
    BOOKED,
    MOVED,
    VISIT_BOOKED,
    ASSIGNED,
    UNASSIGNED,
    DISPATCHED,
    ARRIVED,
    HELD,
    RESUMED,
    COMPLETED,
    REOPENED,
    CANCELED,
) = range(len(EVENTS))
_RATED = 0.36


@dataclass(frozen=True)
class History:
    """One entry per event, in order of time. `technician` is a row, `NONE` where the office acts. `by_job` lists the
    events of each job."""

    job: Ints
    kind: Ints
    technician: Ints
    time: Ticks
    by_job: Runs

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Ratings:
    """One entry per rated job, in order of creation: what the customer gave its technician, 0 to 10. From `changed` on
    it is `later`; `withdrawn` is when it is taken back."""

    job: Ints
    technician: Ints
    score: Ints
    later: Ints
    created: Ticks
    changed: Ticks
    withdrawn: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Cancellations:
    """One entry per cancelled job, in order of time. `reason` counts from 0; `withdrawn` is when it is taken back."""

    job: Ints
    reason: Ints
    created: Ticks
    withdrawn: Ticks


def tell(business: Business, dispatching: Dispatching) -> History:
    """Everything that is told of jobs."""
    jobs, visits, sent = business.jobs, dispatching.appointments, dispatching.assignments
    every = np.arange(len(jobs))
    nobody = np.full(len(jobs), NONE, dtype=np.int64)
    lead, returner = jobs.technician.astype(np.int64), jobs.returner.astype(np.int64)
    later = np.flatnonzero(visits.number > 0)
    of_visit, real = visits.job, np.flatnonzero(visits.arrived != NEVER)
    leader = np.where(
        (visits.number > 0) & (visits.created == jobs.reopened[of_visit]), returner[of_visit], lead[of_visit]
    )
    job_of_sent, office = of_visit[sent.appointment], np.full(len(sent), NONE, dtype=np.int64)
    parts = [
        (every, BOOKED, nobody, jobs.created),
        (every, MOVED, nobody, jobs.moved),
        (of_visit[later], VISIT_BOOKED, nobody[of_visit[later]], visits.created[later]),
        (job_of_sent, ASSIGNED, office, sent.assigned),
        (job_of_sent, UNASSIGNED, office, sent.removed),
        (of_visit[real], DISPATCHED, nobody[of_visit[real]], visits.dispatched[real]),
        (of_visit[real], ARRIVED, leader[real], visits.arrived[real]),
        (every, HELD, lead, jobs.held),
        (every, RESUMED, lead, jobs.resumed),
        (every, COMPLETED, lead, jobs.done),
        (every, REOPENED, nobody, jobs.reopened),
        (every, COMPLETED, returner, jobs.redone),
        (every, CANCELED, nobody, jobs.canceled),
    ]
    job, technician, time = (np.concatenate([part[i] for part in parts]) for i in (0, 2, 3))
    kind = np.concatenate([np.full(len(part[0]), part[1], dtype=np.int64) for part in parts])
    happens = np.flatnonzero(time != NEVER)
    order = happens[np.lexsort((kind[happens], time[happens]))]
    job, kind, technician, time = job[order], kind[order], technician[order], time[order]
    return History(job, kind, technician, time, Runs.build(job, time, len(jobs)))


def rate(business: Business) -> Ratings:
    """A third of the customers say how it was; good work is liked, work that is called back is not."""
    jobs, chance = business.jobs, business.chance
    done = np.flatnonzero(jobs.done != NEVER)
    job = done[chance.fraction(done, "rated") < _RATED]
    stream = chance.stream("ratings")
    technician = jobs.technician[job].astype(np.int64)
    failed = np.zeros(len(jobs), dtype=bool)
    failed[jobs.recalled[jobs.recalled != NONE]] = True
    liking = 8.6 + 3 * (business.company.technicians.skill[technician] - 1) - 4 * failed[job]
    score = np.clip(np.rint(liking + stream.normal(0, 1.3, len(job))), 0, 10).astype(np.int64)
    created = jobs.done[job] + HOUR + stream.exponential(1.2 * DAY, len(job)).astype(np.int64)
    order = np.argsort(created, kind="stable")
    job, technician, score, created = job[order], technician[order], score[order], created[order]
    count = len(job)
    changed, withdrawn = np.full(count, NEVER, dtype=np.int64), np.full(count, NEVER, dtype=np.int64)
    wavering = some(stream, np.arange(count), 0.04)
    changed[wavering] = created[wavering] + stream.integers(HOUR, 30 * DAY, len(wavering))
    sorry = some(stream, np.arange(count), 0.015, at_least=6)
    withdrawn[sorry] = created[sorry] + stream.integers(31 * DAY, 60 * DAY, len(sorry))
    later = np.where(changed == NEVER, score, np.maximum(score - 1 - (score % 3), 0))
    return Ratings(job, technician, score, later, created, changed, withdrawn)


def call_off(business: Business, reasons: int, retired: int, retires: int) -> Cancellations:
    """Why jobs were cancelled. The `retired` reason is given only until `retires`."""
    jobs, chance = business.jobs, business.chance
    job = np.flatnonzero(jobs.canceled != NEVER)
    job = job[np.argsort(jobs.canceled[job], kind="stable")]
    created = jobs.canceled[job]
    reason = (chance.fraction(job, "cancel reason") ** 1.7 * reasons).astype(np.int64)
    reason = np.where((reason == retired) & (created >= retires - MINUTE), 0, reason)
    withdrawn = np.full(len(job), NEVER, dtype=np.int64)
    stream = chance.stream("cancellations")
    mistaken = some(stream, np.arange(len(job)), 0.02)
    withdrawn[mistaken] = created[mistaken] + stream.integers(HOUR, 9 * DAY, len(mistaken))
    return Cancellations(job, reason, created, withdrawn)

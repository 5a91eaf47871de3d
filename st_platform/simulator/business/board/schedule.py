"""When a job happens: what is agreed with the customer, and how long the work takes whoever is sent.

Every instant follows from the one before it. Knows the calendar and the kinds of jobs, no customers and no technicians
but for their pace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Flags, Floats, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.seasons import LocalCalendar, workday
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

_SLOTS = np.array([8, 8, 10, 10, 12, 13, 15, 16])
_MORNING = 8
_LATEST_END = 18.5
_LONGEST_DAY = int(8.5 * HOUR)
_OFTEN_OVERNIGHT = 0.28
_DAYS_OF_WAITING = np.array([1.1, 9.0, 6.0, 2.5, 0.8, 3.0])
_CALLED_OFF = np.array([0.085, 0.11, 0.05, 0.1, 0.02, 0.03])


@dataclass(frozen=True)
class Plan:
    """What is agreed and how it is met, one entry per job. `planned` is the first agreed start, `start` the one after
    `moved`. Where the work `goes` ahead, someone arrives at `arrives` for `length` at an ordinary pace, part of it from
    `resumes` on the next morning. Instants are `NEVER` where they do not happen."""

    created: Ticks
    kinds: Ints
    planned: Ticks
    start: Ticks
    moved: Ticks
    canceled: Ticks
    goes: Flags
    arrives: Ticks
    length: Ticks
    resumes: Ticks

    @property
    def first_day(self) -> Ticks:
        """How long the ordinary work of the first day takes."""
        return np.where(self.resumes == NEVER, self.length, np.minimum(self.length * 6 // 10, _LONGEST_DAY))

    @property
    def second_day(self) -> Ticks:
        """How long the ordinary work of the next day takes; 0 where there is none."""
        return np.where(self.resumes == NEVER, 0, np.minimum(self.length // 2, _LONGEST_DAY))


def agree(stream: np.random.Generator, calendar: LocalCalendar, company: Company, types: Ints, created: Ticks) -> Plan:
    """Find a day and an hour for each job; some are moved or called off."""
    count = len(created)
    kinds = np.array([int(kind.kind) for kind in company.job_kinds])[types]
    hours = np.array([kind.hours for kind in company.job_kinds])[types]
    local = calendar.to_local(created)
    day = local // DAY + stream.geometric(1 / (1 + _DAYS_OF_WAITING[kinds])) - 1
    moves = stream.random(count) < 0.11
    slot = np.minimum(_SLOTS[stream.integers(0, len(_SLOTS), count)], np.floor(_LATEST_END - hours).astype(np.int64))
    slot = np.where(kinds == Kind.INSTALL, _MORNING, slot) * HOUR
    day = np.where((day * DAY + slot) < local + HOUR, day + 1, day)
    day = workday(day, stream)
    planned = calendar.to_utc(day * DAY + slot)
    moved = np.where(moves, created + ((planned - created) * stream.uniform(0.1, 0.95, count)).astype(np.int64), NEVER)
    day = np.where(moves, workday(day + stream.integers(1, 9, count), stream), day)
    start = calendar.to_utc(day * DAY + slot)

    goes = stream.random(count) >= _CALLED_OFF[kinds]
    booked = np.where(moved == NEVER, created, moved)
    called_off = booked + ((start - booked) * stream.uniform(0.05, 1.05, count)).astype(np.int64)
    arrives = np.maximum(start + between(stream, -10 * MINUTE, 40 * MINUTE, count), booked + 40 * MINUTE)
    length = (hours * stream.lognormal(-0.05, 0.35, count) * HOUR).astype(np.int64)
    overnight = (kinds == Kind.INSTALL) & ((stream.random(count) < _OFTEN_OVERNIGHT) | (length > _LONGEST_DAY))
    after = calendar.to_local(arrives) // DAY + 1
    after += (after + 3) % 7 == 6
    morning = calendar.to_utc(after * DAY + _MORNING * HOUR) + between(stream, 0, 40 * MINUTE, count)
    return Plan(
        created=created,
        kinds=kinds,
        planned=planned,
        start=start,
        moved=moved,
        canceled=np.where(goes, NEVER, called_off),
        goes=goes,
        arrives=np.where(goes, arrives, NEVER),
        length=length,
        resumes=np.where(goes & overnight, morning, NEVER),
    )


def carry_out(stream: np.random.Generator, calendar: LocalCalendar, plan: Plan, pace: Floats) -> dict[str, Ticks]:
    """What then happens to each job, at the pace of the one who leads it (1 is ordinary, more is slower)."""
    count, goes = len(plan.created), plan.goes
    overnight = plan.resumes != NEVER
    first, second = (plan.first_day * pace).astype(np.int64), (plan.second_day * pace).astype(np.int64)
    leaves = plan.arrives + np.where(goes, first, 0)
    done = np.where(goes, np.where(overnight, plan.resumes + np.where(overnight, second, 0), leaves), NEVER)
    again = np.zeros(count, dtype=bool)
    again[some(stream, np.flatnonzero(goes & (plan.kinds != Kind.ESTIMATE)), 0.012, at_least=1)] = True
    safe = np.where(again, done, plan.created)
    reopened = safe + between(stream, HOUR, 4 * DAY, count)
    day = workday(calendar.to_local(reopened) // DAY + stream.integers(1, 4, count), stream)
    back = calendar.to_utc(day * DAY + _SLOTS[stream.integers(0, len(_SLOTS), count)] * HOUR)
    back += between(stream, 0, 40 * MINUTE, count)
    redone = back + between(stream, 25 * MINUTE, 110 * MINUTE, count)
    settled = np.where(goes, np.where(again, redone, done), plan.canceled)
    amended = stream.random(count) < 0.2
    edited = np.where(amended, settled + stream.exponential(70 * DAY, count).astype(np.int64) + MINUTE, NEVER)
    inactive = np.full(count, NEVER, dtype=np.int64)
    dropped = some(stream, np.flatnonzero(~goes), 0.06, at_least=1)
    inactive[dropped] = plan.canceled[dropped] + between(stream, HOUR, 30 * DAY, len(dropped))
    return {
        "created": plan.created,
        "planned": plan.planned,
        "start": plan.start,
        "moved": plan.moved,
        "dispatched": np.where(goes, plan.arrives - 25 * MINUTE, NEVER),
        "started": plan.arrives,
        "held": np.where(overnight, leaves, NEVER),
        "resumed": plan.resumes,
        "done": done,
        "reopened": np.where(again, reopened, NEVER),
        "returned": np.where(again, back, NEVER),
        "redone": np.where(again, redone, NEVER),
        "canceled": plan.canceled,
        "edited": edited,
        "inactive": inactive,
    }

"""The hours on the dispatch board that are no jobs: shifts, days off, meetings and training of technicians.

Shifts are published by the month; who asks for a day off or falls ill loses that day's shift.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from st_platform.simulator.business.board.crew import SICK, TRAINING, VACATION
from st_platform.simulator.business.board.dispatching import Absences
from st_platform.simulator.business.chance import Flags, Ints, some
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

NORMAL, ON_CALL, TIME_OFF = range(3)
MEETING, TRAINED, AWAY, ILL = range(4)
DAY_HOURS, EVENING_HOURS, CALL_HOURS = (8, 17), (10, 19), (8, 18)
_PUBLISHED_AHEAD = 16 * DAY
_LAST_DAYS = 45
_NOTICE = 30
_KEY = 100_003


@dataclass(frozen=True)
class Shifts:
    """In order of creation. `kind` is NORMAL, ON_CALL or TIME_OFF; `ill` days off are not asked for."""

    technician: Ints
    kind: Ints
    ill: Flags
    start: Ticks
    end: Ticks
    created: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)

    def take(self, order: Ints) -> Shifts:
        return Shifts(**{field.name: getattr(self, field.name)[order] for field in fields(Shifts)})


@dataclass(frozen=True)
class OtherAppointments:
    """In order of creation. `kind` is MEETING, TRAINED, AWAY or ILL; `length` in ticks."""

    technician: Ints
    kind: Ints
    start: Ticks
    length: Ticks
    created: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)

    def take(self, order: Ints) -> OtherAppointments:
        return OtherAppointments(**{f.name: getattr(self, f.name)[order] for f in fields(OtherAppointments)})


def hours_of(evening: Flags, on_call: Flags) -> tuple[Ticks, Ticks]:
    """When shifts begin and end, ticks after local midnight."""
    ends = [
        np.where(on_call, call, np.where(evening, late, usual)) * HOUR
        for usual, late, call in zip(DAY_HOURS, EVENING_HOURS, CALL_HOURS, strict=True)
    ]
    return ends[0], ends[1]


def publish(business: Business, absences: Absences) -> Shifts:
    """Every shift of all time."""
    people, rota, calendar = business.company.technicians, business.rota, business.calendar
    first = business.company.opened // DAY
    days = np.arange(first, business.company.end // DAY + _LAST_DAYS)
    technician, day = (grid.ravel() for grid in np.meshgrid(np.arange(len(people)), days, indexing="ij"))
    call = rota.on_call(technician, day)
    works = (call | rota.on_duty(technician, day)) & ((day - _NOTICE) * DAY < people.leaves[technician])
    works &= (day + 1) * DAY > people.hired[technician]
    technician, day, call = technician[works], day[works], call[works]
    begins, ends = hours_of(people.evening[technician], call)
    created = _published(business, technician, day)
    start = calendar.to_utc(day * DAY + begins)
    lost = _known(absences, technician, day, (VACATION, SICK))
    lost = np.minimum(lost, np.where(start > people.leaves[technician], people.leaves[technician], NEVER))
    usual = Shifts(
        technician,
        np.where(call, ON_CALL, NORMAL),
        np.zeros(len(day), dtype=bool),
        start,
        calendar.to_utc(day * DAY + ends),
        created,
        lost,
    ).take(np.flatnonzero((created < start) & (created < lost) & (created < business.company.end)))
    off = np.flatnonzero(absences.kind != TRAINING)
    begins, ends = hours_of(people.evening[absences.technician[off]], np.zeros(len(off), dtype=bool))
    midnight = absences.day[off] * DAY
    away = Shifts(
        absences.technician[off],
        np.full(len(off), TIME_OFF),
        absences.kind[off] == SICK,
        calendar.to_utc(midnight + begins),
        calendar.to_utc(midnight + ends),
        absences.known[off],
        np.full(len(off), NEVER, dtype=np.int64),
    ).take(np.flatnonzero(absences.known[off] < business.company.end))
    joined = Shifts(**{f.name: np.concatenate([getattr(usual, f.name), getattr(away, f.name)]) for f in fields(Shifts)})
    return joined.take(np.argsort(joined.created, kind="stable"))


def set_apart(business: Business, absences: Absences) -> OtherAppointments:
    """A team meeting every other Monday before the first job, and every day of training, vacation and illness."""
    people, calendar, company = business.company.technicians, business.calendar, business.company
    days = np.arange(company.opened // DAY, company.end // DAY)
    days = days[((days + 3) % 7 == 0) & ((days + 3) // 7 % 2 == 0)]
    technician, day = (grid.ravel() for grid in np.meshgrid(np.arange(len(people)), days, indexing="ij"))
    start = calendar.to_utc(day * DAY + 7 * HOUR)
    created = start - 12 * DAY + technician * 1_234_567
    lost = np.minimum(
        _known(absences, technician, day, (VACATION, SICK, TRAINING)),
        np.where(people.leaves[technician] < start, people.leaves[technician], NEVER),
    )
    stream = business.chance.stream("meetings")
    dropped = some(stream, np.arange(len(day)), 0.02)
    lost[dropped] = np.minimum(lost[dropped], (created + (start - created) * 0.7)[dropped].astype(np.int64))
    meetings = OtherAppointments(
        technician,
        np.full(len(day), MEETING),
        start,
        np.full(len(day), 45 * MINUTE, dtype=np.int64),
        created,
        lost,
    ).take(np.flatnonzero((created > people.hired[technician]) & (created < lost) & (created < company.end)))
    kind = np.select([absences.kind == VACATION, absences.kind == SICK], [AWAY, ILL], TRAINED)
    begin, length = np.where(kind == TRAINED, 8 * HOUR, 0), np.where(kind == TRAINED, 6 * HOUR, DAY - MINUTE)
    away = OtherAppointments(
        absences.technician,
        kind,
        calendar.to_utc(absences.day * DAY + begin),
        length,
        absences.known,
        np.full(len(kind), NEVER, dtype=np.int64),
    ).take(np.flatnonzero(absences.known < company.end))
    names = [f.name for f in fields(OtherAppointments)]
    joined = OtherAppointments(
        **{name: np.concatenate([getattr(meetings, name), getattr(away, name)]) for name in names}
    )
    return joined.take(np.argsort(joined.created, kind="stable"))


def _published(business: Business, technician: Ints, day: Ints) -> Ticks:
    """Half a month before the month begins, but no earlier than someone is there."""
    month = day.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64) * DAY
    when = business.calendar.to_utc(month - _PUBLISHED_AHEAD + 10 * HOUR) + technician * 21_234_567 + day % 31 * 1_000
    return np.maximum(when, business.company.technicians.hired[technician] + 2 * HOUR)


def _known(absences: Absences, technician: Ints, day: Ints, kinds: tuple[int, ...]) -> Ticks:
    """Since when it is known that someone is away on that day, `NEVER` where they are not."""
    mine = np.flatnonzero(np.isin(absences.kind, kinds))
    keys = absences.technician[mine] * _KEY + absences.day[mine]
    order = np.argsort(keys, kind="stable")
    wanted = technician * _KEY + day
    place = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(day), NEVER, dtype=np.int64)
    found = keys[order][place] == wanted
    return np.where(found, absences.known[mine][order][place], NEVER)

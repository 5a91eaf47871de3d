"""The dispatch board: which technicians are sent to which job, such that nobody is at two places at once.

Jobs come in batches; within a batch the first job of every trade and day is given away, then the second of each, and
so on, which makes thousands of decisions at a time. Knows hours and zones, no customers and no money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.business.board.crew import Rota
from st_platform.simulator.business.chance import Chance, Flags, Ints
from st_platform.simulator.business.company import Technicians, Unit
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

Quarters = NDArray[np.uint64]
"""A day from 6:00 to 22:00 local time as 64 bits of a quarter of an hour."""

_OPENS, _GRAIN, _BITS = 6 * HOUR, 15 * MINUTE, 64
_ALL = np.uint64(2**64 - 1)
_DRIVE = 30 * MINUTE
_PHASES = 3
_CANDIDATES, _COLLEAGUES = 14, 10
_CLASH, _OVERTIME, _AWAY, _STRANGER = 12, 1, 200, 10_000
_ELSEWHERE, _BORROWED, _UNTRAINED, _STRANGE_FACE = 2, 3, 8, 10
"""What speaks against sending someone: a quarter of an hour taken twice, one out of hours, an absence, not being
employed; living in another zone, belonging to another unit of the trade, to none that installs, and not being the one
whom the customer knows."""
_NO_HELP = 48
"""When so much speaks against every second person, one has to do."""
_DAY_SHIFT, _EVENING_SHIFT, _ON_CALL = (7, 17), (9, 20), (8, 18)


@dataclass(frozen=True)
class Requests:
    """One entry per visit, in no order: who is needed (a unit, for a zone, a `pair` or one), when it becomes known, and
    from when to when; `resumes` until `finishes` on the next day, `NEVER` where one day is enough. What does not take
    place in the end (not `real`) keeps nobody busy. `preferred` is who would go gladly, -1 for nobody in particular."""

    unit: Ints
    zone: Ints
    known: Ticks
    begins: Ticks
    ends: Ticks
    resumes: Ticks
    finishes: Ticks
    pair: Flags
    real: Flags
    preferred: Ints


@dataclass(frozen=True)
class _Wishes:
    """The same in terms of the board: days and hours; and how many people of the unit and of the others of the trade
    there are when it comes in."""

    asked: Requests
    day: Ints
    hours: Quarters
    next_day: Ints
    next_hours: Quarters
    until: Ticks
    offset: Ints
    own: Ints
    colleagues: Ints


class _Crews:
    """A group of people per unit, in order of hiring, so that those employed by then are the first so many."""

    def __init__(self, people: Technicians, groups: list[Ints]) -> None:
        self._hired = [people.hired[group] for group in groups]
        self._members = np.zeros((len(groups), max(1, *(len(group) for group in groups))), dtype=np.int64)
        for unit, group in enumerate(groups):
            self._members[unit, : len(group)] = group

    def sizes(self, units: Ints, when: Ticks) -> Ints:
        found = np.zeros(len(units), dtype=np.int64)
        for unit in np.unique(units).tolist():
            mine = units == unit
            found[mine] = np.searchsorted(self._hired[unit], when[mine], side="right")
        return found

    def some(self, units: Ints, sizes: Ints, offset: Ints, count: int) -> Ints:
        """`count` people for each entry, beginning anywhere; the same ones again where there are fewer."""
        place = (offset[:, None] + np.arange(count)) % np.maximum(sizes, 1)[:, None]
        return self._members[units[:, None], place]


class Board:
    """Who is where on each day. Sending someone fills the board."""

    def __init__(self, chance: Chance, calendar: LocalCalendar, units: tuple[Unit, ...], rota: Rota) -> None:
        self._chance = chance
        self._calendar = calendar
        self._rota = rota
        self._people: Technicians = rota.people
        self._busy = np.zeros((len(rota.people), rota.days), dtype=np.uint64)
        self._trade = np.array([unit.trade for unit in units])
        self._installs = np.array([unit.division == "Install" for unit in units])
        trade = self._trade[self._people.unit]
        every = range(len(units))
        self._own = _Crews(self._people, [np.flatnonzero(self._people.unit == unit) for unit in every])
        self._colleagues = _Crews(
            self._people,
            [np.flatnonzero((trade == self._trade[unit]) & (self._people.unit != unit)) for unit in every],
        )
        self._shifts = ~np.array([_between(*_DAY_SHIFT), _between(*_EVENING_SHIFT)], dtype=np.uint64)
        self._call = ~_between(*_ON_CALL)

    def send(self, name: str, asked: Requests) -> tuple[Ints, Ints]:
        """The technician who leads each visit and, for a pair, the one who helps (else -1)."""
        wishes = self._wishes(name, asked)
        count = len(asked.unit)
        lead, helper = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)
        for rows in _turns(self._trade[asked.unit], wishes):
            self._decide(wishes, rows, lead, helper)
        return lead, helper

    def _wishes(self, name: str, asked: Requests) -> _Wishes:
        day, hours = self._marks(asked.begins, asked.ends)
        continues = asked.resumes != NEVER
        next_day, next_hours = self._marks(
            np.where(continues, asked.resumes, asked.begins), np.where(continues, asked.finishes, asked.ends)
        )
        return _Wishes(
            asked=asked,
            day=day,
            hours=hours,
            next_day=next_day,
            next_hours=np.where(continues, next_hours, np.uint64(0)),
            until=np.where(continues, asked.finishes, asked.ends),
            offset=self._chance.stream(f"board {name}").integers(0, 2**40, len(asked.unit)),
            own=self._own.sizes(asked.unit, asked.known),
            colleagues=self._colleagues.sizes(asked.unit, asked.known),
        )

    def _marks(self, begins: Ticks, ends: Ticks) -> tuple[Ints, Quarters]:
        local = self._calendar.to_local(begins)
        day = local // DAY
        low = np.clip((local - _DRIVE - day * DAY - _OPENS) // _GRAIN, 0, _BITS - 1)
        high = np.clip(-((day * DAY + _OPENS - local - (ends - begins)) // _GRAIN), low + 1, _BITS)
        return np.clip(day - self._rota.first_day, 0, self._rota.days - 1), _bits(low, high)

    def _decide(self, wishes: _Wishes, rows: Ints, lead: Ints, helper: Ints) -> None:
        unit, offset, preferred = wishes.asked.unit[rows], wishes.offset[rows], wishes.asked.preferred[rows]
        own = self._own.some(unit, wishes.own[rows], offset, _CANDIDATES)
        others = self._colleagues.some(unit, wishes.colleagues[rows], offset, _COLLEAGUES)
        wanted = np.where(preferred < 0, own[:, 0], preferred)[:, None]
        crew = np.concatenate([wanted, own, others], axis=1)
        cost = self._objections(wishes, rows, crew)
        cost[:, 1:] += np.where(preferred < 0, 0, _STRANGE_FACE)[:, None]
        cost = cost * crew.shape[1] + np.arange(crew.shape[1])
        each = np.arange(len(rows))
        best = np.argmin(cost, axis=1)
        chosen = crew[each, best]
        lost = cost[each, best] >= _STRANGER * crew.shape[1]
        chosen[lost] = self._people.lead_of(unit[lost])
        lead[rows] = chosen
        pairs = np.flatnonzero(wishes.asked.pair[rows])
        if len(pairs):
            taken = np.where(crew[pairs] == chosen[pairs, None], _STRANGER * crew.shape[1], cost[pairs])
            second = np.argmin(taken, axis=1)
            found = taken[np.arange(len(pairs)), second] < _NO_HELP * crew.shape[1]
            pairs = pairs[found]
            helper[rows[pairs]] = crew[pairs, second[found]]
            mates = np.flatnonzero(wishes.asked.real[rows[pairs]])
            self._mark(wishes, rows[pairs[mates]], crew[pairs, second[found]][mates])
        real = np.flatnonzero(wishes.asked.real[rows])
        self._mark(wishes, rows[real], chosen[real])

    def _objections(self, wishes: _Wishes, rows: Ints, crew: Ints) -> Ints:
        day, hours = wishes.day[rows, None], wishes.hours[rows, None]
        next_day, next_hours = wishes.next_day[rows, None], wishes.next_hours[rows, None]
        people, busy = self._people, self._busy[crew, day]
        cost = _count(busy & hours) * _CLASH + _count(busy) // 8
        cost += _count(self._off(crew, day) & hours) * _OVERTIME
        cost += (self._rota.away[crew, day] > 0) * _AWAY
        if next_hours.any():
            again = next_hours != 0
            cost += _count(self._busy[crew, next_day] & next_hours) * _CLASH
            cost += _count(self._off(crew, next_day) & next_hours) * _OVERTIME
            cost += (again & (self._rota.away[crew, next_day] > 0)) * _AWAY
        there = (people.hired[crew] <= wishes.asked.known[rows, None]) & (
            wishes.until[rows, None] < people.leaves[crew]
        )
        unit = wishes.asked.unit[rows, None]
        theirs = people.unit[crew]
        cost += (theirs != unit) * _BORROWED + (self._installs[unit] & ~self._installs[theirs]) * _UNTRAINED
        return cost + (~there) * _STRANGER + (people.zone[crew] != wishes.asked.zone[rows, None]) * _ELSEWHERE

    def _off(self, crew: Ints, day: Ints) -> Quarters:
        """The hours that are not working hours of these people."""
        date = day + self._rota.first_day
        shift = self._shifts[self._people.evening[crew].astype(np.int64)]
        call = np.where(self._rota.on_call(crew, date), self._call, _ALL)
        return np.where(self._rota.on_duty(crew, date), shift, call)

    def _mark(self, wishes: _Wishes, rows: Ints, crew: Ints) -> None:
        np.bitwise_or.at(self._busy, (crew, wishes.day[rows]), wishes.hours[rows])
        further = np.flatnonzero(wishes.next_hours[rows])
        if len(further):
            which = rows[further]
            np.bitwise_or.at(self._busy, (crew[further], wishes.next_day[which]), wishes.next_hours[which])


def _turns(trade: Ints, wishes: _Wishes) -> list[Ints]:
    """The visits in the order of decisions: the earliest of every trade and day, then the next of each. What takes two
    days comes first, in three phases, since its second day may be another's first."""
    phase = np.where(wishes.next_hours > 0, wishes.day % _PHASES, _PHASES)
    group = (phase * 2 + trade) * (int(wishes.day.max(initial=0)) + 1) + wishes.day
    order = np.lexsort((wishes.hours & -wishes.hours, group))
    ordered = group[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    places = np.arange(len(order))
    turn = places - np.maximum.accumulate(np.where(fresh, places, 0))
    turn += phase[order] * (int(turn.max(initial=0)) + 1)
    by_turn = order[np.argsort(turn, kind="stable")]
    counts = np.bincount(turn)
    return np.split(by_turn, np.cumsum(counts[counts > 0])[:-1]) if len(order) else []


def _bits(low: Ints, high: Ints) -> Quarters:
    length = (high - low).astype(np.uint64)
    ones = np.where(length >= _BITS, _ALL, (np.uint64(1) << np.minimum(length, np.uint64(63))) - np.uint64(1))
    return ones << low.astype(np.uint64)


def _between(first_hour: int, last_hour: int) -> np.uint64:
    scale = HOUR // _GRAIN
    low, high = (np.array([(hour * HOUR - _OPENS) // HOUR * scale]) for hour in (first_hour, last_hour))
    return _bits(low, high)[0]


def _count(bits: Quarters) -> Ints:
    return np.bitwise_count(bits).astype(np.int64)

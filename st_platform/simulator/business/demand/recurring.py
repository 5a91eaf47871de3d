"""Recurring services of memberships and their events: the visits that a term promises and the jobs that keep them.

Two visits a year per term are planned when the term begins, for plans that run on a year at a time. Knows memberships
and jobs; decides nothing about either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.plans import add_months
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, trades_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

VISIT_GAP = 182 * DAY
"""From one planned visit of a term to the next."""
_EARLIEST = 40 * DAY
_MIDDLE = 85 * DAY
_VISITS = 8
"""How many visits of a plan that runs on are looked at: four years."""


@dataclass(frozen=True)
class Services:
    """In order of creation: one per membership and trade that it covers. `over` is when the membership ends."""

    membership: Ints
    trade: Ints
    created: Ticks
    visited: Ticks
    over: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Events:
    """In order of creation. `date` is the planned day (midnight), `job` the visit that was booked for it at `won`.
    `contacted` and `unreachable` are attempts before that; `dismissed` when nothing will come of it."""

    service: Ints
    membership: Ints
    created: Ticks
    date: Ticks
    job: Ints
    contacted: Ticks
    unreachable: Ticks
    won: Ticks
    dismissed: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Recurring:
    services: Services
    events: Events


def plan_visits(business: Business) -> Recurring:
    """The services of every membership and every visit they ever plan."""
    members, trades = business.memberships, len(business.profile.trades)
    count = len(members)
    begun = members.created + 30 * SECOND + business.chance.among(np.arange(count), "services made", 20 * SECOND)
    owner = np.repeat(np.arange(count), trades)
    trade = np.tile(np.arange(trades), count)
    created = begun[owner] + trade * SECOND
    order = np.argsort(created, kind="stable")
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.arange(len(order))
    events = _events(business, begun, at)
    finished = np.full(len(order), NEVER, dtype=np.int64)
    done = np.where(events.job == NONE, NEVER, business.jobs.finished[np.maximum(events.job, 0)])
    np.minimum.at(finished, events.service, done)
    services = Services(owner[order], trade[order], created[order], finished, members.over[owner[order]])
    return Recurring(services, events)


def _events(business: Business, begun: Ticks, service_at: Ints) -> Events:
    members, chance, trades = business.memberships, business.chance, len(business.profile.trades)
    count = len(members)
    booked = _booked(business)
    owner = np.repeat(np.arange(count), _VISITS)
    number = np.tile(np.arange(_VISITS), count)
    job = booked.ravel()
    year = number // 2
    planned = np.where(year == 0, begun[owner], _anniversary(business, owner, year))
    planned = planned + (trades + number) * SECOND
    term = np.where(members.ends[owner] == NEVER, NEVER, members.ends[owner] - 20 * DAY)
    date = members.begins[owner] + number * VISIT_GAP + _MIDDLE
    date += (chance.among(owner * _VISITS + number, "planned day", 41) - 20) * DAY
    over = members.over[owner]
    exists = ((job != NONE) | ((date < term) & (planned < over))) & (planned < business.company.end)
    kept = np.flatnonzero(exists)
    kept = kept[np.argsort(planned[kept], kind="stable")]
    owner, number, job, date, over, planned = (values[kept] for values in (owner, number, job, date, over, planned))
    won = np.where(job == NONE, NEVER, business.jobs.created[np.maximum(job, 0)])
    trade = np.where(
        job == NONE,
        chance.among(owner * _VISITS + number, "planned trade", trades),
        trades_of(business.company, business.jobs)[np.maximum(job, 0)],
    )
    luck = chance.fraction(owner * _VISITS + number, "attempt")
    ahead = np.where(won == NEVER, date, won) - HOUR - chance.among(owner * _VISITS + number, "ahead", 9 * DAY)
    contacted = np.where((luck < 0.3) & (ahead > planned), ahead, NEVER)
    unreachable = np.where((luck > 0.88) & (ahead > planned), ahead, NEVER)
    ended = np.where((won == NEVER) & (over != NEVER), over, NEVER)
    missed = np.where((won == NEVER) & (date + 60 * DAY < over), date + 60 * DAY, NEVER)
    dismissed = np.minimum(np.maximum(ended, planned + MINUTE), missed)
    dropped = (ended == dismissed) & (chance.fraction(owner * _VISITS + number, "dropped") < 0.6)
    return Events(
        service=service_at[owner * trades + trade],
        membership=owner,
        created=planned,
        date=date,
        job=job,
        contacted=np.where(contacted < dismissed, contacted, NEVER),
        unreachable=np.where(unreachable < dismissed, unreachable, NEVER),
        won=won,
        dismissed=dismissed,
        inactive=np.where(dropped & (dismissed != NEVER), dismissed, NEVER),
    )


def _booked(business: Business) -> Ints:
    """The job of each membership's nth visit, `NONE` where there was none."""
    jobs, members = business.jobs, business.memberships
    visits = np.flatnonzero(jobs.membership != NONE)
    member = jobs.membership[visits]
    number = (jobs.created[visits] - members.begins[member] - _EARLIEST) // VISIT_GAP
    booked = np.full((len(members), _VISITS), NONE, dtype=np.int64)
    booked[member, number] = visits
    return booked


def _anniversary(business: Business, owner: Ints, year: Ints) -> Ticks:
    """The small hours of the day on which another year of a plan begins."""
    begins = business.memberships.begins[owner]
    return business.calendar.to_utc(add_months(begins, 12 * year)) + 3 * HOUR

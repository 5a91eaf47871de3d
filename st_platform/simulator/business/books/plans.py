"""Memberships: sold on jobs, renewed or not, suspended, cancelled; every change of status has its event.

A renewal is a membership of its own that its predecessor points at. Knows jobs only as the place where memberships
are sold and the visits they bring.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Chance, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers
from st_platform.simulator.business.pricebook import PLANS, Kind
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.business.work import NONE, Planner, kinds_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

ONGOING_RATE, TERM_RATE = 0.021, 0.011
"""How many members a month ask to cancel: of plans that run on, and of plans with a term."""
AT_ONCE = 0.6
"""Share of cancellations that take effect at once, the others a month later."""
ASLEEP, WAKES = 0.12, 0.7
"""Share of terms that are suspended once, and of those that are taken up again."""
_RENEWS_AT_ONCE, _RENEWS_SOON, _RENEWS = 0.62, 0.7, 0.74
RENEWED_IN_GRACE = _RENEWS_SOON * (1 - ASLEEP * (1 - WAKES))
"""Share of terms that run out and are renewed within a month; a few come back later."""
_MONTH = round(30.4375 * DAY)


class Status(IntEnum):
    ACTIVE = 0
    SUSPENDED = 1
    EXPIRED = 2
    CANCELED = 3
    DELETED = 4


@dataclass(frozen=True)
class Memberships:
    """One entry per membership. `begins` and `ends` are calendar dates (midnight), `ends` `NEVER` for a plan that
    runs on. `successor` is the membership that renews it, from `renewed` on. `cancels` is the cancellation date, known
    from `requested` on and maybe later than that."""

    customer: Ints
    location: Ints
    plan: Ints
    sold_on: Ints
    previous: Ints
    successor: Ints
    created: Ticks
    begins: Ticks
    ends: Ticks
    suspended: Ticks
    resumed: Ticks
    requested: Ticks
    cancels: Ticks
    canceled: Ticks
    expired: Ticks
    deleted: Ticks
    renewed: Ticks

    def __len__(self) -> int:
        return len(self.created)

    def take(self, order: Ints) -> Memberships:
        return Memberships(**{field.name: getattr(self, field.name)[order] for field in fields(Memberships)})

    @property
    def over(self) -> Ticks:
        """When the membership stops for good."""
        return np.minimum(np.minimum(self.canceled, self.expired), self.deleted)


@dataclass(frozen=True)
class StatusChanges:
    """In order of time."""

    membership: Ints
    time: Ticks
    old: Ints
    new: Ints


def sell_memberships(
    planner: Planner, chance: Chance, company: Company, customers: Customers, calendar: LocalCalendar
) -> Memberships:
    """All memberships, in order of creation. `sold_on` is a drafted job's number."""
    stream = chance.stream("memberships")
    jobs = planner.all()
    completed = np.flatnonzero((jobs.done != NEVER) & np.isin(kinds_of(company, jobs), [Kind.SERVICE, Kind.INSTALL]))
    completed = completed[np.argsort(jobs.done[completed], kind="stable")]
    _, first = np.unique(jobs.customer[completed], return_index=True)
    sellers = some(stream, np.sort(completed[first]), 0.24, at_least=12)
    customer = jobs.customer[sellers]
    plan = _choose(stream, customers.commercial[customer])
    created = jobs.done[sellers] - between(stream, MINUTE, 4 * MINUTE, len(sellers))
    batches: list[Memberships] = []
    total = 0
    terms = _term(stream, calendar, customer, jobs.location[sellers], plan, sellers, created, NONE)
    while len(terms) and len(batches) < 12:
        terms = terms.take(np.flatnonzero(terms.created < company.end))
        terms, renewals = _live(stream, calendar, terms, total)
        renewals = renewals.take(np.flatnonzero(renewals.created < company.end))
        batches.append(terms)
        total += len(terms)
        terms = renewals
    return _in_order(batches)


def status_changes(chance: Chance, memberships: Memberships) -> StatusChanges:
    """One event per change, but for a few expiries that nobody recorded, as happens."""
    recorded = memberships.expired.copy()
    lost = some(chance.stream("lost status changes"), np.flatnonzero(recorded != NEVER), 0.04, at_least=1)
    recorded[lost] = NEVER
    over = memberships.over
    ongoing = np.where(memberships.resumed <= over, memberships.resumed, NEVER)
    asleep = np.where((memberships.suspended <= over) & (ongoing == NEVER), int(Status.SUSPENDED), int(Status.ACTIVE))
    steps = [
        (np.where(memberships.suspended <= over, memberships.suspended, NEVER), Status.ACTIVE, Status.SUSPENDED),
        (ongoing, Status.SUSPENDED, Status.ACTIVE),
        (np.where(recorded <= over, recorded, NEVER), asleep, Status.EXPIRED),
        (np.where(memberships.canceled <= over, memberships.canceled, NEVER), asleep, Status.CANCELED),
        (np.where(memberships.deleted <= over, memberships.deleted, NEVER), asleep, Status.DELETED),
    ]
    count = len(memberships)
    time = np.concatenate([when for when, _, _ in steps])
    old = np.concatenate([np.broadcast_to(np.asarray(before, dtype=np.int64), count) for _, before, _ in steps])
    new = np.concatenate([np.full(count, int(after), dtype=np.int64) for _, _, after in steps])
    membership = np.tile(np.arange(count), len(steps))
    happens = np.flatnonzero(time != NEVER)
    order = happens[np.argsort(time[happens], kind="stable")]
    return StatusChanges(membership[order], time[order], old[order], new[order])


def status_at(memberships: Memberships, rows: Ints, at: int) -> Ints:
    """The status of each membership at an instant."""
    status = np.full(len(rows), int(Status.ACTIVE), dtype=np.int64)
    asleep = (memberships.suspended[rows] <= at) & (at < memberships.resumed[rows])
    status[asleep] = Status.SUSPENDED
    over = memberships.over[rows]
    for moment, value in (
        (memberships.expired, Status.EXPIRED),
        (memberships.canceled, Status.CANCELED),
        (memberships.deleted, Status.DELETED),
    ):
        status[(over <= at) & (moment[rows] == over)] = value
    return status


def visit_members(planner: Planner, chance: Chance, memberships: Memberships, company: Company) -> None:
    """Two maintenance visits a year for as long as a membership runs, booked ahead of time."""
    stream = chance.stream("member visits")
    trades = len(company.profile.trades)
    for visit in range(8):
        due = memberships.begins + between(stream, 40 * DAY, 130 * DAY, len(memberships)) + visit * 182 * DAY
        until = np.minimum(memberships.over, memberships.ends)
        sleeping = (memberships.suspended <= due) & (due < memberships.resumed)
        rows = np.flatnonzero((due < until) & ~sleeping & (due < company.end))
        if not len(rows):
            continue
        trade = np.where(stream.random(len(rows)) < 0.8, 0, trades - 1)
        planner.draft(
            f"visit {visit}",
            memberships.customer[rows],
            np.full(len(rows), Kind.MAINTENANCE, dtype=np.int64),
            trade,
            due[rows],
            location=memberships.location[rows],
            campaign=np.zeros(len(rows), dtype=np.int64),
            membership=rows,
        )


def renumbered(memberships: Memberships, position: Ints) -> Memberships:
    """The same with `sold_on` as row numbers of jobs in order."""
    moved = np.append(position, NONE)
    return replace(memberships, sold_on=moved[memberships.sold_on])


def _choose(stream: np.random.Generator, commercial: np.ndarray) -> Ints:
    plan = np.zeros(len(commercial), dtype=np.int64)
    for is_commercial in (False, True):
        fitting = [i for i, offered in enumerate(PLANS) if offered.commercial == is_commercial]
        weights = np.array([PLANS[i].weight for i in fitting])
        mine = commercial == is_commercial
        plan[mine] = np.array(fitting)[stream.choice(len(fitting), int(mine.sum()), p=weights / weights.sum())]
    return plan


def _term(
    stream: np.random.Generator,
    calendar: LocalCalendar,
    customer: Ints,
    location: Ints,
    plan: Ints,
    sold_on: Ints,
    created: Ticks,
    previous: Ints | int,
) -> Memberships:
    """Fresh memberships that begin on the local day of their creation; nothing has happened to them yet."""
    count = len(customer)
    never = np.full(count, NEVER, dtype=np.int64)
    begins = calendar.local_midnight(created)
    months = np.array([offered.months or 0 for offered in PLANS])[plan]
    return Memberships(
        customer=customer,
        location=location,
        plan=plan,
        sold_on=sold_on,
        previous=np.broadcast_to(np.asarray(previous, dtype=np.int64), count),
        successor=np.full(count, NONE, dtype=np.int64),
        created=created,
        begins=begins,
        ends=np.where(months > 0, add_months(begins, months), NEVER),
        suspended=never,
        resumed=never,
        requested=never,
        cancels=never,
        canceled=never,
        expired=never,
        deleted=never,
        renewed=never,
    )


def add_months(dates: Ticks, months: Ints | int) -> Ticks:
    """Calendar months later; the 29th to 31st become the 28th, so that every month has the day."""
    days = (dates // DAY).astype("M8[D]")
    month = days.astype("M8[M]")
    day = np.minimum((days - month.astype("M8[D]")).astype(np.int64), 27)
    later = (month + np.asarray(months)).astype("M8[D]").astype(np.int64) + day
    return later * DAY


def _live(
    stream: np.random.Generator, calendar: LocalCalendar, terms: Memberships, offset: int
) -> tuple[Memberships, Memberships]:
    """What happens to one generation of memberships, and the renewals it leads to. `offset` numbers the generation."""
    count = len(terms)
    never = np.full(count, NEVER, dtype=np.int64)
    ongoing = terms.ends == NEVER
    monthly_rate = np.where(ongoing, ONGOING_RATE, TERM_RATE)
    quits = terms.created + (stream.exponential(1 / monthly_rate) * _MONTH).astype(np.int64) + HOUR
    at_once = stream.random(count) < AT_ONCE
    requested = np.where(quits < np.where(ongoing, NEVER, terms.ends - 5 * DAY), quits, NEVER)
    asked = requested != NEVER
    safe = np.where(asked, requested, terms.created)
    date = np.where(at_once, calendar.local_midnight(safe), add_months(calendar.local_midnight(safe), 1))
    effective = np.where(at_once, safe, calendar.to_utc(date) + between(stream, HOUR, 5 * HOUR, count))

    sleeps = np.zeros(count, dtype=bool)
    sleeps[some(stream, np.arange(count), ASLEEP, at_least=min(4, count))] = True
    suspended = np.where(sleeps, terms.created + between(stream, 20 * DAY, 300 * DAY, count), NEVER)
    rest = np.where(
        stream.random(count) < 0.25, between(stream, HOUR, 6 * HOUR, count), between(stream, DAY, 38 * DAY, count)
    )
    wakes = sleeps & (stream.random(count) < WAKES)
    resumed = np.where(wakes, np.where(sleeps, suspended, 0) + rest, NEVER)
    gone = np.zeros(count, dtype=bool)
    gone[some(stream, np.flatnonzero(terms.previous == NONE), 0.006, at_least=1)] = True
    deleted = np.where(gone, terms.created + between(stream, 2 * HOUR, 5 * DAY, count), NEVER)

    canceled = np.where(asked & ~gone, effective, NEVER)
    runs_out = ~ongoing & ~gone & (canceled > terms.ends)
    canceled = np.where(runs_out, NEVER, canceled)
    closing = np.where(ongoing, 0, terms.ends)
    expired = np.where(runs_out, calendar.to_utc(closing + DAY) + between(stream, 2 * MINUTE, 3 * HOUR, count), NEVER)
    stays_asleep = (suspended < closing) & (resumed > closing)
    luck = stream.random(count)
    renews = runs_out & (luck < _RENEWS) & ~stays_asleep
    gap = np.where(
        luck < _RENEWS_AT_ONCE,
        0,
        np.where(luck < _RENEWS_SOON, stream.integers(1, 26, count), stream.integers(31, 90, count)),
    )
    fresh = calendar.to_utc(closing + gap * DAY) + between(stream, 7 * HOUR, 11 * HOUR, count)
    over = np.minimum(np.minimum(canceled, expired), deleted)
    suspended = np.where(suspended < over, suspended, NEVER)
    resumed = np.where((suspended != NEVER) & (resumed < over), resumed, NEVER)
    lived = replace(
        terms,
        suspended=suspended,
        resumed=resumed,
        requested=np.where(canceled != NEVER, requested, NEVER),
        cancels=np.where(canceled != NEVER, date, NEVER),
        canceled=canceled,
        expired=expired,
        deleted=deleted,
        renewed=np.where(renews, fresh, never),
    )
    heirs = np.flatnonzero(renews)
    nothing = np.full(len(heirs), NONE, dtype=np.int64)
    renewals = _term(
        stream,
        calendar,
        terms.customer[heirs],
        terms.location[heirs],
        terms.plan[heirs],
        nothing,
        fresh[heirs],
        heirs + offset,
    )
    return lived, renewals


def _in_order(batches: list[Memberships]) -> Memberships:
    joined = Memberships(
        **{
            field.name: np.concatenate([getattr(batch, field.name) for batch in batches])
            for field in fields(Memberships)
        }
    )
    order = np.argsort(joined.created, kind="stable")
    position = np.empty(len(order) + 1, dtype=np.int64)
    position[order] = np.arange(len(order))
    position[NONE] = NONE
    ordered = joined.take(order)
    previous = position[ordered.previous]
    successor = np.full(len(order), NONE, dtype=np.int64)
    heirs = np.flatnonzero(previous != NONE)
    successor[previous[heirs]] = heirs
    renewed = np.where(successor != NONE, ordered.created[np.maximum(successor, 0)], NEVER)
    return replace(ordered, previous=previous, successor=successor, renewed=renewed)

"""Jobs: how a call becomes a job and what happens to it until it is done, called off, reopened or called back.

Jobs are drafted in batches as their causes arise (a call, a sold estimate, a membership, a failed repair) and put in
order of creation at the end; only then do they get their row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from st_platform.simulator.business.chance import Chance, Flags, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers, Locations
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.seasons import Demand, LocalCalendar, workday
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

NONE = -1
_CALLS_A_YEAR = 1.5
"""What a customer calls for besides the first time, call-backs and visits as a member apart."""
_SLOTS = np.array([8, 8, 10, 10, 12, 13, 15, 16])


@dataclass(frozen=True)
class Jobs:
    """One entry per job. References are row numbers, `NONE` where there is none; instants `NEVER` where it never
    happens. `origin` is the job whose estimate sold this one, `recalled` the one this is a recall for, `covered` the
    one this is warranty work for."""

    customer: Ints
    location: Ints
    type: Ints
    campaign: Ints
    origin: Ints
    recalled: Ints
    covered: Ints
    membership: Ints
    created: Ticks
    start: Ticks
    moved: Ticks
    dispatched: Ticks
    started: Ticks
    held: Ticks
    resumed: Ticks
    done: Ticks
    reopened: Ticks
    redone: Ticks
    canceled: Ticks
    edited: Ticks
    inactive: Ticks

    def __len__(self) -> int:
        return len(self.created)

    @property
    def finished(self) -> Ticks:
        """When the job was last completed, `NEVER` where it never was."""
        return np.where(self.redone != NEVER, self.redone, self.done)

    def take(self, order: Ints) -> Jobs:
        return Jobs(**{field.name: getattr(self, field.name)[order] for field in fields(Jobs)})


class Planner:
    """Drafts jobs. Answers row numbers that hold until `in_order`."""

    def __init__(
        self, chance: Chance, company: Company, customers: Customers, locations: Locations, calendar: LocalCalendar
    ) -> None:
        self._chance = chance
        self._company = company
        self._customers = customers
        self._locations = locations
        self._calendar = calendar
        self._batches: list[Jobs] = []
        self._count = 0

    def draft(
        self,
        name: str,
        customer: Ints,
        kind: Ints,
        trade: Ints,
        created: Ticks,
        *,
        location: Ints | None = None,
        campaign: Ints | None = None,
        membership: Ints | None = None,
        origin: Ints | None = None,
        recalled: Ints | None = None,
        covered: Ints | None = None,
    ) -> Ints:
        """Add a batch and schedule it; those created after the end of the world are left out."""
        keep = created < self._company.end
        stream = self._chance.stream(f"jobs {name}")
        none = np.full(int(keep.sum()), NONE, dtype=np.int64)

        def given(values: Ints | None) -> Ints:
            return none if values is None else values[keep]

        customer, kind, trade, created = customer[keep], kind[keep], trade[keep], created[keep]
        types = self._types(stream, kind, trade, created)
        batch = Jobs(
            customer=customer,
            location=self._locations.known(customer, created, stream) if location is None else location[keep],
            type=types,
            campaign=given(campaign),
            origin=given(origin),
            recalled=given(recalled),
            covered=given(covered),
            membership=given(membership),
            **_schedule(stream, self._calendar, self._company, types, created),
        )
        self._batches.append(batch)
        rows = np.arange(self._count, self._count + len(batch))
        self._count += len(batch)
        return rows

    def all(self) -> Jobs:
        """Everything drafted so far, in order of drafting."""
        columns = {field.name: [getattr(batch, field.name) for batch in self._batches] for field in fields(Jobs)}
        joined = Jobs(**{name: np.concatenate(parts) for name, parts in columns.items()})
        self._batches = [joined]
        return joined

    def in_order(self) -> tuple[Jobs, Ints]:
        """The jobs by creation, references renumbered, and the new row number of each drafted one."""
        drafted = self.all()
        order = np.argsort(drafted.created, kind="stable")
        position = np.empty(len(order) + 1, dtype=np.int64)
        position[order] = np.arange(len(order))
        position[NONE] = NONE
        jobs = drafted.take(order)
        return (
            replace(
                jobs,
                origin=position[jobs.origin],
                recalled=position[jobs.recalled],
                covered=position[jobs.covered],
            ),
            position[:-1],
        )

    def _types(self, stream: np.random.Generator, kind: Ints, trade: Ints, created: Ticks) -> Ints:
        kinds = self._company.job_kinds
        types = np.zeros(len(kind), dtype=np.int64)
        luck = stream.random(len(kind))
        for one in np.unique(kind).tolist():
            for line in range(len(self._company.profile.trades)):
                fitting = [i for i, t in enumerate(kinds) if t.kind == one and t.trade == line and t.weight > 0]
                cumulative = np.cumsum([kinds[i].weight for i in fitting])
                mine = (kind == one) & (trade == line)
                drawn = np.searchsorted(cumulative / cumulative[-1], luck[mine], side="right")
                types[mine] = np.array(fitting)[np.minimum(drawn, len(fitting) - 1)]
        retired = next(i for i, t in enumerate(kinds) if t.retired)
        closes = self._company.units[kinds[retired].unit].closes or 0
        old = created < self._company.opened + closes * (self._company.end - self._company.opened)
        types[(kind == Kind.SERVICE) & (trade == 0) & old & (luck > 0.97)] = retired
        return types


def answer_calls(
    planner: Planner, chance: Chance, company: Company, customers: Customers, demands: list[Demand]
) -> None:
    """First calls of new customers, first calls of those brought over, and everybody's further calls."""
    stream = chance.stream("calls")
    new = np.flatnonzero(~customers.legacy)
    planner.draft(
        "first",
        new,
        stream.choice([Kind.SERVICE, Kind.ESTIMATE, Kind.MAINTENANCE], len(new), p=[0.79, 0.13, 0.08]).astype(np.int64),
        customers.trade[new],
        customers.created[new] + between(stream, 50 * SECOND, 6 * MINUTE, len(new)),
        campaign=_campaigns(stream, company, customers.created[new], repeat=False),
    )
    eager = stream.gamma(0.9, 1 / 0.9, len(customers)) * np.where(customers.commercial, 2.6, 1.0)
    eager[customers.legacy] *= 0.55
    eager[customers.legacy & (stream.random(len(customers)) < 0.4)] = 0
    since = np.maximum(customers.created, company.opened)
    for number, trade in enumerate(company.profile.trades):
        left = np.maximum(0, 1 - demands[number].share_before(since))
        expected = eager * left * trade.share * _CALLS_A_YEAR * _years(company)
        caller = np.repeat(np.arange(len(customers)), stream.poisson(expected))
        created = demands[number].calls(stream, since[caller] + 3 * DAY)
        planner.draft(
            f"further {trade.code}",
            caller,
            stream.choice([Kind.SERVICE, Kind.ESTIMATE, Kind.MAINTENANCE], len(caller), p=[0.72, 0.14, 0.14]).astype(
                np.int64
            ),
            np.full(len(caller), number),
            created + between(stream, 0, HOUR, len(caller)),
            campaign=_campaigns(stream, company, created, repeat=True),
        )


def sell_installs(planner: Planner, chance: Chance, company: Company) -> None:
    """Estimates that are accepted, on the spot or days later."""
    stream = chance.stream("sold estimates")
    jobs = planner.all()
    kind = kinds_of(company, jobs)
    finished = jobs.done != NEVER
    sold = np.concatenate(
        [
            some(stream, np.flatnonzero(finished & (kind == Kind.ESTIMATE)), 0.42),
            some(stream, np.flatnonzero(finished & (kind == Kind.SERVICE)), 0.045),
        ]
    )
    wait = np.where(stream.random(len(sold)) < 0.5, between(stream, 5 * MINUTE, HOUR, len(sold)), 0)
    wait = np.where(wait == 0, (stream.exponential(4 * DAY, len(sold))).astype(np.int64) + HOUR, wait)
    planner.draft(
        "installs",
        jobs.customer[sold],
        np.full(len(sold), Kind.INSTALL, dtype=np.int64),
        trades_of(company, jobs)[sold],
        jobs.done[sold] + wait,
        location=jobs.location[sold],
        campaign=jobs.campaign[sold],
        origin=sold,
    )


def call_back(planner: Planner, chance: Chance, company: Company) -> None:
    """Recalls, recalls of recalls, and warranty work on installs."""
    stream = chance.stream("call-backs")
    jobs = planner.all()
    kind = kinds_of(company, jobs)
    finished = jobs.done != NEVER
    works = np.isin(kind, [Kind.SERVICE, Kind.INSTALL, Kind.MAINTENANCE])
    failed = some(stream, np.flatnonzero(finished & works), 0.022, at_least=4)
    for round_ in ("recalls", "recalls of recalls"):
        rows = planner.draft(
            round_,
            jobs.customer[failed],
            np.full(len(failed), Kind.RECALL, dtype=np.int64),
            trades_of(company, jobs)[failed],
            jobs.finished[failed] + between(stream, 6 * HOUR, 40 * DAY, len(failed)),
            location=jobs.location[failed],
            campaign=jobs.campaign[failed],
            recalled=failed,
        )
        jobs = planner.all()
        failed = some(stream, rows[jobs.done[rows] != NEVER], 0.08, at_least=1)
    broken = some(stream, np.flatnonzero((jobs.done != NEVER) & (kinds_of(company, jobs) == Kind.INSTALL)), 0.04)
    planner.draft(
        "warranty",
        jobs.customer[broken],
        np.full(len(broken), Kind.WARRANTY, dtype=np.int64),
        trades_of(company, jobs)[broken],
        jobs.finished[broken] + between(stream, 20 * DAY, 330 * DAY, len(broken)),
        location=jobs.location[broken],
        campaign=jobs.campaign[broken],
        covered=broken,
    )


def kinds_of(company: Company, jobs: Jobs) -> Ints:
    return np.array([int(kind.kind) for kind in company.job_kinds])[jobs.type]


def trades_of(company: Company, jobs: Jobs) -> Ints:
    return np.array([kind.trade for kind in company.job_kinds])[jobs.type]


def units_of(company: Company, jobs: Jobs, commercial: Flags) -> Ints:
    """The business unit: that of the job type, but commercial customers' calls have their own."""
    own = np.array([kind.unit for kind in company.job_kinds])[jobs.type]
    separate = next(i for i, unit in enumerate(company.units) if unit.division == "Commercial")
    return np.where(commercial[jobs.customer] & (kinds_of(company, jobs) == Kind.SERVICE), separate, own)


def _years(company: Company) -> float:
    return (company.end - company.opened) / DAY / 365.25


def _campaigns(stream: np.random.Generator, company: Company, when: Ticks, *, repeat: bool) -> Ints:
    weights = np.cumsum([c.repeat if repeat else c.weight for c in company.campaigns])
    chosen = np.minimum(
        np.searchsorted(weights / weights[-1], stream.random(len(when)), side="right"), len(weights) - 1
    )
    begins, ends = company.campaign_times()
    running = (begins[chosen] <= when) & (when < ends[chosen])
    return np.where(running, chosen, 0)


def _schedule(
    stream: np.random.Generator, calendar: LocalCalendar, company: Company, types: Ints, created: Ticks
) -> dict[str, Ticks]:
    """What happens to each job after it is booked. Every instant follows from the one before it."""
    count = len(created)
    kinds = np.array([int(kind.kind) for kind in company.job_kinds])[types]
    hours = np.array([kind.hours for kind in company.job_kinds])[types]
    never = np.full(count, NEVER, dtype=np.int64)
    wait = np.array([1.1, 9.0, 6.0, 2.5, 0.8, 3.0])[kinds]
    local = calendar.to_local(created)
    day = local // DAY + stream.geometric(1 / (1 + wait)) - 1
    moves = stream.random(count) < 0.11
    slot = _SLOTS[stream.integers(0, len(_SLOTS), count)] * HOUR
    day = np.where((day * DAY + slot) < local + HOUR, day + 1, day)
    day = workday(day, stream)
    planned = calendar.to_utc(day * DAY + slot)
    moved = np.where(moves, created + ((planned - created) * stream.uniform(0.1, 0.95, count)).astype(np.int64), NEVER)
    day = np.where(moves, workday(day + stream.integers(1, 9, count), stream), day)
    start = calendar.to_utc(day * DAY + slot)

    calls_off = stream.random(count) < np.array([0.085, 0.11, 0.05, 0.1, 0.02, 0.03])[kinds]
    booked = np.where(moved == NEVER, created, moved)
    canceled = np.where(
        calls_off, booked + ((start - booked) * stream.uniform(0.05, 1.05, count)).astype(np.int64), NEVER
    )
    goes = ~calls_off
    dispatched = np.where(goes, start - between(stream, 4 * MINUTE, 35 * MINUTE, count), NEVER)
    dispatched = np.where(goes, np.maximum(dispatched, booked + MINUTE), NEVER)
    started = np.where(goes, dispatched + between(stream, 9 * MINUTE, 55 * MINUTE, count), NEVER)
    length = (hours * stream.lognormal(-0.05, 0.35, count) * HOUR).astype(np.int64)
    overnight = goes & (kinds == Kind.INSTALL) & (stream.random(count) < 0.28)
    held = np.where(overnight, started + (length * 0.6).astype(np.int64), NEVER)
    next_morning = calendar.to_utc((calendar.to_local(np.where(overnight, held, created)) // DAY + 1) * DAY + 8 * HOUR)
    resumed = np.where(overnight, next_morning + between(stream, 0, 40 * MINUTE, count), NEVER)
    done = np.where(goes, np.where(overnight, resumed + (length * 0.5).astype(np.int64), started + length), NEVER)
    again = np.zeros(count, dtype=bool)
    again[some(stream, np.flatnonzero(goes & (kinds != Kind.ESTIMATE)), 0.012, at_least=1)] = True
    reopened = np.where(again, done + between(stream, HOUR, 4 * DAY, count), NEVER)
    redone = np.where(again, reopened + between(stream, HOUR, 3 * DAY, count), NEVER)
    settled = np.where(goes, np.where(again, redone, done), canceled)
    amended = stream.random(count) < 0.2
    edited = np.where(amended, settled + stream.exponential(70 * DAY, count).astype(np.int64) + MINUTE, NEVER)
    inactive = never.copy()
    dropped = some(stream, np.flatnonzero(calls_off), 0.06, at_least=1)
    inactive[dropped] = canceled[dropped] + between(stream, HOUR, 30 * DAY, len(dropped))
    return {
        "created": created,
        "start": start,
        "moved": moved,
        "dispatched": dispatched,
        "started": started,
        "held": held,
        "resumed": resumed,
        "done": done,
        "reopened": reopened,
        "redone": redone,
        "canceled": canceled,
        "edited": edited,
        "inactive": inactive,
    }

"""Jobs: how a call becomes a job and what happens to it until it is done, called off, reopened or called back.

Jobs are drafted in batches as their causes arise (a call, a sold estimate, a membership, a failed repair) and put in
order of creation at the end; only then do they get their row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from st_platform.simulator.business.board.board import Board, Requests
from st_platform.simulator.business.board.crew import pace, recall_factor, sale_factor
from st_platform.simulator.business.board.places import Places
from st_platform.simulator.business.board.schedule import Plan, agree, carry_out
from st_platform.simulator.business.chance import Chance, Flags, Ints, between, some, some_by
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers, Locations
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.seasons import Demand, LocalCalendar
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

NONE = -1
_CALLS_A_YEAR = 1.5
"""What a customer calls for besides the first time, call-backs and visits as a member apart."""
_SLOWEST_PERCENT = 113
_RECALLED = 0.022
_SOLD_ESTIMATES, _SOLD_CALLS = 0.42, 0.045


@dataclass(frozen=True)
class Jobs:
    """One entry per job. References are row numbers, `NONE` where there is none; instants `NEVER` where it never
    happens. `origin` is the job whose estimate sold this one, `recalled` the one this is a recall for, `covered` the
    one this is warranty work for. `technician` leads the work, `helper` lends a hand,
    `returner` comes back. `planned` is the first agreed
    start, `start` the one from `moved` on; between `reopened` and `redone` someone comes back at `returned`."""

    customer: Ints
    location: Ints
    type: Ints
    campaign: Ints
    origin: Ints
    recalled: Ints
    covered: Ints
    membership: Ints
    technician: Ints
    helper: Ints
    returner: Ints
    created: Ticks
    planned: Ticks
    start: Ticks
    moved: Ticks
    dispatched: Ticks
    started: Ticks
    held: Ticks
    resumed: Ticks
    done: Ticks
    reopened: Ticks
    returned: Ticks
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
        self,
        chance: Chance,
        company: Company,
        customers: Customers,
        locations: Locations,
        calendar: LocalCalendar,
        places: Places,
        board: Board,
    ) -> None:
        self._chance = chance
        self._company = company
        self._customers = customers
        self._locations = locations
        self._calendar = calendar
        self._places = places
        self._board = board
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
        where = self._locations.known(customer, created, stream) if location is None else location[keep]
        plan = agree(stream, self._calendar, self._company, types, created)
        units, zones = _units(self._company, types, self._customers.commercial[customer]), self._places.zone(where)
        technician, helper = self._board.send(name, _wanted(plan, units, zones))
        course = carry_out(stream, self._calendar, plan, pace(self._company.technicians.skill[technician]))
        batch = Jobs(
            customer=customer,
            location=where,
            type=types,
            campaign=given(campaign),
            origin=given(origin),
            recalled=given(recalled),
            covered=given(covered),
            membership=given(membership),
            technician=technician,
            helper=helper,
            returner=self._come_back(name, course, units, zones, technician),
            **course,
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

    def _come_back(self, name: str, course: dict[str, Ticks], units: Ints, zones: Ints, technician: Ints) -> Ints:
        """Who comes back for each reopened job, `NONE` for the others: whoever did the work, if possible."""
        who = np.full(len(units), NONE, dtype=np.int64)
        again = np.flatnonzero(course["reopened"] != NEVER)
        never = np.full(len(again), NEVER, dtype=np.int64)
        asked = Requests(
            unit=units[again],
            zone=zones[again],
            known=course["reopened"][again],
            begins=course["returned"][again],
            ends=course["redone"][again],
            resumes=never,
            finishes=never,
            pair=np.zeros(len(again), dtype=bool),
            real=np.ones(len(again), dtype=bool),
            preferred=technician[again],
        )
        who[again] = self._board.send(f"{name} again", asked)[0]
        return who

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
    persuasion = sale_factor(company.technicians.skill[jobs.technician])
    sold = np.concatenate(
        [
            some_by(stream, np.flatnonzero(finished & (kind == Kind.ESTIMATE)), _SOLD_ESTIMATES, persuasion),
            some_by(stream, np.flatnonzero(finished & (kind == Kind.SERVICE)), _SOLD_CALLS, persuasion),
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
    """Recalls, recalls of recalls, and warranty work on installs. Whose work it was decides how often it is called
    back."""
    stream = chance.stream("call-backs")
    jobs = planner.all()
    kind = kinds_of(company, jobs)
    finished = jobs.done != NEVER
    works = np.isin(kind, [Kind.SERVICE, Kind.INSTALL, Kind.MAINTENANCE])
    careless = recall_factor(company.technicians.skill[jobs.technician])
    failed = some_by(stream, np.flatnonzero(finished & works), _RECALLED, careless, at_least=4)
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


def _wanted(plan: Plan, units: Ints, zones: Ints) -> Requests:
    """Who is needed for jobs, with some time to spare for those who are slower than others."""
    begins = np.where(plan.goes, plan.arrives, plan.start)
    overnight = plan.resumes != NEVER
    spare = np.where(overnight, plan.second_day * _SLOWEST_PERCENT // 100, 0)
    return Requests(
        unit=units,
        zone=zones,
        known=plan.created,
        begins=begins,
        ends=begins + plan.first_day * _SLOWEST_PERCENT // 100,
        resumes=plan.resumes,
        finishes=np.where(overnight, plan.resumes + spare, NEVER),
        pair=plan.kinds == Kind.INSTALL,
        real=plan.goes,
        preferred=np.full(len(units), NONE, dtype=np.int64),
    )


def kinds_of(company: Company, jobs: Jobs) -> Ints:
    return np.array([int(kind.kind) for kind in company.job_kinds])[jobs.type]


def trades_of(company: Company, jobs: Jobs) -> Ints:
    return np.array([kind.trade for kind in company.job_kinds])[jobs.type]


def units_of(company: Company, jobs: Jobs, commercial: Flags) -> Ints:
    """The business unit: that of the job type, but commercial customers' calls have their own."""
    return _units(company, jobs.type, commercial[jobs.customer])


def _units(company: Company, types: Ints, commercial: Flags) -> Ints:
    own = np.array([kind.unit for kind in company.job_kinds])[types]
    calls = np.array([kind.kind == Kind.SERVICE for kind in company.job_kinds])[types]
    separate = next(i for i, unit in enumerate(company.units) if unit.division == "Commercial")
    return np.where(commercial & calls, separate, own)


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

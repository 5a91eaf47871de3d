"""Which invoices exist and why: one per job, and those of projects, counter sales, memberships, imports, corrections.

Decides cause, time and parties. What is on them and what they add up to is `billing.py`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.books.plans import Memberships, add_months
from st_platform.simulator.business.chance import Chance, Flags, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers, Locations
from st_platform.simulator.business.pricebook import PLANS, Kind
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.business.work import NONE, Jobs, kinds_of, trades_of, units_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks


class Configuration(IntEnum):
    JOB = 0
    PROJECT = 1
    COUNTER = 2
    MEMBERSHIP = 3
    INTEREST = 4
    AR_IMPORT = 5


@dataclass(frozen=True)
class Invoices:
    """One entry per invoice. `billed` is when its lines appear, `NEVER` for work that was never done; `date` is the
    calendar date that it bears from then on. `adjusts` is the invoice that it corrects."""

    configuration: Ints
    kind: Ints
    trade: Ints
    job: Ints
    project: Ints
    membership: Ints
    adjusts: Ints
    customer: Ints
    location: Ints
    unit: Ints
    created: Ticks
    billed: Ticks
    date: Ticks

    def __len__(self) -> int:
        return len(self.created)

    def take(self, order: Ints) -> Invoices:
        return Invoices(**{field.name: getattr(self, field.name)[order] for field in fields(Invoices)})


@dataclass(frozen=True)
class _Scene:
    chance: Chance
    company: Company
    customers: Customers
    locations: Locations
    jobs: Jobs
    memberships: Memberships
    calendar: LocalCalendar

    def separate(
        self,
        configuration: Configuration,
        kind: Kind,
        customer: Ints,
        created: Ticks,
        *,
        location: Ints | None = None,
        membership: Ints | None = None,
        project: Ints | None = None,
        trade: Ints | None = None,
        unit: Ints | None = None,
    ) -> Invoices:
        """Invoices without a job, billed the moment they are made."""
        count = len(customer)
        none = np.full(count, NONE, dtype=np.int64)
        zero = np.zeros(count, dtype=np.int64)
        return Invoices(
            configuration=np.full(count, int(configuration)),
            kind=np.full(count, int(kind)),
            trade=zero if trade is None else trade,
            job=none,
            project=none if project is None else project,
            membership=none if membership is None else membership,
            adjusts=none,
            customer=customer,
            location=self.locations.first(customer) if location is None else location,
            unit=zero if unit is None else unit,
            created=created,
            billed=created,
            date=self.calendar.local_midnight(created),
        )


def raise_invoices(
    chance: Chance,
    company: Company,
    customers: Customers,
    locations: Locations,
    jobs: Jobs,
    memberships: Memberships,
    calendar: LocalCalendar,
) -> tuple[Invoices, Ints]:
    """All invoices but the corrections, in order of creation, and the invoice of each job."""
    scene = _Scene(chance, company, customers, locations, jobs, memberships, calendar)
    of_jobs, in_projects = _of_jobs(scene)
    parts = [
        of_jobs,
        _of_projects(scene, in_projects),
        _counter_sales(scene),
        *_membership_invoices(scene),
        _imports(scene),
        _interest(scene, of_jobs),
    ]
    joined = join(parts)
    joined = joined.take(np.flatnonzero(joined.created < company.end))
    order = np.argsort(joined.created, kind="stable")
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return joined.take(order), position[: len(jobs)]


def correct(
    name: str,
    chance: Chance,
    company: Company,
    calendar: LocalCalendar,
    invoices: Invoices,
    candidates: Ints,
    share: float,
) -> Invoices:
    """Corrections of some of the candidates, weeks or months later. Half of them carry the job themselves."""
    stream = chance.stream(f"corrections {name}")
    wrong = some(stream, candidates, share, at_least=5)
    root = invoices.take(wrong)
    created = root.billed + HOUR + stream.exponential(26 * DAY, len(wrong)).astype(np.int64)
    corrections = replace(
        root,
        kind=np.full(len(wrong), int(Kind.ADJUSTMENT)),
        adjusts=wrong,
        job=np.where(stream.random(len(wrong)) < 0.5, root.job, NONE),
        created=created,
        billed=created,
        date=calendar.local_midnight(created),
    )
    return corrections.take(np.flatnonzero(created < company.end))


def join(parts: list[Invoices]) -> Invoices:
    return Invoices(
        **{field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Invoices)}
    )


def _of_jobs(scene: _Scene) -> tuple[Invoices, Ints]:
    jobs, company = scene.jobs, scene.company
    stream = scene.chance.stream("invoices of jobs")
    kinds = kinds_of(company, jobs)
    billed = np.where(jobs.done != NEVER, jobs.done - between(stream, 4 * MINUTE, 12 * MINUTE, len(jobs)), NEVER)
    projects = some(stream, np.flatnonzero((kinds == Kind.INSTALL) & (jobs.done != NEVER)), 0.2, at_least=2)
    billed[projects] = NEVER
    done = np.where(jobs.done != NEVER, jobs.done, jobs.start)
    invoices = Invoices(
        configuration=np.full(len(jobs), int(Configuration.JOB)),
        kind=kinds,
        trade=trades_of(company, jobs),
        job=np.arange(len(jobs)),
        project=np.full(len(jobs), NONE, dtype=np.int64),
        membership=jobs.membership,
        adjusts=np.full(len(jobs), NONE, dtype=np.int64),
        customer=jobs.customer,
        location=jobs.location,
        unit=units_of(company, jobs, scene.customers.commercial),
        created=jobs.created + between(stream, 20_000, 900_000, len(jobs)),
        billed=billed,
        date=scene.calendar.local_midnight(done),
    )
    return invoices, projects


def _of_projects(scene: _Scene, jobs_of_projects: Ints) -> Invoices:
    jobs, rows = scene.jobs, jobs_of_projects
    return scene.separate(
        Configuration.PROJECT,
        Kind.INSTALL,
        jobs.customer[rows],
        jobs.done[rows] + 5 * MINUTE,
        location=jobs.location[rows],
        project=rows,
        trade=trades_of(scene.company, jobs)[rows],
        unit=units_of(scene.company, jobs, scene.customers.commercial)[rows],
    )


def _counter_sales(scene: _Scene) -> Invoices:
    stream = scene.chance.stream("counter sales")
    count = max(6, round(0.02 * len(scene.jobs)))
    when = np.sort(between(stream, scene.company.opened, scene.company.end, count))
    when = scene.calendar.to_utc(when // DAY * DAY + between(stream, 8 * HOUR, 17 * HOUR, count))
    known = np.maximum(np.searchsorted(scene.customers.created, when - HOUR), 1)
    customer = (stream.random(count) * known).astype(np.int64)
    return scene.separate(Configuration.COUNTER, Kind.COUNTER, customer, when)


def _membership_invoices(scene: _Scene) -> list[Invoices]:
    """Renewals, sales outside a billable job, and the instalments of plans that are paid by month or quarter."""
    members = scene.memberships
    stream = scene.chance.stream("membership invoices")
    every = np.array([{"Monthly": 1, "Quarterly": 3}.get(plan.billing, 0) for plan in PLANS])[members.plan]
    sold_on_job = members.sold_on != NONE
    upfront = np.flatnonzero((every == 0) & ~sold_on_job)
    parts = [_of_members(scene, upfront, members.created[upfront] + between(stream, MINUTE, 9 * MINUTE, len(upfront)))]
    for instalment in range(48):
        day = add_months(members.begins, every * instalment)
        when = scene.calendar.to_utc(day) + between(stream, 5 * HOUR, 6 * HOUR, len(members))
        when = np.maximum(when, members.created + 2 * MINUTE)
        asleep = (members.suspended <= when) & (when < members.resumed)
        due = (every > 0) & (when < members.over) & (day < members.ends) & ~asleep & (when < scene.company.end)
        if not due.any():
            break
        rows = np.flatnonzero(due)
        parts.append(_of_members(scene, rows, when[rows]))
    return parts


def _of_members(scene: _Scene, rows: Ints, when: Ticks) -> Invoices:
    members = scene.memberships
    upkeep = next(i for i, unit in enumerate(scene.company.units) if unit.division == "Maintenance")
    return scene.separate(
        Configuration.MEMBERSHIP,
        Kind.MEMBERSHIP,
        members.customer[rows],
        when,
        location=members.location[rows],
        membership=rows,
        unit=np.full(len(rows), upkeep, dtype=np.int64),
    )


def _imports(scene: _Scene) -> Invoices:
    stream = scene.chance.stream("imports")
    customer = some(stream, np.flatnonzero(scene.customers.legacy), 0.12, at_least=3)
    when = scene.company.opened + 6 * HOUR + np.arange(len(customer)) * 7_654_321
    return scene.separate(Configuration.AR_IMPORT, Kind.AR_IMPORT, customer, when)


def _interest(scene: _Scene, of_jobs: Invoices) -> Invoices:
    stream = scene.chance.stream("interest")
    commercial: Flags = scene.customers.commercial[of_jobs.customer]
    late = some(stream, np.flatnonzero(commercial & (of_jobs.billed != NEVER)), 0.02, at_least=2)
    when = of_jobs.billed[late] + between(stream, 70 * DAY, 100 * DAY, len(late))
    return scene.separate(
        Configuration.INTEREST, Kind.INTEREST, of_jobs.customer[late], when, location=of_jobs.location[late]
    )

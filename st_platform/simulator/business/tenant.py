"""One tenant's business, put together in causal order."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypeVar

import numpy as np

from st_platform.simulator.business.board.board import Board
from st_platform.simulator.business.board.crew import Rota, draw_up, hire
from st_platform.simulator.business.board.places import Places
from st_platform.simulator.business.board.trips import leads_way, travel
from st_platform.simulator.business.books.advertising import Costs, spend
from st_platform.simulator.business.books.billing import Bills, Lines, bill
from st_platform.simulator.business.books.invoices import Invoices, raise_invoices
from st_platform.simulator.business.books.money import Applications, CreditMemos, Payments, collect
from st_platform.simulator.business.books.plans import (
    Memberships,
    StatusChanges,
    renumbered,
    sell_memberships,
    status_changes,
    visit_members,
)
from st_platform.simulator.business.books.upkeep import Care, look_after
from st_platform.simulator.business.chance import Chance, Flags
from st_platform.simulator.business.company import Company, found_company
from st_platform.simulator.business.people import Customers, Locations, settle
from st_platform.simulator.business.profile import Profile, Size, Span
from st_platform.simulator.business.seasons import Demand, LocalCalendar
from st_platform.simulator.business.work import Jobs, Planner, answer_calls, call_back, sell_installs
from st_platform.simulator.instants import NEVER, Ticks, day_ticks

_Columns = TypeVar("_Columns")


@dataclass(frozen=True)
class Business:
    """Everything that ever happens to a tenant, as arrays. Row numbers are positions in them."""

    chance: Chance
    profile: Profile
    calendar: LocalCalendar
    places: Places
    company: Company
    rota: Rota
    customers: Customers
    exempt: Flags
    locations: Locations
    jobs: Jobs
    memberships: Memberships
    status_changes: StatusChanges
    invoices: Invoices
    lines: Lines
    bills: Bills
    invoice_of_job: np.ndarray
    invoice_inactive: Ticks
    payments: Payments
    applications: Applications
    memos: CreditMemos
    memo_applications: Applications
    costs: Costs
    care: Care


def run_business(seed: int, profile: Profile, size: Size, anchor: date) -> Business:
    """Generate one tenant: the same arguments always give the same business."""
    span = Span.around(anchor, size)
    chance = Chance(seed, profile.tenant_id)
    calendar = LocalCalendar(profile.timezone, span)
    company = found_company(profile, size, span)
    demands = [Demand(profile, trade, calendar, span) for trade in profile.trades]
    customers, locations = settle(chance, company, demands, size, day_ticks(anchor))
    places = Places(chance, profile)
    company = replace(company, technicians=hire(chance, company, places, customers))

    rota = draw_up(chance, company)
    board = Board(chance, calendar, company.units, rota)
    planner = Planner(chance, company, customers, locations, calendar, places, board)
    answer_calls(planner, chance, company, customers, demands)
    sell_installs(planner, chance, company)
    drafted = sell_memberships(planner, chance, company, customers, calendar)
    visit_members(planner, chance, drafted, company)
    call_back(planner, chance, company)
    jobs, position = planner.in_order()
    trips = travel(chance, calendar, places, company.technicians, jobs)
    jobs = replace(jobs, dispatched=leads_way(trips, jobs))
    memberships = renumbered(drafted, position)

    rows = np.arange(len(customers))
    exempt = customers.commercial & (chance.fraction(rows, "tax exempt") < 0.2)
    raised, of_job = raise_invoices(chance, company, customers, locations, jobs, memberships, calendar)
    invoices, lines, bills, of_job = bill(chance, company, calendar, raised, memberships, of_job, exempt)
    payments, applications, memos, memo_applications = collect(chance, company, customers, jobs, invoices, bills)
    return Business(
        chance=chance,
        profile=profile,
        calendar=calendar,
        places=places,
        company=company,
        rota=rota,
        customers=customers,
        exempt=exempt,
        locations=narrowed(locations),
        jobs=narrowed(jobs),
        memberships=memberships,
        status_changes=status_changes(chance, memberships),
        invoices=narrowed(invoices),
        lines=narrowed(lines),
        bills=narrowed(bills),
        invoice_of_job=of_job,
        invoice_inactive=_written_off(chance, invoices, jobs, applications, memo_applications),
        payments=narrowed(payments),
        applications=narrowed(applications),
        memos=memos,
        memo_applications=memo_applications,
        costs=spend(chance, company, calendar),
        care=narrowed(look_after(chance, company, customers, locations, jobs, memberships)),
    )


def narrowed(columns: _Columns) -> _Columns:
    """The same columns in half the memory where the numbers allow it."""
    narrow = {}
    for field in fields(columns):  # type: ignore[arg-type]
        values: np.ndarray = getattr(columns, field.name)
        if values.dtype == np.int64 and len(values) and values.min() >= -(2**31) and values.max() < 2**31:
            narrow[field.name] = values.astype(np.int32)
    return replace(columns, **narrow)  # type: ignore[type-var]


def _written_off(
    chance: Chance, invoices: Invoices, jobs: Jobs, applications: Applications, memo_applications: Applications
) -> Ticks:
    """Invoices of deactivated jobs, and a few that nobody ever paid, turn inactive."""
    inactive = np.full(len(invoices), NEVER, dtype=np.int64)
    own = np.flatnonzero((invoices.job >= 0) & (invoices.adjusts < 0))
    inactive[own] = jobs.inactive[invoices.job[own]]
    touched = np.zeros(len(invoices), dtype=bool)
    touched[applications.invoice] = True
    touched[memo_applications.invoice] = True
    touched[invoices.adjusts[invoices.adjusts >= 0]] = True
    unpaid = np.flatnonzero(~touched & (invoices.billed != NEVER) & (invoices.adjusts < 0))
    dropped = unpaid[chance.fraction(unpaid, "written off") < 0.06]
    inactive[dropped] = invoices.billed[dropped] + 90 * 864_000_000_000 + chance.among(dropped, "when", 10**13)
    return inactive

"""The tenant's own people and settings: business units, technicians, job types, campaigns.

Small enough for ordinary objects. Ids are fixed numbers, the same for every tenant, because that is what makes two
tenants overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Flags, Floats, Ints
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.profile import Profile, Size, Span
from st_platform.simulator.instants import DAY, NEVER, Ticks, day_ticks

EMPLOYEES = 12
"""Office staff. Their ids begin at `FIRST_EMPLOYEE`; they create most rows."""
FIRST_EMPLOYEE = 301
TAG_TYPES = (451, 452, 453, 454, 455, 456)


@dataclass(frozen=True)
class Unit:
    name: str
    trade: int
    division: str
    closes: float | None = None


@dataclass(frozen=True)
class JobKind:
    """A job type. `threshold` in cents, None where nobody set one; `weight` is its share among jobs of its kind."""

    name: str
    kind: Kind
    trade: int
    unit: int
    hours: float
    weight: float = 1.0
    threshold: int | None = None
    priority: str = "Normal"
    no_charge: bool = False
    retired: bool = False


@dataclass(frozen=True)
class Advertising:
    """A campaign. `daily` is its cost per day in cents, 0 for what costs nothing; `weight` its share of new
    customers, `repeat` its share of further calls."""

    name: str
    category: str
    source: str
    medium: str
    weight: float
    repeat: float
    daily: int
    begins: float = 0.0
    ends: float = 2.0


@dataclass(frozen=True)
class Technicians:
    """One entry per technician, in order of hiring. `leaves` is when they stop, `NEVER` while they stay; `leads` of a
    unit always stay. `skill` is 1 for the ordinary: who has more is quicker, sells more and is called back less.
    `wage_cents` is the hourly wage when hired, `zone` the dispatch zone they live in; `evening` ones work late
    shifts."""

    unit: Ints
    hired: Ticks
    leaves: Ticks
    leads: Flags
    skill: Floats
    wage_cents: Ints
    zone: Ints
    evening: Flags

    def __len__(self) -> int:
        return len(self.unit)

    def lead_of(self, units: Ints) -> Ints:
        """The lead of each unit."""
        leads = np.flatnonzero(self.leads)
        of_unit = np.zeros(int(self.unit.max()) + 1, dtype=np.int64)
        of_unit[self.unit[leads]] = leads
        return of_unit[units]


_NOBODY = Technicians(
    *(np.zeros(0, dtype=dtype) for dtype in (np.int64, np.int64, np.int64, bool, np.float64, np.int64, np.int64, bool))
)


@dataclass(frozen=True)
class Company:
    """`volume` is the size of the business against the one that campaign budgets are written for."""

    profile: Profile
    volume: float
    units: tuple[Unit, ...]
    job_kinds: tuple[JobKind, ...]
    campaigns: tuple[Advertising, ...]
    technicians: Technicians
    opened: int
    end: int

    def campaign_times(self) -> tuple[Ticks, Ticks]:
        """When each campaign is set up and when it is switched off."""
        length = self.end - self.opened
        begins = np.array([self.opened + int(c.begins * length) for c in self.campaigns], dtype=np.int64)
        ends = np.array([self.opened + int(c.ends * length) if c.ends < 1 else NEVER for c in self.campaigns])
        begins[np.array([c.begins for c in self.campaigns]) == 0] = self.opened - 30 * DAY
        return begins + np.arange(len(begins)) * 37_000_001, ends.astype(np.int64)


# In order of beginning.
_CAMPAIGNS = (
    Advertising("Existing customers", "Repeat", "Direct", "Phone", 0.03, 0.62, 0),
    Advertising("Google Ads – Search", "Paid Search", "Google", "CPC", 0.21, 0.05, 21_500),
    Advertising("Google Local Services", "Paid Search", "Google", "LSA", 0.17, 0.05, 14_000),
    Advertising("Website", "Organic", "Website", "Organic", 0.14, 0.09, 0),
    Advertising("Google Business Profile", "Organic", "Google", "Organic", 0.11, 0.05, 0),
    Advertising("Direct mail spring", "Direct Mail", "Mail house", "Post", 0.05, 0.02, 6_200),
    Advertising("Neighbour referral", "Referral", "Referral", "Word of mouth", 0.12, 0.06, 0),
    Advertising("Radio – morning show", "Radio", "WTRY", "Radio", 0.05, 0.01, 9_800, 0.0, 0.55),
    Advertising('Truck wraps "See us?"', "Branding", "Truck", "Outdoor", 0.03, 0.02, 1_150),
    Advertising("Facebook retargeting", "Social", "Meta", "CPM", 0.06, 0.02, 4_400, 0.15),
    Advertising("Home show", "Events", "Home show", "Event", 0.02, 0.0, 12_500, 0.3, 0.42),
    Advertising("Bing Ads", "Paid Search", "Microsoft", "CPC", 0.01, 0.01, 2_050, 0.4),
)


def found_company(profile: Profile, size: Size, span: Span) -> Company:
    """Set up the business for the whole span; nobody has been hired yet."""
    opened = day_ticks(span.start)
    end = day_ticks(span.last) + DAY
    units = _units(profile)
    return Company(
        profile,
        size.customers * profile.scale / 2000,
        units,
        _job_kinds(profile, units),
        _CAMPAIGNS,
        _NOBODY,
        opened,
        end,
    )


def _units(profile: Profile) -> tuple[Unit, ...]:
    units = [
        Unit(f"{trade.name} {division}", number, division)
        for number, trade in enumerate(profile.trades)
        for division in ("Service", "Maintenance", "Install")
    ]
    return (*units, Unit("Commercial", 0, "Commercial"), Unit("Duct Cleaning", 0, "Service", closes=0.35))


def _job_kinds(profile: Profile, units: tuple[Unit, ...]) -> tuple[JobKind, ...]:
    kinds: list[JobKind] = []
    for number, trade in enumerate(profile.trades):
        service, upkeep, install = (
            next(i for i, unit in enumerate(units) if unit.trade == number and unit.division == division)
            for division in ("Service", "Maintenance", "Install")
        )
        name = trade.name
        kinds += [
            JobKind(f"{name} Service Call", Kind.SERVICE, number, service, 2.0, 0.62, threshold=15_000),
            JobKind(f"{name} Repair", Kind.SERVICE, number, service, 3.0, 0.26),
            JobKind(f"{name} Emergency", Kind.SERVICE, number, service, 2.5, 0.12, 20_000, "Urgent"),
            JobKind(f"{name} Maintenance", Kind.MAINTENANCE, number, upkeep, 1.5, threshold=10_000, priority="Low"),
            JobKind(f"{name} Install", Kind.INSTALL, number, install, 8.0, threshold=100_000),
            JobKind(f"{name} Estimate", Kind.ESTIMATE, number, install, 1.0, no_charge=True),
            JobKind(f"{name} Recall", Kind.RECALL, number, service, 1.5, priority="High", no_charge=True),
            JobKind(f"{name} Warranty", Kind.WARRANTY, number, install, 2.0, priority="High", no_charge=True),
        ]
    return (*kinds, JobKind("Duct Cleaning", Kind.SERVICE, 0, len(units) - 1, 3.0, 0.0, retired=True))

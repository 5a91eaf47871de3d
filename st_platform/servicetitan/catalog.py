"""The catalog: every resource we extract, as data.

What differs between resources is a field here, never a branch in the code. Adding a resource is an entry in this
file and a record class in `records/`; tables, sync, assets, schedules and checks follow from the two.

Facts about endpoints (paths, filters, defaults, deletion signals) come from the official documents; a query
parameter is sent only when the entry names it, because the API ignores unknown ones in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from st_platform.servicetitan.records import Column, Record, columns_of
from st_platform.servicetitan.records.accounting import CreditMemo, Invoice, InvoiceItem, Payment
from st_platform.servicetitan.records.crm import Customer, Location
from st_platform.servicetitan.records.jpm import Job, JobType
from st_platform.servicetitan.records.marketing import Campaign, CampaignCost
from st_platform.servicetitan.records.memberships import Membership, MembershipStatusChange
from st_platform.servicetitan.records.settings import BusinessUnit, Technician


class LoadMode(StrEnum):
    """How the rows of a resource are divided into reads."""

    DATED = "dated"
    """Partitioned by day of modification, UTC; a window is read again at will."""
    TAIL = "tail"
    """Unpartitioned: a position is kept and only what follows it is read; a refresh reads from the start."""
    SNAPSHOT = "snapshot"
    """Unpartitioned: always read whole, which is also what proves that a row is gone."""


class Cadence(StrEnum):
    """How often a resource is read, and how late it may be before someone is told."""

    HOT = "hot"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def warn_after(self) -> timedelta:
        return _LIMITS[self][0]

    @property
    def fail_after(self) -> timedelta:
        return _LIMITS[self][1]


_LIMITS: dict[Cadence, tuple[timedelta, timedelta]] = {
    Cadence.HOT: (timedelta(minutes=30), timedelta(minutes=60)),
    Cadence.HOURLY: (timedelta(hours=2), timedelta(hours=4)),
    Cadence.DAILY: (timedelta(hours=26), timedelta(hours=50)),
    Cadence.WEEKLY: (timedelta(days=8), timedelta(days=15)),
}


@dataclass(frozen=True, kw_only=True)
class Feed:
    """An export feed: `GET path?from=`, answered by `{hasMore, continueFrom, data}`; takes no other parameter."""

    path: str


@dataclass(frozen=True, kw_only=True)
class List:
    """A list: `GET path?page=&pageSize=`, answered by `{page, pageSize, hasMore, totalCount, data}`.

    `modified_filter` says that `modifiedOnOrAfter` / `modifiedBefore` exist. `all_rows` is the parameter that makes
    the list show inactive rows too. `sort` is the parameter that orders by modification time, oldest first, and
    `id_sort` the one that orders by id; None where the API has none.
    """

    path: str
    modified_filter: bool = False
    all_rows: tuple[str, str] | None = None
    sort: Mapping[str, str] | None = None
    id_sort: Mapping[str, str] | None = None
    page_size: int = 5000


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One extract: where it is read, how it is windowed, what it is keyed by and who answers for it.

    `feed` is preferred over `list` wherever it exists; the list then serves counts and key reconciliation.
    `version` and `created` are column names, or None where the resource has no such time. `status_deleted` names
    a status value that means the row never existed.
    """

    name: str
    module: str
    record: type[Record]
    load_mode: LoadMode
    cadence: Cadence
    owner: str
    scope: str
    description: str
    feed: Feed | None = None
    list: List | None = None
    key: tuple[str, ...] = ("id",)
    version: str | None = "modified_on"
    created: str | None = "created_on"
    status_deleted: tuple[str, str] | None = None
    docs_url: str = "https://developer.servicetitan.io/apis/"

    def __post_init__(self) -> None:
        if (self.feed or self.list) is None:
            raise ValueError(f"{self.name}: needs a feed or a list")
        if self.load_mode is LoadMode.SNAPSHOT and self.list is None:
            raise ValueError(f"{self.name}: a snapshot is read from a list")
        names = {column.name for column in self.columns}
        missing = {name for name in (*self.key, self.version, self.created) if name} - names
        if missing:
            raise ValueError(f"{self.name}: {sorted(missing)} are not fields of {self.record.__name__}")

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.record)

    @property
    def is_dated(self) -> bool:
        return self.load_mode is LoadMode.DATED


class UnknownResource(LookupError):
    """A resource name that is not in the catalog."""


def resource(name: str) -> Resource:
    """The catalog entry called `name`.

    Raises:
        UnknownResource: with the closest names and where the list is.
    """
    try:
        return CATALOG[name]
    except KeyError:
        from difflib import get_close_matches

        near = get_close_matches(name, CATALOG, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`st-platform resources` lists them."
        raise UnknownResource(f"no resource is called {name!r}; {hint}") from None


_ANY = ("active", "Any")
_ALL = ("activeState", "All")
_BY_MODIFIED = MappingProxyType({"sort": "+ModifiedOn"})
_BY_ID = MappingProxyType({"sort": "+Id"})

_RESOURCES = (
    Resource(
        name="customers",
        module="crm",
        record=Customer,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:customer-care",
        scope="tn.crm.customers:r",
        description="Customers: who is billed, with balance, address and merge target.",
        feed=Feed(path="/crm/v2/tenant/{tenant}/export/customers"),
        list=List(
            path="/crm/v2/tenant/{tenant}/customers",
            modified_filter=True,
            all_rows=_ANY,
            sort=_BY_MODIFIED,
            id_sort=_BY_ID,
        ),
    ),
    Resource(
        name="locations",
        module="crm",
        record=Location,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:customer-care",
        scope="tn.crm.locations:r",
        description="Locations: where work is done, each belonging to one customer.",
        feed=Feed(path="/crm/v2/tenant/{tenant}/export/locations"),
        list=List(
            path="/crm/v2/tenant/{tenant}/locations",
            modified_filter=True,
            all_rows=_ANY,
            sort=_BY_MODIFIED,
            id_sort=_BY_ID,
        ),
    ),
    Resource(
        name="jobs",
        module="jpm",
        record=Job,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:operations",
        scope="tn.jpm.jobs:r",
        description="Jobs: the work itself, with status, type, campaign and the invoice it led to.",
        feed=Feed(path="/jpm/v2/tenant/{tenant}/export/jobs"),
        list=List(
            path="/jpm/v2/tenant/{tenant}/jobs",
            modified_filter=True,
            sort=_BY_MODIFIED,
            id_sort=_BY_ID,
        ),
    ),
    Resource(
        name="job_types",
        module="jpm",
        record=JobType,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:operations",
        scope="tn.jpm.jobtypes:r",
        description="Job types, with the sold threshold above which a job counts as converted.",
        list=List(
            path="/jpm/v2/tenant/{tenant}/job-types",
            modified_filter=True,
            all_rows=_ANY,
        ),
    ),
    Resource(
        name="invoices",
        module="accounting",
        record=Invoice,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.invoices:r",
        description="Invoices and their adjustments, with totals, balance and what they bill for.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/invoices"),
        list=List(path="/accounting/v2/tenant/{tenant}/invoices", modified_filter=True, all_rows=_ALL),
    ),
    Resource(
        name="invoice_items",
        module="accounting",
        record=InvoiceItem,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.invoiceitems:r",
        description="Invoice lines with price, cost and general ledger account: the grain of revenue.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/invoice-items"),
    ),
    Resource(
        name="payments",
        module="accounting",
        record=Payment,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.payments:r",
        description="Payments and refunds, with what they were applied to.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/payments"),
        list=List(path="/accounting/v2/tenant/{tenant}/payments", modified_filter=True, all_rows=_ALL),
    ),
    Resource(
        name="credit_memos",
        module="accounting",
        record=CreditMemo,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOURLY,
        owner="team:finance",
        scope="tn.acc.creditmemos:r",
        description="Credit memos and the invoices they were applied to.",
        list=List(path="/accounting/v2/tenant/{tenant}/credit-memos", modified_filter=True, all_rows=_ANY),
    ),
    Resource(
        name="memberships",
        module="memberships",
        record=Membership,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOURLY,
        owner="team:memberships",
        scope="tn.mem.memberships:r",
        description="Memberships: status, term, billing and renewal chain.",
        feed=Feed(path="/memberships/v2/tenant/{tenant}/export/memberships"),
        list=List(path="/memberships/v2/tenant/{tenant}/memberships", modified_filter=True, all_rows=_ANY),
        status_deleted=("status", "Deleted"),
    ),
    Resource(
        name="membership_status_changes",
        module="memberships",
        record=MembershipStatusChange,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.HOURLY,
        owner="team:memberships",
        scope="tn.mem.memberships:r",
        description="Every change of a membership's status; the source of its timeline.",
        feed=Feed(path="/memberships/v2/tenant/{tenant}/export/membership-status-changes"),
        version=None,
    ),
    Resource(
        name="campaigns",
        module="marketing",
        record=Campaign,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mrk.campaigns:r",
        description="Marketing campaigns with category, source and medium.",
        list=List(
            path="/marketing/v2/tenant/{tenant}/campaigns",
            modified_filter=True,
            all_rows=_ANY,
            sort=_BY_MODIFIED,
            id_sort=_BY_ID,
        ),
    ),
    Resource(
        name="campaign_costs",
        module="marketing",
        record=CampaignCost,
        load_mode=LoadMode.SNAPSHOT,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mrk.costs:r",
        description="What each campaign costs per day, month by month.",
        list=List(path="/marketing/v2/tenant/{tenant}/costs", id_sort=_BY_ID),
        version=None,
        created=None,
    ),
    Resource(
        name="business_units",
        module="settings",
        record=BusinessUnit,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:operations",
        scope="tn.stt.businessunits:r",
        description="Business units that work and revenue are booked on.",
        feed=Feed(path="/settings/v2/tenant/{tenant}/export/business-units"),
        list=List(path="/settings/v2/tenant/{tenant}/business-units", modified_filter=True, all_rows=_ANY),
    ),
    Resource(
        name="technicians",
        module="settings",
        record=Technician,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:operations",
        scope="tn.stt.technicians:r",
        description="Technicians with business unit, rates and licence; terminated ones stay.",
        feed=Feed(path="/settings/v2/tenant/{tenant}/export/technicians"),
        list=List(path="/settings/v2/tenant/{tenant}/technicians", modified_filter=True, all_rows=_ANY),
    ),
)

CATALOG: Mapping[str, Resource] = MappingProxyType({entry.name: entry for entry in _RESOURCES})
"""Every resource by name, in reading order."""

"""What a resource is: an endpoint, or two of one thing, as data.

What differs between resources is a field here, never a branch in the code. Facts about endpoints (paths, filters,
defaults, deletion signals) come from the official documents; a query parameter is sent only when an entry names it,
because the API ignores unknown ones in silence. The entries themselves are in `catalog/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from st_platform.servicetitan.records import Column, Record, columns_of


class LoadMode(StrEnum):
    """How the rows of a resource are divided into reads."""

    DATED = "dated"
    """Partitioned by day of modification, UTC; a window is read again at will."""
    TAIL = "tail"
    """Unpartitioned: a position is kept and only what follows it is read; a refresh reads from the start."""
    SNAPSHOT = "snapshot"
    """Unpartitioned: always read whole, which is also what proves that a row is gone."""
    WINDOW = "window"
    """Partitioned by the day that rows are about, UTC; a window is always read whole, and what it no longer shows is
    gone from it."""


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


class IdsFilter(StrEnum):
    """Whether a list can be asked for single rows, at most `MOST_IDS` at once."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    """The list answers nothing else: it cannot be counted or read whole."""


MOST_IDS = 50


@dataclass(frozen=True, kw_only=True)
class List:
    """A list: `GET path?page=&pageSize=`, answered by `{page, pageSize, hasMore, totalCount, data}`.

    `modified_filter` says that `modifiedOnOrAfter` / `modifiedBefore` exist. `all_rows` is the parameter that makes
    the list show inactive rows too. `sort` is the parameter that orders by modification time, oldest first, and
    `id_sort` the one that orders by id; None where the API has none. `ids` says whether rows can be asked for by id.
    `each` is a parameter that hides rows unless it is sent and knows no value for all: the list is asked with each of
    its values.
    """

    path: str
    modified_filter: bool = False
    all_rows: tuple[str, str] | None = None
    sort: Mapping[str, str] | None = None
    id_sort: Mapping[str, str] | None = None
    ids: IdsFilter | None = None
    each: tuple[str, tuple[str, ...]] | None = None
    page_size: int = 5000

    @property
    def shown(self) -> dict[str, str]:
        """What to send so that inactive rows are shown too."""
        return dict([self.all_rows]) if self.all_rows else {}

    @property
    def parts(self) -> list[dict[str, str]]:
        """What to send, request by request, for one page of the whole list: nothing once, or each value of `each`."""
        name, values = self.each or ("", ())
        return [{name: value} for value in values] or [{}]


@dataclass(frozen=True, kw_only=True)
class DateWindow:
    """A read that wants a stretch of time: `GET path?fromUtc=&toUtc=&page=`, answered like a list.

    `slice` is the longest stretch to ask for at once, None for any: where the API sums over the stretch, a slice is a
    day. `segments` is a parameter that must be sent, with each of its values in turn. Rows change after their day, so
    the last `look_back` is read again by the schedule; `history` is how far the first partition reaches back.
    """

    path: str
    start: str = "fromUtc"
    end: str = "toUtc"
    slice: timedelta | None = None
    segments: tuple[str, tuple[str, ...]] | None = None
    look_back: timedelta = timedelta(days=7)
    history: timedelta | None = None
    page_size: int = 5000


@dataclass(frozen=True, kw_only=True)
class Unnest:
    """Rows that hold the records in a list: each element of `field` is one, with the fields `carry` of its row."""

    field: str
    carry: tuple[str, ...]


@dataclass(frozen=True)
class SliceDay:
    """Fills a column with the day that was asked for."""


@dataclass(frozen=True)
class Segment:
    """Fills a column with the value of the segment parameter that was sent."""


@dataclass(frozen=True)
class Joined:
    """Fills a column with values of the row joined by `/`; a dotted path leads into objects, absent values are `-`."""

    paths: tuple[str, ...]

    def __init__(self, *paths: str) -> None:
        object.__setattr__(self, "paths", paths)


Fill = SliceDay | Segment | Joined
"""Where the value of a column comes from that the API does not send."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One extract: where it is read, how it is windowed, what it is keyed by and who answers for it.

    `feed` is preferred over `list` wherever it exists; the list then serves counts and key reconciliation.
    `version` and `created` are column names, or None where the resource has no such time. `deleted_when` names the
    value of a column that says the row is deleted; where inactive rows are merely out of use, it is None. `filled`
    are columns of the record that no row of the API has, and where their values come from.
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
    window: DateWindow | None = None
    unnest: Unnest | None = None
    filled: Mapping[str, Fill] = field(default_factory=dict[str, Fill])
    key: tuple[str, ...] = ("id",)
    version: str | None = "modified_on"
    created: str | None = "created_on"
    deleted_when: tuple[str, str | bool] | None = None
    docs_url: str = "https://developer.servicetitan.io/apis/"

    def __post_init__(self) -> None:
        if (self.feed or self.list or self.window) is None:
            raise ValueError(f"{self.name}: needs a feed, a list or a date window")
        if (self.load_mode is LoadMode.WINDOW) != (self.window is not None):
            raise ValueError(f"{self.name}: a date window goes with the load mode of that name")
        if self.load_mode is LoadMode.SNAPSHOT and self.list is None:
            raise ValueError(f"{self.name}: a snapshot is read from a list")
        names = {column.name for column in self.columns}
        deleted = self.deleted_when[0] if self.deleted_when else None
        missing = {name for name in (*self.key, *self.filled, self.version, self.created, deleted) if name} - names
        if missing:
            raise ValueError(f"{self.name}: {sorted(missing)} are not fields of {self.record.__name__}")

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.record)

    @property
    def is_dated(self) -> bool:
        """Whether it is read in windows, one partition a day."""
        return self.load_mode in (LoadMode.DATED, LoadMode.WINDOW)


ANY = ("active", "Any")
ALL = ("activeState", "All")
NOT_ONLY_ACTIVE = ("activeOnly", "false")
"""How endpoints spell that inactive rows are wanted too."""
BY_MODIFIED = MappingProxyType({"sort": "+ModifiedOn"})
BY_ID = MappingProxyType({"sort": "+Id"})

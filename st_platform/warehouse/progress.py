"""The ledger of reads, the leases that keep two readers apart, and the state of each resource.

A lane is one sequential read of part of a window. Its row moves in the transaction that lands its page, and only
while the lease's epoch is still ours. Knows Postgres; knows nothing of how windows are planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from st_platform.warehouse.database import Database
from st_platform.warehouse.merge import MergeCounts

LEASE_TIME = timedelta(seconds=120)


@dataclass(frozen=True)
class LaneKey:
    """What a lane belongs to. Null window bounds are infinite."""

    tenant_id: int
    resource: str
    generation: str
    window_start: datetime | None
    window_end: datetime | None


@dataclass(frozen=True)
class Lane:
    """A row of `platform.sync_lanes`."""

    lane_id: int
    key: LaneKey
    lane_start: datetime | None
    lane_end: datetime | None
    state: str
    position: str | None
    reached: datetime | None
    received: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    deleted: int
    pages: int
    calls: int
    terminal: bool
    certified_at: datetime | None
    run_id: str | None
    epoch: int
    error: str | None
    started_at: datetime
    updated_at: datetime

    @property
    def is_done(self) -> bool:
        return self.state == "done"


@dataclass(frozen=True)
class Lease:
    """A held lease. Every write guarded by it names `epoch`; a takeover raises the epoch and fences us out."""

    tenant_id: int
    resource: str
    scope: str
    holder: str
    epoch: int


def acquire_lease(
    connection: psycopg.Connection, tenant_id: int, resource: str, scope: str, *, lease_time: timedelta = LEASE_TIME
) -> Lease:
    """Take the lease: free, expired, or held by a process of this machine that is dead.

    Raises:
        LeaseHeld: with holder, process and expiry.
    """
    raise NotImplementedError


def renew_lease(connection: psycopg.Connection, lease: Lease, *, lease_time: timedelta = LEASE_TIME) -> None:
    """Push the expiry out. Raises FencedOut if it is ours no more."""
    raise NotImplementedError


def release_lease(connection: psycopg.Connection, lease: Lease) -> None:
    """Give it back; no error if it was taken over meanwhile."""
    raise NotImplementedError


def check_lease(connection: psycopg.Connection, lease: Lease) -> None:
    """Fence: holds the lease row (shared) until the transaction ends, so no takeover can slip in before the commit.

    Raises:
        FencedOut: the lease has another epoch by now.
    """
    raise NotImplementedError


@contextmanager
def holding(
    database: Database, tenant_id: int, resource: str, scope: str, *, lease_time: timedelta = LEASE_TIME
) -> Iterator[Lease]:
    """Hold a lease for a block: renewed by a background thread, released at the end. Raises LeaseHeld."""
    raise NotImplementedError
    yield


def lanes_of(connection: psycopg.Connection, key: LaneKey) -> list[Lane]:
    """The lanes of one generation of a window, in order of `lane_start` (nulls first)."""
    raise NotImplementedError


def generations_of(
    connection: psycopg.Connection,
    tenant_id: int,
    resource: str,
    window_start: datetime | None,
    window_end: datetime | None,
    *,
    prefix: str = "",
) -> list[tuple[str, bool]]:
    """Generations of exactly that window, latest first, with whether all their lanes are done."""
    raise NotImplementedError


def add_lanes(
    connection: psycopg.Connection,
    key: LaneKey,
    bounds: Iterable[tuple[datetime | None, datetime | None]],
    *,
    lease: Lease,
    run_id: str | None = None,
) -> list[Lane]:
    """Insert open lanes [lane_start, lane_end) and give them back with their ids, in the order given."""
    raise NotImplementedError


def shrink_lane(connection: psycopg.Connection, lane_id: int, lane_end: datetime, *, lease: Lease) -> None:
    """Move a lane's end forward in time's opposite direction: the rest goes to other lanes (same transaction)."""
    raise NotImplementedError


def record_page(
    connection: psycopg.Connection,
    lane_id: int,
    counts: MergeCounts,
    *,
    lease: Lease,
    position: str | None,
    reached: datetime | None = None,
    quarantined: int = 0,
    pages: int = 1,
    calls: int = 1,
    run_id: str | None = None,
) -> None:
    """Add a page to a lane: counters up, position forward, fence checked. In the transaction of the merge.

    `received` grows by `counts.received + quarantined`. Raises FencedOut.
    """
    raise NotImplementedError


def finish_lane(
    connection: psycopg.Connection,
    lane_id: int,
    *,
    lease: Lease,
    at: datetime,
    certified: bool = True,
    deleted: int = 0,
) -> None:
    """Mark a lane done: its terminal was reached. Raises FencedOut."""
    raise NotImplementedError


def fail_lane(connection: psycopg.Connection, lane_id: int, error: str, *, lease: Lease) -> None:
    """Note why a lane stopped; it stays open and resumes from its position. Cleared by its next page."""
    raise NotImplementedError


def reset_lane(connection: psycopg.Connection, lane_id: int, *, lease: Lease, position: str | None = None) -> None:
    """Open a lane again from `position` with its counters at zero (another pass, a refresh)."""
    raise NotImplementedError


def drop_lanes(connection: psycopg.Connection, lane_ids: Sequence[int], *, lease: Lease) -> None:
    """Forget lanes that another one has replaced."""
    raise NotImplementedError


@dataclass(frozen=True)
class ResourceState:
    """`last_changed_seq` is the data version (0: nothing ever landed); `rows` counts rows ever landed."""

    last_changed_seq: int
    last_changed_at: datetime | None
    last_read_at: datetime | None
    last_certified_at: datetime | None
    rows: int


def resource_state(connection: psycopg.Connection, tenant_id: int, resource: str) -> ResourceState:
    """How fresh a resource of a tenant is."""
    raise NotImplementedError


def note_read(connection: psycopg.Connection, tenant_id: int, resource: str, *, at: datetime, certified: bool) -> None:
    """Say that a read of the source reached its end at `at` (source time), whether or not it brought rows."""
    raise NotImplementedError

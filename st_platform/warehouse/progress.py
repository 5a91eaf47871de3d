"""The ledger of reads, and the state of each resource.

A lane is one sequential read of part of a window. Its row moves in the transaction that lands its page, and only
while the lease is still ours. Knows Postgres; knows nothing of how windows are planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from st_platform.warehouse.errors import LaneGone
from st_platform.warehouse.leases import (
    FENCE,
    LEASE_TIME,
    Lease,
    acquire_lease,
    check_lease,
    holding,
    release_lease,
    renew_lease,
)
from st_platform.warehouse.merge import MergeCounts

__all__ = [
    "LEASE_TIME",
    "Lane",
    "LaneKey",
    "Lease",
    "ResourceState",
    "acquire_lease",
    "add_lanes",
    "adopt_lane",
    "check_lease",
    "drop_lanes",
    "fail_lane",
    "finish_lane",
    "generations_of",
    "holding",
    "lane_by_id",
    "lanes_in_generation",
    "lanes_of",
    "note_read",
    "record_page",
    "release_lease",
    "renew_lease",
    "reset_lane",
    "resource_state",
    "shrink_lane",
]


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
    """A row of `platform.sync_lanes`. `received = inserted + updated + unchanged + quarantined`, always."""

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
class ResourceState:
    """`last_changed_seq` is the data version (0: nothing ever landed); `rows` counts the rows ever landed."""

    last_changed_seq: int
    last_changed_at: datetime | None
    last_read_at: datetime | None
    last_certified_at: datetime | None
    rows: int


_KEY = tuple(field.name for field in fields(LaneKey))
_REST = tuple(field.name for field in fields(Lane) if field.name not in ("lane_id", "key"))
_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, ("lane_id", *_KEY, *_REST)))


_UPDATE = """
    WITH fence AS MATERIALIZED ({fence})
    UPDATE platform.sync_lanes AS l SET {changes}, epoch = %(epoch)s, updated_at = clock_timestamp() FROM fence
    WHERE l.lane_id = %(lane_id)s AND l.tenant_id = %(tenant)s AND l.resource = %(resource)s
"""


def lanes_of(connection: psycopg.Connection, key: LaneKey) -> list[Lane]:
    """The lanes of one generation of a window, in order of `lane_start` (nulls first)."""
    query = sql.SQL(
        "SELECT {} FROM platform.sync_lanes WHERE tenant_id = %s AND resource = %s AND generation = %s"
        " AND window_start IS NOT DISTINCT FROM %s AND window_end IS NOT DISTINCT FROM %s"
        " ORDER BY lane_start NULLS FIRST, lane_id"
    ).format(_COLUMNS)
    rows = connection.execute(query, [getattr(key, name) for name in _KEY]).fetchall()
    return [_lane(row) for row in rows]


def lane_by_id(connection: psycopg.Connection, lane_id: int) -> Lane:
    """One lane as it stands.

    Raises:
        LaneGone: it was replaced.
    """
    query = sql.SQL("SELECT {} FROM platform.sync_lanes WHERE lane_id = %s").format(_COLUMNS)
    row = connection.execute(query, [lane_id]).fetchone()
    if row is None:
        raise _gone(lane_id)
    return _lane(row)


def lanes_in_generation(connection: psycopg.Connection, tenant_id: int, resource: str, generation: str) -> list[Lane]:
    """All lanes of a resource that go by one generation's name, whatever window they belong to; oldest first."""
    query = sql.SQL(
        "SELECT {} FROM platform.sync_lanes WHERE tenant_id = %s AND resource = %s AND generation = %s ORDER BY lane_id"
    ).format(_COLUMNS)
    return [_lane(row) for row in connection.execute(query, [tenant_id, resource, generation]).fetchall()]


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
    rows = connection.execute(
        "SELECT generation, bool_and(state = 'done') FROM platform.sync_lanes"
        " WHERE tenant_id = %s AND resource = %s AND window_start IS NOT DISTINCT FROM %s"
        " AND window_end IS NOT DISTINCT FROM %s AND starts_with(generation, %s)"
        " GROUP BY generation ORDER BY max(lane_id) DESC",
        [tenant_id, resource, window_start, window_end, prefix],
    ).fetchall()
    return [(str(generation), bool(done)) for generation, done in rows]


def add_lanes(
    connection: psycopg.Connection,
    key: LaneKey,
    bounds: Iterable[tuple[datetime | None, datetime | None]],
    *,
    lease: Lease,
    run_id: str | None = None,
) -> list[Lane]:
    """Insert open lanes [lane_start, lane_end); they come back with their ids, in the order given.

    Raises:
        FencedOut: the lease is ours no more.
    """
    check_lease(connection, lease)
    query = sql.SQL(
        "INSERT INTO platform.sync_lanes (tenant_id, resource, generation, window_start, window_end,"
        " lane_start, lane_end, run_id, epoch) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {}"
    ).format(_COLUMNS)
    shared = [getattr(key, name) for name in _KEY]
    return [
        _lane(connection.execute(query, [*shared, start, end, run_id, lease.epoch]).fetchone()) for start, end in bounds
    ]


def shrink_lane(connection: psycopg.Connection, lane_id: int, lane_end: datetime, *, lease: Lease) -> None:
    """Let a lane end earlier; the rest goes to lanes added in the same transaction. Raises FencedOut."""
    _update(connection, lane_id, lease, "lane_end = %(lane_end)s", {"lane_end": lane_end})


def adopt_lane(connection: psycopg.Connection, lane_id: int, key: LaneKey, *, lease: Lease) -> Lane:
    """Let a lane belong to another window and generation from now on; where it stands stays. Raises FencedOut."""
    _update(
        connection,
        lane_id,
        lease,
        "generation = %(generation)s, window_start = %(window_start)s, window_end = %(window_end)s",
        {"generation": key.generation, "window_start": key.window_start, "window_end": key.window_end},
    )
    return lane_by_id(connection, lane_id)


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
    """Add a page to a lane, in the transaction of its merge: counters up, position forward, fence checked.

    `received` grows by `counts.received + quarantined`. `reached` and `run_id` None leave what is there.

    Raises:
        FencedOut: roll back, the page belongs to another process now.
    """
    _update(
        connection,
        lane_id,
        lease,
        "position = %(position)s, reached = coalesce(%(reached)s, l.reached), run_id = coalesce(%(run_id)s, l.run_id),"
        " received = l.received + %(received)s, inserted = l.inserted + %(inserted)s,"
        " updated = l.updated + %(updated)s, unchanged = l.unchanged + %(unchanged)s,"
        " quarantined = l.quarantined + %(quarantined)s, pages = l.pages + %(pages)s, calls = l.calls + %(calls)s,"
        " error = NULL",
        {
            "position": position,
            "reached": reached,
            "run_id": run_id,
            "received": counts.received + quarantined,
            "inserted": counts.inserted,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "quarantined": quarantined,
            "pages": pages,
            "calls": calls,
        },
    )


def finish_lane(
    connection: psycopg.Connection,
    lane_id: int,
    *,
    lease: Lease,
    at: datetime,
    certified: bool = True,
    deleted: int = 0,
) -> None:
    """Mark a lane done: its terminal was reached, at `at` (source time). Raises FencedOut."""
    _update(
        connection,
        lane_id,
        lease,
        "state = 'done', terminal = true, error = NULL, deleted = l.deleted + %(deleted)s,"
        " certified_at = %(certified_at)s",
        {"deleted": deleted, "certified_at": at if certified else None},
    )


def fail_lane(connection: psycopg.Connection, lane_id: int, error: str, *, lease: Lease) -> None:
    """Note why a lane stopped; it stays open and resumes from its position. Cleared by its next page."""
    _update(connection, lane_id, lease, "error = %(error)s", {"error": error[:2000].replace("\x00", "")})


def reset_lane(connection: psycopg.Connection, lane_id: int, *, lease: Lease, position: str | None = None) -> None:
    """Open a lane again from `position` with its counters at zero (another pass, a refresh). Raises FencedOut."""
    _update(
        connection,
        lane_id,
        lease,
        "state = 'open', terminal = false, certified_at = NULL, error = NULL, position = %(position)s, reached = NULL,"
        " received = 0, inserted = 0, updated = 0, unchanged = 0, quarantined = 0, deleted = 0, pages = 0, calls = 0",
        {"position": position},
    )


def drop_lanes(connection: psycopg.Connection, lane_ids: Sequence[int], *, lease: Lease) -> None:
    """Forget lanes that another one has replaced. Raises FencedOut."""
    check_lease(connection, lease)
    connection.execute(
        "DELETE FROM platform.sync_lanes WHERE lane_id = ANY (%s) AND tenant_id = %s AND resource = %s",
        [list(lane_ids), lease.tenant_id, lease.resource],
    )


def resource_state(connection: psycopg.Connection, tenant_id: int, resource: str) -> ResourceState:
    """The data version and freshness of a tenant's resource; all zero and None if it was never read."""
    row = connection.execute(
        "SELECT last_changed_seq, last_changed_at, last_read_at, last_certified_at, rows"
        " FROM platform.resource_state WHERE tenant_id = %s AND resource = %s",
        [tenant_id, resource],
    ).fetchone()
    return ResourceState(*row) if row else ResourceState(0, None, None, None, 0)


def note_read(connection: psycopg.Connection, tenant_id: int, resource: str, *, at: datetime, certified: bool) -> None:
    """Say that a read of the source reached its end at `at` (source time), whether or not it brought rows."""
    connection.execute(
        "INSERT INTO platform.resource_state AS r (tenant_id, resource, last_read_at, last_certified_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (tenant_id, resource) DO UPDATE"
        " SET last_read_at = greatest(r.last_read_at, excluded.last_read_at),"
        " last_certified_at = greatest(r.last_certified_at, excluded.last_certified_at)",
        [tenant_id, resource, at, at if certified else None],
    )


def _update(
    connection: psycopg.Connection,
    lane_id: int,
    lease: Lease,
    changes: LiteralString,
    values: Mapping[str, datetime | int | str | None],
) -> None:
    """Change a lane of the lease's resource, if the lease is still ours."""
    done = connection.execute(
        sql.SQL(_UPDATE).format(fence=sql.SQL(FENCE), changes=sql.SQL(changes)),
        {**values, **lease.parameters, "lane_id": lane_id},
    )
    if done.rowcount:
        return
    check_lease(connection, lease)
    raise _gone(lane_id)


def _gone(lane_id: int) -> LaneGone:
    return LaneGone(f"lane {lane_id} was replaced", "platform.sync_lanes", "Start the read anew.")


def _lane(row: tuple[Any, ...] | None) -> Lane:
    if row is None:
        raise LookupError("the ledger gave no lane back")
    cut = 1 + len(_KEY)
    return Lane(row[0], LaneKey(*row[1:cut]), *row[cut:])

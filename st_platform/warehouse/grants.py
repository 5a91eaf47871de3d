"""Which resources a tenant lets us read, as the last read of each found it.

Knows `platform.grants`; knows neither tokens nor what to do about a scope that is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg


@dataclass(frozen=True)
class Grant:
    """What was last seen of one resource of one tenant; `seen_at` is the source's time, UTC."""

    tenant_id: int
    resource: str
    scope: str
    granted: bool
    seen_at: datetime


# A grant that stays as it is is written once an hour: a table that every read of every resource writes is hot.
_NOTE = """
    INSERT INTO platform.grants AS g (tenant_id, resource, scope, granted, seen_at)
    VALUES (%(tenant)s, %(resource)s, %(scope)s, %(granted)s, %(at)s)
    ON CONFLICT (tenant_id, resource) DO UPDATE
    SET scope = excluded.scope, granted = excluded.granted, seen_at = excluded.seen_at
    WHERE (g.scope, g.granted) IS DISTINCT FROM (excluded.scope, excluded.granted)
        OR g.seen_at < excluded.seen_at - interval '1 hour'
"""


def note_grant(
    connection: psycopg.Connection, tenant_id: int, resource: str, scope: str, *, granted: bool, at: datetime
) -> None:
    """Keep what a read found at `at` (source time)."""
    values = {"tenant": tenant_id, "resource": resource, "scope": scope, "granted": granted, "at": at}
    connection.execute(_NOTE, values)


def grants(connection: psycopg.Connection, tenant_id: int | None = None) -> list[Grant]:
    """What is known, of one tenant or of all, by tenant and resource. A resource never read is not in it."""
    rows = connection.execute(
        "SELECT tenant_id, resource, scope, granted, seen_at FROM platform.grants"
        " WHERE %(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s::bigint ORDER BY tenant_id, resource",
        {"tenant": tenant_id},
    ).fetchall()
    return [Grant(*row) for row in rows]


def not_granted(connection: psycopg.Connection) -> frozenset[tuple[int, str]]:
    """The (tenant id, resource) pairs that were refused when they were last read."""
    rows = connection.execute("SELECT tenant_id, resource FROM platform.grants WHERE NOT granted").fetchall()
    return frozenset((int(tenant_id), str(resource)) for tenant_id, resource in rows)

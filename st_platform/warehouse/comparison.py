"""What a source has against what the warehouse has, by keys and versions.

The keys of a pass over the source are staged here and compared in one statement each for missing, stale and gone
rows. A record key is text, its parts joined with `,`, as in quarantine. Knows SQL and nothing of how keys are read.
The caller holds a lease on the comparison, so that there is one at a time, and owns the transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import psycopg
from psycopg import sql

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.records import Column, floor_instant
from st_platform.warehouse._copy_text import DELIMITER, NULL, render
from st_platform.warehouse._merge_sql import Shape, is_inferred, key_text, same_key, text, text_of, unseen
from st_platform.warehouse.merge import one_row

_KEY = Column("record_key", "record_key", "record_key", "text")
_VERSION = Column("version", "version", "version", "timestamptz")


class _Seen(msgspec.Struct):
    record_key: str
    version: str | None


@dataclass(frozen=True)
class Holdings:
    """What the warehouse holds of a resource: rows that live, of these the ones out of use, rows that are marked by
    their own contents, and keys that came only as broken rows."""

    living: int
    inactive: int
    flagged: int
    broken: int


@dataclass(frozen=True)
class Differences:
    """Record keys of rows that only the source has (`missing`), that it has in a newer version (`stale`), and how
    many living rows only we have (`gone`)."""

    missing: list[str]
    stale: list[str]
    gone: int


def holdings(connection: psycopg.Connection, resource: Resource, tenant_id: int) -> Holdings:
    """Count, without a look at the source."""
    shape = Shape.of(resource)
    statement = text(
        "SELECT count(*) FILTER (WHERE t._deleted_at IS NULL),"
        " count(*) FILTER (WHERE t._deleted_at IS NULL AND {inactive}),"
        " count(*) FILTER (WHERE t._deleted_at IS NOT NULL AND NOT {inferred}),"
        " (SELECT count(DISTINCT q.record_key) FROM platform.quarantine AS q WHERE q.tenant_id = %(tenant)s"
        " AND q.resource = %(resource)s AND q.resolved_at IS NULL AND NOT EXISTS (SELECT FROM {table} AS t"
        " WHERE t.tenant_id = %(tenant)s::bigint AND {key} = q.record_key))"
        " FROM {table} AS t WHERE t.tenant_id = %(tenant)s::bigint",
        inactive=_inactive(resource),
        inferred=is_inferred(shape),
        key=key_text(shape),
        table=shape.table,
    )
    return Holdings(*one_row(connection.execute(statement, {"tenant": tenant_id, "resource": resource.name})))


def forget_seen(connection: psycopg.Connection, resource: Resource, tenant_id: int) -> None:
    """Empty the stage: before a pass, which also clears what a killed one left, and at the end."""
    connection.execute(
        "DELETE FROM platform.seen_keys WHERE tenant_id = %s AND resource = %s", [tenant_id, resource.name]
    )


def stage_seen(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    record_keys: Sequence[str],
    versions: Sequence[str | None],
) -> None:
    """Add what one page of the source has shown; `versions` are instants as the API writes them, one per key."""
    if not record_keys:
        return
    constants = {"tenant_id": str(tenant_id), "resource": resource.name}
    block = render((_KEY, _VERSION), list(map(_Seen, record_keys, versions)), constants=constants)
    command = sql.SQL("COPY platform.seen_keys ({}) FROM STDIN WITH (DELIMITER {}, NULL {})").format(
        sql.SQL(", ").join(map(sql.Identifier, block.columns)), sql.Literal(DELIMITER), sql.Literal(NULL)
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.write(block.data)


def differing(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    record_keys: Sequence[str],
    versions: Sequence[str | None],
) -> tuple[list[int], list[int]]:
    """Of the rows of one page, the places of those that are missing here and of those that are stale here."""
    shape = Shape.of(resource)
    statement = text(
        "SELECT s.place::int - 1, {missing} FROM unnest(%(keys)s::text[], %(versions)s::timestamptz[])"
        " WITH ORDINALITY AS s (record_key, version, place)"
        " LEFT JOIN {table} AS t ON t.tenant_id = %(tenant)s::bigint AND {same} WHERE {missing} OR {stale} ORDER BY 1",
        table=shape.table,
        same=same_key(shape),
        missing=_is_missing(shape),
        stale=_is_stale(shape),
    )
    cut = [_cut(version) for version in versions]
    values = {"tenant": tenant_id, "keys": list(record_keys), "versions": cut}
    rows = connection.execute(statement, values).fetchall()
    return [place for place, missing in rows if missing], [place for place, missing in rows if not missing]


def differences(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    *,
    since_seq: int,
    shows_inactive: bool,
    most: int | None = None,
) -> Differences:
    """Compare all that is staged with all there is; `most` bounds how many keys are named.

    `since_seq` is the number of the first request of the pass: what any request since then has shown is not gone.
    Where the source hides rows out of use, those are not either.
    """
    _compare_in_bulk(connection)
    shape = Shape.of(resource)
    values = {"tenant": tenant_id, "resource": resource.name, "since": since_seq, "most": most}
    statement = text(
        "SELECT DISTINCT s.record_key, {missing} FROM platform.seen_keys AS s"
        " LEFT JOIN {table} AS t ON t.tenant_id = s.tenant_id AND {same}"
        " WHERE s.tenant_id = %(tenant)s AND s.resource = %(resource)s AND ({missing} OR {stale})"
        " ORDER BY 1 LIMIT %(most)s",
        table=shape.table,
        same=same_key(shape),
        missing=_is_missing(shape),
        stale=_is_stale(shape),
    )
    rows = connection.execute(statement, values).fetchall()
    gone = text(
        "SELECT count(*) FROM {table} AS t WHERE {gone}",
        table=shape.table,
        gone=_is_gone(resource, shows_inactive=shows_inactive),
    )
    return Differences(
        [str(key) for key, missing in rows if missing],
        [str(key) for key, missing in rows if not missing],
        int(one_row(connection.execute(gone, values))[0]),
    )


def gone_keys(
    connection: psycopg.Connection, resource: Resource, tenant_id: int, *, since_seq: int, shows_inactive: bool
) -> list[str]:
    """The record keys of living rows that the staged pass did not show; see `differences`."""
    _compare_in_bulk(connection)
    shape = Shape.of(resource)
    statement = text(
        "SELECT {key} FROM {table} AS t WHERE {gone} ORDER BY 1",
        key=key_text(shape),
        table=shape.table,
        gone=_is_gone(resource, shows_inactive=shows_inactive),
    )
    values = {"tenant": tenant_id, "resource": resource.name, "since": since_seq}
    return [str(row[0]) for row in connection.execute(statement, values)]


@dataclass(frozen=True)
class Reconciliation:
    """One line of the history; see `platform.reconciliations`."""

    tenant_id: int
    resource: str
    run_id: str | None
    at: datetime
    method: str
    source_count: int | None
    warehouse_count: int
    missing: int
    stale: int
    gone: int
    healed: int
    deleted: int
    parked: int
    certified: bool
    calls: int
    note: str


def note_reconciliation(connection: psycopg.Connection, found: Reconciliation) -> None:
    """Add to the history."""
    connection.execute(_HISTORY, vars(found))


def reconciliations(
    connection: psycopg.Connection, tenant_id: int, resource: str, *, limit: int = 20
) -> list[Reconciliation]:
    """The history of a resource, latest first."""
    rows = connection.execute(_LATEST, [tenant_id, resource, limit]).fetchall()
    return [Reconciliation(*row) for row in rows]


_HISTORY = """
    INSERT INTO platform.reconciliations (tenant_id, resource, run_id, at, method, source_count, warehouse_count,
        missing, stale, gone, healed, deleted, parked, certified, calls, note)
    VALUES (%(tenant_id)s, %(resource)s, %(run_id)s, %(at)s, %(method)s, %(source_count)s, %(warehouse_count)s,
        %(missing)s, %(stale)s, %(gone)s, %(healed)s, %(deleted)s, %(parked)s, %(certified)s, %(calls)s, %(note)s)
"""
_LATEST = """
    SELECT tenant_id, resource, run_id, at, method, source_count, warehouse_count, missing, stale, gone, healed,
        deleted, parked, certified, calls, note
    FROM platform.reconciliations WHERE tenant_id = %s AND resource = %s
    ORDER BY reconciliation_id DESC LIMIT %s
"""


def _compare_in_bulk(connection: psycopg.Connection) -> None:
    """Keep the planner, which takes a freshly staged table for empty, from comparing each row with each other one."""
    connection.execute("SELECT set_config('enable_nestloop', 'off', true)")


def _is_missing(shape: Shape) -> sql.Composed:
    """Not here at all, or marked for having been missing from the source."""
    return text_of("(t.tenant_id IS NULL OR {})", is_inferred(shape))


def _is_stale(shape: Shape) -> sql.Composed:
    if shape.version is None:
        return sql.SQL("false").format()
    return text_of("coalesce(s.version, '-infinity') > coalesce(t.{}, '-infinity')", sql.Identifier(shape.version))


def _is_gone(resource: Resource, *, shows_inactive: bool) -> sql.Composed:
    shape = Shape.of(resource)
    hidden = sql.SQL("").format() if shows_inactive else text_of(" AND NOT {}", _inactive(resource))
    return text_of(
        "{unseen}{hidden} AND NOT EXISTS (SELECT FROM platform.seen_keys AS s WHERE s.tenant_id = t.tenant_id"
        " AND s.resource = %(resource)s AND {same})",
        unseen=unseen(shape),
        hidden=hidden,
        same=same_key(shape),
    )


def _inactive(resource: Resource) -> sql.Composed:
    if not any(column.name == "active" for column in resource.columns):
        return sql.SQL("false").format()
    return sql.SQL("t.active IS FALSE").format()


def _cut(version: str | None) -> str | None:
    """As COPY would write it: microseconds cut, year 1 nothing."""
    return None if version is None or version.startswith("0001-") else floor_instant(version)

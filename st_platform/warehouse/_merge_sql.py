"""The statements of merge.py, made once per shape of resource.

Only text is made here; nothing is executed. Values are parameters, names go through `sql.Identifier`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from zlib import crc32

from psycopg import sql

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.records import Column, Record, columns_of
from st_platform.warehouse.tables import SCHEMA, type_of

PARK_ABOVE_ROWS = 20
PARK_ABOVE_SHARE = 0.05


@dataclass(frozen=True)
class Shape:
    """What the statements of a resource depend on."""

    name: str
    record: type[Record]
    key: tuple[str, ...]
    version: str | None
    deleted_when: tuple[str, str | bool] | None
    absent: frozenset[str] = frozenset()

    @classmethod
    def of(cls, resource: Resource, *, absent: frozenset[str] = frozenset()) -> Shape:
        """`absent` are columns that the rows at hand do not have, whatever their records say."""
        return cls(resource.name, resource.record, resource.key, resource.version, resource.deleted_when, absent)

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.record)

    @property
    def names(self) -> list[str]:
        return [*(column.name for column in self.columns), "_extra"]

    @property
    def contents(self) -> list[str]:
        """The columns whose change is a change of the row."""
        return [name for name in self.names if name not in self.key and name not in self.absent]

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(SCHEMA, self.name)

    @property
    def stage(self) -> sql.Identifier:
        kinds = repr([(column.name, column.sql_type) for column in self.columns])
        return sql.Identifier(f"stage_{self.name[:40]}_{crc32(kinds.encode()):08x}")


@dataclass(frozen=True)
class Statements:
    """All statements of one shape. Parameters: tenant, resource, seq, at (a page); since (a pass); keys."""

    stage: sql.Identifier
    create_stage: bytes
    empty_stage: bytes
    any_known: bytes
    merge: bytes
    note_stale: bytes
    count_missing: bytes
    mark_missing: bytes
    mark_named: bytes
    mark_parked: bytes


@cache
def statements(shape: Shape) -> Statements:
    return Statements(
        stage=shape.stage,
        create_stage=_create_stage(shape),
        empty_stage=text("DELETE FROM {stage}", stage=shape.stage),
        any_known=_any_known(shape),
        merge=_merge(shape),
        note_stale=_note_stale(shape),
        count_missing=_count_missing(shape),
        mark_missing=_mark_gone(shape, unseen(shape)),
        mark_named=_mark_gone(shape, _is_named(shape)),
        mark_parked=_mark_gone(shape, _is_parked(shape)),
    )


def _create_stage(shape: Shape) -> bytes:
    columns = [sql.SQL("{} {}").format(sql.Identifier(column.name), type_of(column)) for column in shape.columns]
    return text(
        "CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ({columns}, _extra jsonb) ON COMMIT DELETE ROWS",
        stage=shape.stage,
        columns=sql.SQL(", ").join(columns),
    )


def _any_known(shape: Shape) -> bytes:
    """Whether the table has one of the page's keys; for keys of several columns, one that begins like them."""
    kind = next(type_of(column) for column in shape.columns if column.name == shape.key[0])
    return text(
        "SELECT EXISTS (SELECT FROM {table} WHERE tenant_id = %(tenant)s::bigint AND {key} = ANY (%(keys)s::{kind}[]))",
        table=shape.table,
        key=sql.Identifier(shape.key[0]),
        kind=kind,
    )


def _merge(shape: Shape) -> bytes:
    """Insert or replace by version order; gives (inserted, updated, applied).

    A row that delete inference marked stays marked, at the request it was missing from, until a later request
    shows it. A change of `_deleted_at` from or to null counts as a change of the row. Columns that are absent from
    the rows keep what they hold, and with the column that tells of a deletion the deletion stays what it is.
    """
    newer = text_of(
        "(coalesce(excluded.{version}, '-infinity'), excluded._fetch_seq)"
        " > (coalesce(t.{version}, '-infinity'), t._fetch_seq)"
        if shape.version
        else "excluded._fetch_seq > t._fetch_seq",
        version=sql.Identifier(shape.version or ""),
    )
    deleted_now, inferred = sql.SQL("NULL::timestamptz").format(), is_inferred(shape)
    if shape.deleted_when is not None:
        column, value = sql.Identifier(shape.deleted_when[0]), sql.Literal(shape.deleted_when[1])
        deleted_now = text_of("CASE WHEN s.{} = {} THEN %(at)s::timestamptz END", column, value)
    untold = sql.SQL("").format()
    if shape.deleted_when is not None and shape.deleted_when[0] in shape.absent:
        deleted_now = sql.SQL("NULL::timestamptz").format()
        untold = text_of(" WHEN NOT {} THEN t._deleted_at", inferred)
    deleted = text_of(
        "CASE WHEN excluded._deleted_at IS NOT NULL THEN coalesce(t._deleted_at, excluded._deleted_at)"
        " WHEN {inferred} AND excluded._fetch_seq <= t._fetch_seq THEN t._deleted_at{untold} END",
        inferred=inferred,
        untold=untold,
    )
    return text(
        "WITH merged AS ("
        " INSERT INTO {table} AS t (tenant_id, {names}, _fetched_at, _fetch_seq, _changed_at, _deleted_at)"
        " SELECT %(tenant)s::bigint, {staged}, %(at)s::timestamptz, %(seq)s::bigint, statement_timestamp(),"
        " {deleted_now}"
        " FROM {stage} AS s"
        " ON CONFLICT ({key}) DO UPDATE SET {contents},"
        " _fetched_at = excluded._fetched_at,"
        " _fetch_seq = CASE WHEN {inferred} THEN greatest(t._fetch_seq, excluded._fetch_seq)"
        " ELSE excluded._fetch_seq END,"
        " _deleted_at = {deleted},"
        " _changed_at = CASE WHEN ROW({before}) IS DISTINCT FROM ROW({after})"
        " OR (t._deleted_at IS NULL) <> (({deleted}) IS NULL)"
        " THEN greatest(excluded._changed_at, t._changed_at + interval '1 microsecond') ELSE t._changed_at END"
        " WHERE {newer}"
        " RETURNING xmax = 0 AS inserted, _changed_at >= statement_timestamp() AS changed)"
        " SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE changed AND NOT inserted), count(*)"
        " FROM merged",
        table=shape.table,
        stage=shape.stage,
        names=names_of(shape.names),
        staged=names_of(shape.names, "s"),
        key=names_of(["tenant_id", *shape.key]),
        contents=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in shape.contents
        ),
        before=names_of(shape.contents, "t"),
        after=names_of(shape.contents, "excluded"),
        newer=newer,
        deleted_now=deleted_now,
        deleted=deleted,
        inferred=inferred,
    )


def _note_stale(shape: Shape) -> bytes:
    """After a merge: the page's rows that we hold in a newer version from an earlier request."""
    same = sql.SQL(" AND ").join(sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in shape.key)
    return text(
        "INSERT INTO platform.stale_reads (tenant_id, resource, record_key, fetch_seq)"
        " SELECT t.tenant_id, %(resource)s, {key}, %(seq)s::bigint FROM {stage} AS s"
        " JOIN {table} AS t ON t.tenant_id = %(tenant)s::bigint AND {same}"
        " WHERE t._fetch_seq < %(seq)s::bigint ORDER BY 3"
        " ON CONFLICT (tenant_id, resource, record_key) DO UPDATE"
        " SET fetch_seq = greatest(stale_reads.fetch_seq, excluded.fetch_seq)",
        key=key_text(shape),
        stage=shape.stage,
        table=shape.table,
        same=same,
    )


def unseen(shape: Shape) -> sql.Composed:
    """Whether a living row `t` was shown by no request from `since` on, not even as a broken or an outdated one."""
    return text_of(
        "t.tenant_id = %(tenant)s::bigint AND t._deleted_at IS NULL AND t._fetch_seq < %(since)s::bigint"
        " AND NOT EXISTS (SELECT FROM platform.quarantine AS q WHERE q.tenant_id = t.tenant_id"
        " AND q.resource = %(resource)s AND q.record_key = {key} AND q.resolved_at IS NULL"
        " AND q.fetch_seq >= %(since)s::bigint)"
        " AND NOT EXISTS (SELECT FROM platform.stale_reads AS r WHERE r.tenant_id = t.tenant_id"
        " AND r.resource = %(resource)s AND r.record_key = {key} AND r.fetch_seq >= %(since)s::bigint)",
        key=key_text(shape),
    )


def _count_missing(shape: Shape) -> bytes:
    """(living, missing, up to twenty keys of missing rows)."""
    return text(
        "WITH missing AS MATERIALIZED (SELECT {key} AS record_key FROM {table} AS t WHERE {missing})"
        " SELECT (SELECT count(*) FROM {table} WHERE tenant_id = %(tenant)s::bigint AND _deleted_at IS NULL),"
        " (SELECT count(*) FROM missing), ARRAY(SELECT record_key FROM missing ORDER BY 1 LIMIT 20)",
        key=key_text(shape),
        table=shape.table,
        missing=unseen(shape),
    )


def _mark_gone(shape: Shape, gone: sql.Composed) -> bytes:
    """From now on only a request from `since` on can show the row again."""
    return text(
        "UPDATE {table} AS t SET _deleted_at = %(at)s::timestamptz,"
        " _fetch_seq = greatest(t._fetch_seq, %(since)s::bigint),"
        " _changed_at = greatest(statement_timestamp(), t._changed_at + interval '1 microsecond') WHERE {gone}",
        table=shape.table,
        gone=gone,
    )


def _is_named(shape: Shape) -> sql.Composed:
    return text_of(
        "t.tenant_id = %(tenant)s::bigint AND t._deleted_at IS NULL AND t._fetch_seq < %(since)s::bigint"
        " AND EXISTS (SELECT FROM unnest(%(keys)s::text[]) AS s (record_key) WHERE {same})",
        same=same_key(shape),
    )


def _is_parked(shape: Shape) -> sql.Composed:
    return text_of(
        "t.tenant_id = %(tenant)s::bigint AND t._deleted_at IS NULL AND EXISTS (SELECT FROM platform.parked_keys AS s"
        " WHERE s.tenant_id = t.tenant_id AND s.resource = %(resource)s AND t._fetch_seq < s.since_seq AND {same})",
        same=same_key(shape),
    )


def is_inferred(shape: Shape) -> sql.Composed:
    """Whether a row is marked although its own contents do not say so."""
    if shape.deleted_when is None:
        return sql.SQL("t._deleted_at IS NOT NULL").format()
    column, value = sql.Identifier(shape.deleted_when[0]), sql.Literal(shape.deleted_when[1])
    return text_of("(t._deleted_at IS NOT NULL AND t.{} IS DISTINCT FROM {})", column, value)


PARK = b"""
    WITH forgotten AS (DELETE FROM platform.parked_keys WHERE tenant_id = %(tenant)s AND resource = %(resource)s)
    INSERT INTO platform.parked_deletes (tenant_id, resource, missing, living, since_seq, examples, parked_at)
    VALUES (%(tenant)s, %(resource)s, %(missing)s, %(living)s, %(since)s, %(examples)s, %(at)s)
    ON CONFLICT (tenant_id, resource) WHERE resolved_at IS NULL DO UPDATE
    SET missing = excluded.missing, living = excluded.living, since_seq = excluded.since_seq,
        examples = excluded.examples, named = false
"""
UNPARK = b"""
    WITH forgotten AS (DELETE FROM platform.parked_keys WHERE tenant_id = %(tenant)s AND resource = %(resource)s)
    UPDATE platform.parked_deletes SET resolved_at = %(at)s
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND resolved_at IS NULL
"""
PARKED_SINCE = b"""
    SELECT since_seq, named FROM platform.parked_deletes
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND resolved_at IS NULL
    FOR UPDATE
"""
NAME_PARKED = b"""
    INSERT INTO platform.parked_keys AS k (tenant_id, resource, record_key, since_seq)
    SELECT %(tenant)s, %(resource)s, record_key, %(since)s FROM unnest(%(keys)s::text[]) AS s (record_key)
    ON CONFLICT (tenant_id, resource, record_key) DO UPDATE SET since_seq = greatest(k.since_seq, excluded.since_seq)
"""
PARK_NAMED = b"""
    INSERT INTO platform.parked_deletes AS p
        (tenant_id, resource, missing, living, since_seq, examples, parked_at, named)
    SELECT %(tenant)s, %(resource)s, count(*), %(living)s, %(since)s,
        (array_agg(record_key ORDER BY record_key))[:20], %(at)s, true
    FROM platform.parked_keys WHERE tenant_id = %(tenant)s AND resource = %(resource)s
    ON CONFLICT (tenant_id, resource) WHERE resolved_at IS NULL DO UPDATE
    SET missing = excluded.missing, living = excluded.living, since_seq = excluded.since_seq,
        examples = excluded.examples, named = true
"""
FORGET_STALE = b"""
    DELETE FROM platform.stale_reads
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND fetch_seq < %(since)s
"""
NOTE_CHANGE = b"""
    INSERT INTO platform.resource_state AS r (tenant_id, resource, last_changed_seq, last_changed_at, rows)
    VALUES (%(tenant)s, %(resource)s, %(seq)s, %(at)s, %(inserted)s)
    ON CONFLICT (tenant_id, resource) DO UPDATE
    SET last_changed_seq = greatest(r.last_changed_seq, excluded.last_changed_seq),
        last_changed_at = greatest(r.last_changed_at, excluded.last_changed_at),
        rows = r.rows + excluded.rows
"""


def same_key(shape: Shape) -> sql.Composed:
    """Whether row `t` is the one that `s.record_key` names, as an index on the key can use it."""
    kinds = {column.name: type_of(column) for column in shape.columns}
    if len(shape.key) == 1:
        name = shape.key[0]
        return text_of("t.{} = s.record_key::{}", sql.Identifier(name), kinds[name])
    return sql.SQL(" AND ").join(
        text_of("t.{} = {}::{}", sql.Identifier(name), _part(place, place == len(shape.key)), kinds[name])
        for place, name in enumerate(shape.key, start=1)
    )


def _part(place: int, is_last: bool) -> sql.Composed:
    """One part of `s.record_key`; the last one may hold commas of its own."""
    if is_last:
        return text_of("array_to_string((string_to_array(s.record_key, ','))[{}:], ',')", sql.Literal(place))
    return text_of("split_part(s.record_key, ',', {})", sql.Literal(place))


def key_text(shape: Shape) -> sql.Composed:
    """The key as it is written in quarantine: its parts joined with a comma."""
    parts = sql.SQL(" || ',' || ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in shape.key)
    return sql.SQL("({})").format(parts)


def names_of(names: Iterable[str], alias: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)


def text_of(template: str, *parts: sql.Composable, **named: sql.Composable) -> sql.Composed:
    return sql.SQL(template).format(*parts, **named)  # pyright: ignore[reportArgumentType] - all templates are ours


def text(template: str, **named: sql.Composable) -> bytes:
    return text_of(template, **named).as_bytes(None)

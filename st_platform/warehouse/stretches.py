"""Rows by the time that they are about: what stands in a stretch of it, and what a read of it no longer showed.

For resources that are read by the day. Knows which columns say the day and the segment; knows nothing of how they
are read. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from st_platform.servicetitan.catalog import Resource, Segment, SliceDay
from st_platform.warehouse._merge_sql import Shape, key_text, text, text_of, unseen
from st_platform.warehouse.merge import one_row
from st_platform.warehouse.tables import type_of


@dataclass(frozen=True)
class Stretch:
    """Rows about `[start, end)`, UTC, and of one segment where the resource has such."""

    start: datetime
    end: datetime
    segment: str | None = None


def unseen_in(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    stretches: Sequence[Stretch],
    *,
    since_seq: int,
) -> list[tuple[int, str]]:
    """The living rows of `stretches` that no request from `since_seq` on has shown, as (place of the stretch, record
    key). A row in open quarantine since then was shown."""
    if not stretches:
        return []
    shape = Shape.of(resource)
    statement = text(
        "SELECT w.place::int - 1, {key} FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[],"
        " %(segments)s::text[]) WITH ORDINALITY AS w (starts, ends, segment, place)"
        " JOIN {table} AS t ON {within} WHERE {unseen} ORDER BY 1, 2",
        key=key_text(shape),
        table=shape.table,
        within=_is_within(resource),
        unseen=unseen(shape),
    )
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "resource": resource.name,
        "since": since_seq,
        "starts": [stretch.start for stretch in stretches],
        "ends": [stretch.end for stretch in stretches],
        "segments": [stretch.segment for stretch in stretches],
    }
    return [(int(place), str(key)) for place, key in connection.execute(statement, values)]


def count_living(connection: psycopg.Connection, resource: Resource, tenant_id: int) -> int:
    """All living rows of a tenant's resource."""
    statement = text(
        "SELECT count(*) FROM {table} WHERE tenant_id = %(tenant)s::bigint AND _deleted_at IS NULL",
        table=Shape.of(resource).table,
    )
    return int(one_row(connection.execute(statement, {"tenant": tenant_id}))[0])


def _is_within(resource: Resource) -> sql.Composed:
    filled = {type(fill): name for name, fill in resource.filled.items()}
    when = filled.get(SliceDay, resource.created)
    if when is None:
        raise ValueError(f"{resource.name}: no column says the day of a row")
    kind = next(type_of(column) for column in resource.columns if column.name == when)
    within = text_of(
        "t.tenant_id = %(tenant)s::bigint AND t.{when} >= w.starts::{kind} AND t.{when} < w.ends::{kind}",
        when=sql.Identifier(when),
        kind=kind,
    )
    if Segment not in filled:
        return within
    return text_of("{} AND t.{} = w.segment", within, sql.Identifier(filled[Segment]))

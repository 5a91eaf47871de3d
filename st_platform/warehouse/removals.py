"""Rows that are gone from the source: marked, or parked for a person when there are too many to believe.

What proves that a row is gone is the caller's business; here are the rules for what may follow from it. Knows SQL
and nothing of how a source is read. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from st_platform.servicetitan.catalog import Resource
from st_platform.warehouse import _merge_sql
from st_platform.warehouse._merge_sql import Shape, statements
from st_platform.warehouse.merge import next_fetch_seq, note_change, one_row


@dataclass(frozen=True)
class DeleteOutcome:
    """What delete inference did with `missing` of `living` rows: marked `deleted`, or `parked` for a person."""

    missing: int
    living: int
    deleted: int
    parked: bool


def is_too_many(missing: int, living: int) -> bool:
    """Whether so many of the living rows are not believed to be gone: more than 20 and more than 5 %."""
    return missing > _merge_sql.PARK_ABOVE_ROWS and missing > living * _merge_sql.PARK_ABOVE_SHARE


def mark_missing(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    *,
    seen_since_seq: int,
    at: datetime,
    shown_any: bool = True,
) -> DeleteOutcome:
    """Mark living rows deleted that no request since `seen_since_seq` has shown. Only after a certified full read.

    Rows in open quarantine since that request, or seen in an older version, are not missing. Too many at once, or
    any if the source showed nothing at all (`shown_any`), are parked in `platform.parked_deletes` instead; a later
    pass without the excess unparks.
    """
    texts = statements(Shape.of(resource))
    values = {"tenant": tenant_id, "resource": resource.name, "since": seen_since_seq, "at": at}
    living, missing, examples = one_row(connection.execute(texts.count_missing, values))
    connection.execute(_merge_sql.FORGET_STALE, values)
    if is_too_many(missing, living) or (missing and not shown_any):
        connection.execute(_merge_sql.PARK, {**values, "living": living, "missing": missing, "examples": examples})
        return DeleteOutcome(missing, living, 0, parked=True)
    connection.execute(_merge_sql.UNPARK, values)
    if not missing:
        return DeleteOutcome(0, living, 0, parked=False)
    return DeleteOutcome(missing, living, _mark(connection, resource, values), parked=False)


def mark_named(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    record_keys: Sequence[str],
    *,
    since_seq: int,
    at: datetime,
) -> int:
    """Mark the rows with these keys (parts joined with `,`) as deleted, unless a request from `since_seq` on has
    shown them; how many were. Whether that many can be believed is for the caller to ask before."""
    values = {"tenant": tenant_id, "resource": resource.name, "since": since_seq, "at": at, "keys": list(record_keys)}
    deleted = connection.execute(statements(Shape.of(resource)).mark_named, values).rowcount
    _note(connection, resource, values, deleted)
    return deleted


def park_named(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    record_keys: Sequence[str],
    *,
    living: int,
    since_seq: int,
    at: datetime,
) -> None:
    """Let a person decide about the rows with these keys; such that wait already go on waiting."""
    values = {"tenant": tenant_id, "resource": resource.name, "since": since_seq, "at": at}
    connection.execute(_merge_sql.NAME_PARKED, {**values, "keys": list(record_keys)})
    connection.execute(_merge_sql.PARK_NAMED, {**values, "living": living})


def unpark(connection: psycopg.Connection, resource: Resource, tenant_id: int, *, at: datetime) -> None:
    """Close what is parked, after a certified look at all rows that leaves nothing to decide."""
    connection.execute(_merge_sql.UNPARK, {"tenant": tenant_id, "resource": resource.name, "at": at})


def accept_parked(
    connection: psycopg.Connection, resource: Resource, tenant_id: int, *, at: datetime
) -> DeleteOutcome | None:
    """Believe a removal that was parked: mark every row of it that no request has shown since.

    A row that was read again since is not among them. None if nothing is parked.
    """
    found = connection.execute(_merge_sql.PARKED_SINCE, {"tenant": tenant_id, "resource": resource.name}).fetchone()
    if found is None:
        return None
    since, named = found
    texts = statements(Shape.of(resource))
    values = {"tenant": tenant_id, "resource": resource.name, "since": since, "at": at}
    living, missing, _ = one_row(connection.execute(texts.count_missing, values))
    if named:
        deleted = missing = connection.execute(texts.mark_parked, values).rowcount
        _note(connection, resource, values, deleted)
    else:
        deleted = _mark(connection, resource, values)
    connection.execute(_merge_sql.UNPARK, values)
    return DeleteOutcome(missing, living, deleted, parked=False)


def _mark(connection: psycopg.Connection, resource: Resource, values: Mapping[str, Any]) -> int:
    deleted = connection.execute(statements(Shape.of(resource)).mark_missing, values).rowcount
    _note(connection, resource, values, deleted)
    return deleted


def _note(connection: psycopg.Connection, resource: Resource, values: Mapping[str, Any], deleted: int) -> None:
    if deleted:
        note_change(connection, resource, values["tenant"], next_fetch_seq(connection), values["at"], 0)

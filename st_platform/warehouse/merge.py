"""Landing one page of records: dedupe, COPY, one guarded merge.

The rule of versions: a row is replaced only by a greater `(version, _fetch_seq)`, nulls first. A later read of the
same version advances `_fetch_seq` even when nothing changed; contents only decide whether `_changed_at` moves.
Knows records and SQL; knows nothing of pages' bytes, windows or progress. The caller owns the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.copy import LibpqWriter
from psycopg.pq import TransactionStatus

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.records import Record
from st_platform.warehouse import _merge_sql
from st_platform.warehouse._copy_text import DELIMITER, NULL, render, version_order
from st_platform.warehouse._merge_sql import Shape, statements
from st_platform.warehouse.errors import RowRefused
from st_platform.warehouse.tables import table_name

_ROW_ERRORS = (
    psycopg.DataError,
    psycopg.errors.NotNullViolation,
    psycopg.errors.StatementTooComplex,  # JSON nested too deeply
    psycopg.errors.ProgramLimitExceeded,  # JSON too large
)
_COPY_LINE = re.compile(r"^COPY [^,]+, line (\d+)(?:, column ([^:]+))?", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A record with what its page carried beyond it: `extra` is a JSON object of unknown fields."""

    record: Record
    extra: bytes | None = None


@dataclass(frozen=True)
class MergeCounts:
    """What came of the rows handed in: `received = inserted + updated + unchanged`.

    Repetitions within the page and rows older than the one we hold count as unchanged. `last_changed_seq` is the
    page's `fetch_seq` if anything changed, else None.
    """

    received: int
    inserted: int
    updated: int
    unchanged: int
    last_changed_seq: int | None


def next_fetch_seq(connection: psycopg.Connection) -> int:
    """The number of the request about to be sent. Sequences do not roll back, so any session will do."""
    return one_row(connection.execute("SELECT nextval('platform.fetch_seq')"))[0]


def merge_page(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    rows: Sequence[Record | Row],
    *,
    fetch_seq: int,
    fetched_at: datetime,
    absent: frozenset[str] = frozenset(),
) -> MergeCounts:
    """Merge the rows of one answer. `platform.resource_state` moves in the same transaction.

    `absent` are columns that these rows do not have, whatever their records say: what is there of them stays.

    Raises:
        RowRefused: Postgres cannot store one of the rows; roll back, set it aside by its index, try again.
        psycopg.errors.DeadlockDetected, LockNotAvailable: roll back and try again.
    """
    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        with connection.transaction():
            return merge_page(
                connection, resource, tenant_id, rows, fetch_seq=fetch_seq, fetched_at=fetched_at, absent=absent
            )
    if not rows:
        return MergeCounts(0, 0, 0, 0, None)
    if connection.info.parameter_status("TimeZone") != "UTC":
        connection.execute("SET LOCAL TimeZone TO 'UTC'")
    page = _Page.of(resource, rows)
    landing = _Landing(connection, resource, tenant_id, fetch_seq, fetched_at, absent)
    try:
        if landing.is_new(page) and landing.copy(page):
            inserted, updated = len(page.records), 0
        else:
            inserted, updated = landing.merge(page)
    except _ROW_ERRORS as error:
        raise _refused(error, resource, page) from error
    changed = inserted + updated > 0
    if changed:
        note_change(connection, resource, tenant_id, fetch_seq, fetched_at, inserted)
    return MergeCounts(len(rows), inserted, updated, len(rows) - inserted - updated, fetch_seq if changed else None)


@dataclass(frozen=True)
class _Page:
    """The records of a page, one per key, sorted by key.

    The order is the same for everybody, so that two writers with the same keys wait for each other instead of
    deadlocking. `origins` are the rows' places in what the caller handed in; `deleted` says which rows are marked as
    deleted by their own contents, None if none is.
    """

    records: Sequence[Record]
    extras: list[bytes | None] | None
    origins: list[int]
    keys: list[Any]
    deleted: list[bool] | None

    @classmethod
    def of(cls, resource: Resource, rows: Sequence[Record | Row]) -> _Page:
        records, extras = _unwrapped(rows)
        keys = list(map(_getter(resource, *resource.key), records))
        origins = _newest(keys, records, _getter(resource, resource.version) if resource.version else None)
        if len(resource.key) == 1:
            origins.sort(key=keys.__getitem__)
        else:
            origins.sort(key=lambda origin: tuple((part is None, part) for part in keys[origin]))
        ordered = [records[origin] for origin in origins]
        return cls(
            ordered,
            [extras[origin] for origin in origins] if any(extras) else None,
            origins,
            [keys[origin] for origin in origins],
            _deleted(resource, ordered),
        )


def _unwrapped(rows: Sequence[Record | Row]) -> tuple[Sequence[Record], Sequence[bytes | None]]:
    """The records, and what was beside them; nothing at all in the usual case that no row is wrapped."""
    if Row not in set(map(type, rows)):
        return cast(Sequence[Record], rows), ()
    records = [row.record if isinstance(row, Row) else row for row in rows]
    return records, [row.extra if isinstance(row, Row) else None for row in rows]


def _getter(resource: Resource, *names: str) -> Callable[[Record], Any]:
    """What a record has in a column, or a tuple of it in several."""
    attributes = {column.name: column.attribute for column in resource.columns}
    return attrgetter(*(attributes[name] for name in names))


def _deleted(resource: Resource, records: Sequence[Record]) -> list[bool] | None:
    if resource.deleted_when is None:
        return None
    column, deleted = resource.deleted_when
    marks = [value == deleted for value in map(_getter(resource, column), records)]
    return marks if True in marks else None


def _newest(keys: list[Any], records: Sequence[Record], version: Callable[[Record], str | None] | None) -> list[int]:
    """The places of the rows that count: per key the greatest version with all seven digits, the last of equals."""
    if len(set(keys)) == len(keys):
        return list(range(len(keys)))
    best: dict[Any, int] = {}
    for place, key in enumerate(keys):
        held = best.get(key)
        if (
            held is None
            or version is None
            or version_order(version(records[place])) >= version_order(version(records[held]))
        ):
            best[key] = place
    return list(best.values())


class _Landing:
    """One page on its way into one table."""

    def __init__(
        self,
        connection: psycopg.Connection,
        resource: Resource,
        tenant_id: int,
        fetch_seq: int,
        fetched_at: datetime,
        absent: frozenset[str],
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._texts = statements(Shape.of(resource, absent=absent))
        self._at = fetched_at
        self._values = {"tenant": tenant_id, "resource": resource.name, "seq": fetch_seq, "at": fetched_at}

    def is_new(self, page: _Page) -> bool:
        """Whether the page can be copied straight in: none of its keys is there."""
        parts = page.keys if len(self._resource.key) == 1 else list({key[0] for key in page.keys})
        keys = parts if isinstance(parts[0], str) else "{" + ",".join(map(str, parts)) + "}"
        return not one_row(self._connection.execute(self._texts.any_known, {**self._values, "keys": keys}))[0]

    def copy(self, page: _Page) -> bool:
        """COPY into the table itself; False if somebody else was inserting one of the keys."""
        constants = {
            "tenant_id": str(self._values["tenant"]),
            "_fetched_at": self._at.astimezone(UTC).isoformat(),
            "_fetch_seq": str(self._values["seq"]),
        }
        try:
            with self._connection.transaction():
                self._send(table_name(self._resource), page, constants, deleted_at=self._marks(page))
        except psycopg.errors.UniqueViolation:
            return False
        return True

    def merge(self, page: _Page) -> tuple[int, int]:
        """COPY into the session's stage and merge from there; rows inserted and updated."""
        self._connection.execute(self._texts.create_stage)
        self._connection.execute(self._texts.empty_stage)
        self._send(self._texts.stage, page, {})
        inserted, updated, applied = one_row(self._connection.execute(self._texts.merge, self._values))
        if applied < len(page.records) and self._resource.version and self._resource.list:
            self._connection.execute(self._texts.note_stale, self._values)
        return inserted, updated

    def _marks(self, page: _Page) -> list[str | None] | None:
        if page.deleted is None:
            return None
        at = self._at.astimezone(UTC).isoformat()
        return [at if deleted else None for deleted in page.deleted]

    def _send(
        self,
        target: sql.Identifier,
        page: _Page,
        constants: Mapping[str, str],
        deleted_at: list[str | None] | None = None,
    ) -> None:
        block = render(
            self._resource.columns, page.records, extras=page.extras, deleted_at=deleted_at, constants=constants
        )
        command = sql.SQL("COPY {} ({}) FROM STDIN WITH (DELIMITER {}, NULL {})").format(
            target, sql.SQL(", ").join(map(sql.Identifier, block.columns)), sql.Literal(DELIMITER), sql.Literal(NULL)
        )
        with self._connection.cursor() as cursor:
            # One wait a page: after each, this thread stands in line for the interpreter behind the one that decodes.
            writer = LibpqWriter(cursor, flush_threshold=len(block.data) + 1)
            with cursor.copy(command, writer=writer) as copy:
                copy.write(block.data)


def note_change(
    connection: psycopg.Connection, resource: Resource, tenant_id: int, seq: int, at: datetime, inserted: int
) -> None:
    """Move the data version of a resource, in the transaction that changes its rows."""
    values = {"tenant": tenant_id, "resource": resource.name, "seq": seq, "at": at, "inserted": inserted}
    connection.execute(_merge_sql.NOTE_CHANGE, values)


def _refused(error: psycopg.Error, resource: Resource, page: _Page) -> Exception:
    """The error of a COPY as the row it is about; any other error as it is."""
    found = _COPY_LINE.search(error.diag.context or "")
    if found is None:
        return error
    place = int(found[1]) - 1
    return RowRefused(
        f"Postgres cannot store a row: {error.diag.message_primary}",
        f"{resource.name} {page.keys[place]}, column {found[2] or 'unknown'}",
        "Roll back and quarantine the row.",
        index=page.origins[place],
        column=found[2],
    )


def one_row(cursor: psycopg.Cursor[Any]) -> Any:
    """The row of a statement that always gives one."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a statement that gives one row gave none")
    return row

"""Rows that could not be landed, and fields nobody expected: kept, counted, visible.

Knows Postgres; knows nothing of why a row was refused beyond what it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg


@dataclass(frozen=True)
class BrokenRow:
    """A refused row: `pointer` is a JSON pointer into `raw`, the row's bytes; `record_key` its key if readable
    (parts joined with `,`)."""

    reason: str
    pointer: str
    raw: bytes
    record_key: str | None = None


@dataclass(frozen=True)
class DriftNotice:
    """Something the record does not know: `kind` such as `unknown field`, `value replaced`; `example` is short."""

    field: str
    kind: str
    example: str | None = None


_KEEP = """
    INSERT INTO platform.quarantine AS q
        (tenant_id, resource, record_key, reason, pointer, raw, raw_sha256, fetch_seq, first_seen_at, last_seen_at)
    VALUES (%s, %s, %s, %s, %s, %s, sha256(%s), %s, %s, %s)
    ON CONFLICT (tenant_id, resource, coalesce(record_key, ''), reason, pointer, raw_sha256)
        WHERE resolved_at IS NULL DO UPDATE
    SET occurrences = q.occurrences + 1,
        fetch_seq = greatest(q.fetch_seq, excluded.fetch_seq),
        last_seen_at = greatest(q.last_seen_at, excluded.last_seen_at)
"""
_RESOLVE = """
    UPDATE platform.quarantine SET resolved_at = %s
    WHERE tenant_id = %s AND resource = %s AND record_key = ANY (%s) AND resolved_at IS NULL
"""
_NOTE = """
    INSERT INTO platform.drift_notices AS d
        (tenant_id, resource, field, kind, seen_on, example, first_seen_at, last_seen_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (tenant_id, resource, field, kind, seen_on) DO UPDATE
    SET occurrences = d.occurrences + 1, last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)
    RETURNING d.occurrences = 1
"""


def quarantine_rows(
    connection: psycopg.Connection,
    tenant_id: int,
    resource: str,
    rows: Iterable[BrokenRow],
    *,
    fetch_seq: int,
    at: datetime,
) -> None:
    """Keep broken rows; the same row with the same reason raises its count instead of repeating."""
    values = [
        [
            tenant_id,
            resource,
            *map(_clean, (row.record_key, row.reason, row.pointer)),
            row.raw,
            row.raw,
            fetch_seq,
            at,
            at,
        ]
        for row in sorted(rows, key=lambda row: (row.record_key or "", row.reason, row.pointer, row.raw))
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(_KEEP, values)


def resolve_quarantined(
    connection: psycopg.Connection, tenant_id: int, resource: str, record_keys: Iterable[str], *, at: datetime
) -> int:
    """Close the open entries of rows that came in well. Returns how many."""
    return connection.execute(_RESOLVE, [at, tenant_id, resource, list(record_keys)]).rowcount


def open_quarantine(connection: psycopg.Connection, tenant_id: int, resource: str) -> int:
    """How many entries are open."""
    row = connection.execute(
        "SELECT count(*) FROM platform.quarantine WHERE tenant_id = %s AND resource = %s AND resolved_at IS NULL",
        [tenant_id, resource],
    ).fetchone()
    return int(row[0]) if row else 0


def note_drift(
    connection: psycopg.Connection, tenant_id: int, resource: str, notices: Iterable[DriftNotice], *, at: datetime
) -> tuple[str, ...]:
    """Record drift once per field, kind and UTC day; returns the notices that are new today, as short texts."""
    new: list[str] = []
    for notice in sorted(set(notices), key=lambda notice: (notice.field, notice.kind, notice.example or "")):
        field, kind, example = map(_clean, (notice.field, notice.kind, notice.example))
        row = connection.execute(
            _NOTE, [tenant_id, resource, field, kind, at.astimezone(UTC).date(), example, at, at]
        ).fetchone()
        if row is not None and row[0]:
            new.append(f"{kind}: {field}" + (f" ({example})" if example else ""))
    return tuple(new)


def _clean(text: str | None) -> str | None:
    """What Postgres cannot hold in text, NUL and lone surrogates, as U+FFFD."""
    if text is None:
        return None
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")

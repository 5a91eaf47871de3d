"""Rows that could not be landed, and fields nobody expected: kept, counted, visible.

Knows Postgres; knows nothing of why a row was refused beyond what it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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
    raise NotImplementedError


def resolve_quarantined(
    connection: psycopg.Connection, tenant_id: int, resource: str, record_keys: Iterable[str], *, at: datetime
) -> int:
    """Close the open entries of rows that came in well. Returns how many."""
    raise NotImplementedError


def open_quarantine(connection: psycopg.Connection, tenant_id: int, resource: str) -> int:
    """How many entries are open."""
    raise NotImplementedError


def note_drift(
    connection: psycopg.Connection, tenant_id: int, resource: str, notices: Iterable[DriftNotice], *, at: datetime
) -> tuple[str, ...]:
    """Record drift once per field, kind and day; returns the notices that are new today as short texts."""
    raise NotImplementedError

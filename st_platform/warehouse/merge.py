"""Landing one page of records: dedupe, COPY into a stage, one guarded merge.

The rule of versions: a row is replaced only by a greater `(version, _fetch_seq)`, nulls first. A later read of the
same version advances `_fetch_seq` even when nothing changed; contents only decide whether `_changed_at` moves.
Knows records and SQL; knows nothing of pages' bytes, windows or progress. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.records import Record


@dataclass(frozen=True)
class Row:
    """A record with what its page carried beyond it: `extra` is a JSON object of unknown fields."""

    record: Record
    extra: bytes | None = None


@dataclass(frozen=True)
class MergeCounts:
    """What came of the rows handed in: `received = inserted + updated + unchanged`, duplicates within the page
    counting as unchanged. `last_changed_seq` is the page's `fetch_seq` if anything changed, else None."""

    received: int
    inserted: int
    updated: int
    unchanged: int
    last_changed_seq: int | None


@dataclass(frozen=True)
class DeleteOutcome:
    """What delete inference did: `deleted` rows marked, or `parked` because too many were missing."""

    missing: int
    living: int
    deleted: int
    parked: bool


def next_fetch_seq(connection: psycopg.Connection) -> int:
    """The number of the request about to be sent. Sequences do not roll back, so any connection will do."""
    raise NotImplementedError


def merge_page(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    rows: Sequence[Record | Row],
    *,
    fetch_seq: int,
    fetched_at: datetime,
) -> MergeCounts:
    """Merge the rows of one answer. `platform.resource_state` moves in the same transaction.

    Raises:
        RowRefused: Postgres cannot store one of the rows; roll back, set it aside by its index, try again.
        psycopg.errors.DeadlockDetected, LockNotAvailable: roll back and try again.
    """
    raise NotImplementedError


def mark_missing(
    connection: psycopg.Connection,
    resource: Resource,
    tenant_id: int,
    *,
    seen_since_seq: int,
    at: datetime,
) -> DeleteOutcome:
    """Mark living rows deleted that no request since `seen_since_seq` has shown. Only after a certified full read.

    Rows in open quarantine since that request, or seen in an older version, are not missing. More than 5 % and
    more than 20 rows are parked in `platform.parked_deletes` instead.
    """
    raise NotImplementedError

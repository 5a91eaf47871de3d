"""What the warehouse knows about one extract: how far it has been read, what is proven, what could not be landed.

One statement per extract, on indexes; the resource's own table is never touched, however large it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

DUE_AFTER = timedelta(hours=2)
"""How long after its end a day may still be without a completed window: the nightly run is minutes after 00:25."""

_COMPARISONS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One comparison with the source, as its history tells it; counts are rows. `source_count` None: not counted."""

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


@dataclass(frozen=True, kw_only=True)
class Health:
    """The ledger's view of one extract.

    `caught_up_at` is when a read last reached the source's present, `certified_at` when one last proved itself.
    `missing_days` are the first and last day of each stretch without a completed window; the first day's None
    means that the history before the first partition is missing as well. `granted` is None while nobody has asked;
    `comparisons` are the last few, newest first.
    """

    caught_up_at: datetime | None
    certified_at: datetime | None
    rows: int
    quarantined: int
    quarantined_since: datetime | None
    quarantine_reasons: tuple[str, ...]
    parked_missing: int
    parked_living: int
    stopped_by: str | None
    missing_days: tuple[tuple[date | None, date], ...]
    granted: bool | None = None
    comparisons: tuple[Comparison, ...] = ()


def last_due_day(now: datetime) -> date:
    """The newest day whose window should be complete at `now` (UTC)."""
    return (now - DUE_AFTER).date() - timedelta(days=1)


def read_health(
    connection: psycopg.Connection,
    tenant_id: int,
    resource: str,
    *,
    first_day: date | None,
    since: datetime | None = None,
    now: datetime,
) -> Health:
    """The health of one extract.

    `first_day` is the tenant's first partition, None for a resource without days; `since` where its history begins,
    None for the beginning of time.
    """
    due = last_due_day(now) + timedelta(days=1)
    parameters = {
        "tenant": tenant_id,
        "resource": resource,
        "since": since,
        "due": f"{due.isoformat()} 00:00:00+00",
        "comparisons": _COMPARISONS_SHOWN,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        row: dict[str, Any] = cursor.execute(_HEALTH, parameters).fetchone() or {}
    gaps = row["gaps"] if first_day is not None and due > first_day else ()
    return Health(
        caught_up_at=row["last_read_at"],
        certified_at=row["last_certified_at"],
        rows=row["rows"] or 0,
        quarantined=row["quarantined"],
        quarantined_since=row["quarantined_since"],
        quarantine_reasons=tuple(row["reasons"] or ()),
        parked_missing=row["parked_missing"] or 0,
        parked_living=row["parked_living"] or 0,
        stopped_by=row["stopped_by"],
        missing_days=tuple(_days(gap.lower, gap.upper, first_day) for gap in gaps),
        granted=row["granted"],
        comparisons=tuple(_comparison(item) for item in row["comparisons"] or ()),
    )


def _comparison(item: dict[str, Any]) -> Comparison:
    return Comparison(**{**item, "at": datetime.fromisoformat(item["at"])})


def _days(start: datetime | None, end: datetime, first_day: date | None) -> tuple[date | None, date]:
    """The days of a gap `[start, end)`. A gap that begins before the first partition begins with that one."""
    begins = None if start is None or (first_day and start.date() < first_day) else start.date()
    return begins, (end - timedelta(microseconds=1)).date()


_HEALTH = """
WITH lanes AS (
    SELECT lane_start, lane_end, state, certified_at, error, updated_at
    FROM platform.sync_lanes
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s
), broken AS (
    SELECT reason, first_seen_at
    FROM platform.quarantine
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND resolved_at IS NULL
), state AS (
    SELECT last_read_at, last_certified_at, rows
    FROM platform.resource_state
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s
), parked AS (
    SELECT missing, living
    FROM platform.parked_deletes
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s AND resolved_at IS NULL
), compared AS (
    SELECT
        reconciliation_id, at, method, source_count, warehouse_count, missing, stale, gone, healed, deleted, parked,
        certified, calls, note
    FROM platform.reconciliations
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s
    ORDER BY reconciliation_id DESC
    LIMIT %(comparisons)s
)
SELECT
    (SELECT last_read_at FROM state) AS last_read_at,
    (SELECT last_certified_at FROM state) AS last_certified_at,
    (SELECT rows FROM state) AS rows,
    (SELECT count(*) FROM broken) AS quarantined,
    (SELECT min(first_seen_at) FROM broken) AS quarantined_since,
    (SELECT array_agg(number || ' × ' || reason ORDER BY number DESC)
     FROM (SELECT reason, count(*) AS number FROM broken GROUP BY reason ORDER BY 2 DESC LIMIT 3) AS r) AS reasons,
    (SELECT granted FROM platform.grants
     WHERE tenant_id = %(tenant)s AND resource = %(resource)s) AS granted,
    (SELECT jsonb_agg(to_jsonb(c) - 'reconciliation_id' ORDER BY reconciliation_id DESC)
     FROM compared AS c) AS comparisons,
    (SELECT missing FROM parked) AS parked_missing,
    (SELECT living FROM parked) AS parked_living,
    (SELECT error FROM lanes
     WHERE state = 'open' AND error IS NOT NULL
       AND updated_at > coalesce((SELECT last_read_at FROM state), '-infinity')
     ORDER BY updated_at DESC LIMIT 1) AS stopped_by,
    ARRAY(SELECT unnest(
        tstzmultirange(tstzrange(%(since)s::timestamptz, %(due)s::timestamptz))
        - coalesce(
            (SELECT range_agg(tstzrange(lane_start, lane_end)) FROM lanes
             WHERE state = 'done' AND certified_at IS NOT NULL),
            '{}'::tstzmultirange)
    )) AS gaps
"""

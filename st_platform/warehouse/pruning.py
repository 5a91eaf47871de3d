"""Forgetting finished reads: the ledger keeps what is unfinished, what is young, and the last word on each window.

Called at the end of each sync for the resource that was read; does something once a day at most.
"""

from __future__ import annotations

from datetime import timedelta

import psycopg

KEPT_FOR = timedelta(days=90)

_DUE = """
    UPDATE platform.resource_state SET pruned_at = now()
    WHERE tenant_id = %(tenant)s AND resource = %(resource)s
      AND (pruned_at IS NULL OR pruned_at < now() - interval '1 day')
"""
_PRUNE = """
    WITH generations AS (
        SELECT generation, window_start, window_end, bool_and(state = 'done') AS done,
            bool_and(certified_at IS NOT NULL) AS certified, max(updated_at) AS updated_at, max(lane_id) AS newest
        FROM platform.sync_lanes WHERE tenant_id = %(tenant)s AND resource = %(resource)s
        GROUP BY generation, window_start, window_end
    ), ranked AS (
        SELECT *, certified AND newest = max(newest) FILTER (WHERE certified)
            OVER (PARTITION BY window_start, window_end) AS is_last_word
        FROM generations
    )
    DELETE FROM platform.sync_lanes AS l USING ranked AS r
    WHERE l.tenant_id = %(tenant)s AND l.resource = %(resource)s AND l.generation = r.generation
      AND l.window_start IS NOT DISTINCT FROM r.window_start AND l.window_end IS NOT DISTINCT FROM r.window_end
      AND r.done AND NOT r.is_last_word AND r.updated_at < now() - %(kept)s
"""


def prune_lanes(connection: psycopg.Connection, tenant_id: int, resource: str) -> int:
    """Drop the lanes of finished generations older than `KEPT_FOR`, except the newest certified one of each window;
    how many lanes went. Nothing happens if it was done within a day, or if the resource was never read."""
    values = {"tenant": tenant_id, "resource": resource, "kept": KEPT_FOR}
    if not connection.execute(_DUE, values).rowcount:
        return 0
    return connection.execute(_PRUNE, values).rowcount

"""What a caller asks of a sync, and which generation of lanes the request belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import psycopg

from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.progress import generations_of

BY_HAND = "cli:"
"""Generations that nobody named: requests from the command line or a notebook."""


@dataclass(frozen=True)
class SyncRequest:
    """One resource of one tenant, and for a dated resource one window of it.

    `window` is None for tails and snapshots; for a dated resource None is everything there is. `generation` names
    the request: a retry that carries the same name goes on where the first try stopped and skips what it finished, a
    new name reads afresh. None goes on with the latest unfinished read of exactly this window, if there is one.
    `refresh` begins anew whatever there is; `include_recent` also asks feeds for the changes of the last 15 minutes.
    """

    tenant: Tenant
    resource: Resource
    window: Window | None
    generation: str | None
    run_id: str | None = None
    refresh: bool = False
    include_recent: bool = False


def generation_of(
    connection: psycopg.Connection, request: SyncRequest, start: datetime | None, end: datetime | None
) -> str:
    """The name under which the ledger keeps this request's lanes."""
    if request.generation is not None:
        return request.generation
    if not request.refresh:
        found = generations_of(connection, request.tenant.tenant_id, request.resource.name, start, end, prefix=BY_HAND)
        if found and not found[0][1]:
            return found[0][0]
    return f"{BY_HAND}{uuid4()}"

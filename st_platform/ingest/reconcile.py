"""Comparing a resource with its source: by count, and where that differs, by keys. Heals what differs.

What a comparison is, what it may conclude and what it leaves to a person; how keys are read is in `key_reading.py`,
how they are compared in `warehouse/comparison.py`. Callable from a test, the command line or an asset; knows neither
Dagster nor settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database


class Method(StrEnum):
    """What was compared."""

    COUNT = "count"
    KEYS = "keys"
    NONE = "none"
    """Nothing: the source cannot be asked cheaply (`note` says why). Leaves no history."""


@dataclass(frozen=True)
class ReconcileReport:
    """What a comparison found and did. Counts are rows.

    `source_count` is None where the source was not counted; `warehouse_count` counts living rows before anything was
    done. `missing` are rows that only the source has, `stale` such that it has in a newer version, `gone` such that
    only we have. Of these `healed` came in now, `deleted` were marked, `parked` wait for a person (as
    `st-platform deletes list` shows). `certified`: both sides are known to agree from `at` on, parked rows aside.
    `granted` is False when the scope is missing: then nothing was compared. `note` is a sentence, or empty.
    """

    tenant: str
    resource: str
    run_id: str | None
    at: datetime
    method: Method
    granted: bool
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
    seconds: float
    note: str = ""


def reconcile(
    tenant: Tenant,
    resource: Resource,
    *,
    client: ServiceTitanClient,
    database: Database,
    deep: bool = False,
    run_id: str | None = None,
    patience: float = 30.0,
) -> ReconcileReport:
    """Compare, and bring the warehouse to what the source shows.

    `deep` compares keys and versions even where the counts agree. Killed at any moment it leaves nothing half done:
    the next comparison begins anew. `patience` is how many seconds to wait for another one of the same resource.

    Raises:
        WindowBusy: another living process compares the same resource.
        ServiceTitanError: the API could not be reached for longer than the client is patient. A missing scope is no
            error: the report says so.
        WarehouseError, psycopg.Error: the same for the database.
    """
    raise NotImplementedError

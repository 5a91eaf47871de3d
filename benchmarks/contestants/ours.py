"""The platform's own sync of the jobs feed, as an asset or the command line would run it."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.feed_of_jobs import Edition, day_after, tenant_at, window_of
from benchmarks.ways import Task
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.rate_limit import Unlimited
from st_platform.warehouse.database import LOADER, Database

_STRAY = (
    "INSERT INTO servicetitan.jobs (tenant_id, id, summary, _fetched_at, _fetch_seq) VALUES (1, 1, 'a stray', now(), 0)"
)


def prepare(task: Task) -> Callable[[], int]:
    database = Database.prepare(task.database_url, role=LOADER)
    tenant = tenant_at(task.feed)
    client = ServiceTitanClient(tenant, Unlimited())
    window = day_after(task.pages) if task.edition is Edition.INCREMENT else window_of(task.pages)
    if task.stray:
        with database.connection() as connection:
            connection.execute(_STRAY)

    def run() -> int:
        request = SyncRequest(tenant, CATALOG["jobs"], window, f"bench {time.time_ns()}")
        return sync(request, client=client, database=database).received

    return run

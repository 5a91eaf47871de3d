"""Reading a set of lanes side by side, whatever they are read from, and noting why one stopped."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from st_platform.ingest.crew import Crew, Stopped
from st_platform.ingest.date_lanes import read_dates
from st_platform.ingest.feeds import read_feed
from st_platform.ingest.landing import Site
from st_platform.ingest.lane_task import LaneTask
from st_platform.ingest.list_lanes import read_list
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.warehouse.errors import WarehouseError
from st_platform.warehouse.progress import fail_lane


def read_lanes(site: Site, client: ServiceTitanClient, tasks: Sequence[LaneTask], *, from_list: bool = False) -> int:
    """Read all lanes to their ends, and those that are cut off from them; how many there were.

    The feed is read where the resource has one, unless `from_list` says otherwise.

    Raises:
        ServiceTitanError, IngestError, WarehouseError: of the first lane that failed; the others stopped behind a page.
    """

    def do(task: LaneTask) -> None:
        try:
            if site.resource.window is not None:
                read_dates(site, client, site.resource.window, task)
            elif site.resource.feed is not None and not from_list:
                read_feed(site, client, site.resource.feed, task, crew)
            elif site.resource.list is not None:
                read_list(site, client, site.resource.list, task)
        except Stopped:
            raise
        except Exception as error:
            _note(site, task, error)
            raise

    crew = Crew(do, stop=site.stop)
    crew.work(tasks)
    return crew.total


def _note(site: Site, task: LaneTask, error: Exception) -> None:
    """Leave the reason in the ledger; if that cannot be done, the error itself still reaches the caller."""
    try:
        with site.database.connection() as connection:
            fail_lane(connection, task.lane.lane_id, str(error), lease=task.lease)
    except (psycopg.Error, WarehouseError) as second:
        error.add_note(f"The ledger could not be told: {second}")

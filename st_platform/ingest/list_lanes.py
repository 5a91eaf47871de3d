"""What the end of a list means for its lane: a window certified, a watermark moved, rows found to be gone.

Deletes are inferred only here, and only from a key set that a full, unfiltered reading has proven complete.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.instants import as_text
from st_platform.ingest.landing import LaneWriter, Site
from st_platform.ingest.lane_task import LaneTask
from st_platform.ingest.lists import ListReader, Reading
from st_platform.ingest.positions import ListPosition, read, written
from st_platform.ingest.windows import VISIBILITY, read_from
from st_platform.servicetitan.catalog import List
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.warehouse.progress import finish_lane
from st_platform.warehouse.removals import DeleteOutcome, mark_missing

_ABSURD = timedelta(hours=1)


def read_list(site: Site, client: ServiceTitanClient, listing: List, task: LaneTask) -> None:
    """Read the list of a lane from where it stands to its end.

    A lane without bounds and without a watermark reads everything, which also shows what is gone.

    Raises:
        ServiceTitanError, IngestError, WarehouseError: the lane stays at its last committed page.
    """
    started = client.server_now()
    where = f"{site.where}, lane {task.bounds}"
    position = read(ListPosition, task.lane.position, where=where)
    if position.watermark is not None and position.watermark > started + _ABSURD:
        raise SyncFailed(
            f"the stored position {position.watermark.isoformat()} lies in the future",
            where,
            "Read it from the start with `--refresh`.",
        )
    if task.closes and task.bounds.end is not None:
        begun_open = position.next_watermark is not None
        position = ListPosition(position.watermark, None, None if begun_open else position.reading)
    elif position.next_watermark is None:
        position = ListPosition(position.watermark, started - VISIBILITY)
    filters = _filters(listing, task, position)
    end = _End(site, task, ListPosition(position.next_watermark), infer=not filters, at=started)
    writer = LaneWriter(site, task.lane, task.lease)
    ListReader(client, listing, writer, position, filters=filters, at_end=end.position, finish=end.finish).read()
    end.tell()


class _End:
    """What happens when a list lane reaches its end."""

    def __init__(self, site: Site, task: LaneTask, position: ListPosition, *, infer: bool, at: datetime) -> None:
        self._site = site
        self._task = task
        self._infer = infer
        self._at = at
        self._gone = DeleteOutcome(missing=0, living=0, deleted=0, parked=False)
        self.position = position

    def finish(self, connection: psycopg.Connection, reading: Reading) -> None:
        """In the transaction of the last page."""
        if self._infer and reading.keys_known:
            reach(Failpoint.BEFORE_DELETE_INFERENCE)
            self._gone = mark_missing(
                connection,
                self._site.resource,
                self._site.tenant.tenant_id,
                seen_since_seq=reading.first_seq,
                at=self._at,
                shown_any=reading.rows > 0,
            )
            reach(Failpoint.AFTER_DELETE_INFERENCE)
        reach(Failpoint.BEFORE_LANE_DONE)
        lane, lease = self._task.lane, self._task.lease
        if self._task.closes:
            finish_lane(connection, lane.lane_id, lease=lease, at=self._at, deleted=self._gone.deleted)
        if self._task.at_end is not None:
            self._task.at_end(connection, written(self.position))

    def tell(self) -> None:
        """After the commit."""
        self._site.tally.add_deleted(self._gone.deleted)
        if self._gone.parked:
            self._site.tally.note(
                f"{self._gone.missing} of {self._gone.living} rows are gone from the source, too many to believe: "
                "none was marked as deleted. `st-platform deletes list` shows them, `deletes accept` believes them."
            )


def _filters(listing: List, task: LaneTask, position: ListPosition) -> dict[str, str]:
    if not listing.modified_filter:
        return {}
    since = position.watermark or read_from(task.bounds)
    before = task.bounds.end if task.closes else None
    edges = (("modifiedOnOrAfter", since), ("modifiedBefore", before))
    return {name: as_text(edge) for name, edge in edges if edge is not None}

"""Reading resources that have no windows: tails, which keep a position, and snapshots, which are always read whole.

A tail has one lane for good. A refresh reads from the beginning in a lane of its own and, at its end, moves the tail's
position to where it arrived; until then the tail is what it was.
"""

from __future__ import annotations

from datetime import datetime

import psycopg

from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site
from st_platform.ingest.lane_task import LaneTask, hold
from st_platform.ingest.positions import FeedPosition, ListPosition, read
from st_platform.ingest.reading import read_lanes
from st_platform.ingest.report import Certificate, Outcome
from st_platform.ingest.request import SyncRequest, generation_of
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.warehouse.progress import Lane, LaneKey, Lease, add_lanes, lanes_of, reset_lane

_TAIL = "tail"
"""The generation of a tail's lane: it belongs to no request. Also the scope of its lease."""

_SNAPSHOT = "snapshot"


def read_tail(
    site: Site, client: ServiceTitanClient, request: SyncRequest, *, now: datetime, patience: float
) -> Outcome:
    """Read what is new, or everything if the request says so or nothing was ever read.

    Raises:
        WindowBusy: another process reads it.
    """
    with hold(site, _TAIL, patience=patience) as lease:
        with site.database.connection() as connection:
            tail = _lane(connection, site, request, _TAIL, lease)
            lane = tail
            if request.refresh:
                name = f"refresh {generation_of(connection, request, None, None)}"
                lane = _lane(connection, site, request, name, lease)
        if lane.is_done:
            return Outcome(Certificate.CERTIFIED, 0, 1, known_until=lane.certified_at or now)
        reach(Failpoint.AFTER_PLAN)

        def hand_over(connection: psycopg.Connection, position: str) -> None:
            reset_lane(connection, tail.lane_id, lease=lease, position=position)

        if request.refresh:
            task = LaneTask(lane, lease, closes=True, at_end=hand_over)
        else:
            task = LaneTask(lane, lease, closes=False, include_recent=request.include_recent)
        total = read_lanes(site, client, [task])
        whole = request.refresh or not _has_been_read(site, tail)
    return Outcome(Certificate.CERTIFIED if whole else Certificate.CAUGHT_UP, total, 0, known_until=now)


def read_snapshot(
    site: Site, client: ServiceTitanClient, request: SyncRequest, *, now: datetime, patience: float
) -> Outcome:
    """Read everything, and find out what is gone.

    Raises:
        WindowBusy: another process reads it.
    """
    with hold(site, _SNAPSHOT, patience=patience) as lease:
        with site.database.connection() as connection:
            name = f"{_SNAPSHOT} {generation_of(connection, request, None, None)}"
            lane = _lane(connection, site, request, name, lease)
        if lane.is_done:
            return Outcome(Certificate.CERTIFIED, 0, 1, known_until=lane.certified_at or now)
        reach(Failpoint.AFTER_PLAN)
        total = read_lanes(site, client, [LaneTask(lane, lease, closes=True)], from_list=True)
    return Outcome(Certificate.CERTIFIED, total, 0, known_until=now)


def _lane(connection: psycopg.Connection, site: Site, request: SyncRequest, generation: str, lease: Lease) -> Lane:
    key = LaneKey(site.tenant.tenant_id, site.resource.name, generation, None, None)
    found = lanes_of(connection, key)
    return found[0] if found else add_lanes(connection, key, [(None, None)], lease=lease, run_id=request.run_id)[0]


def _has_been_read(site: Site, tail: Lane) -> bool:
    """Whether the tail had ever reached its end before."""
    if site.resource.feed is not None:
        return read(FeedPosition, tail.position, where=site.where).reached_end
    return read(ListPosition, tail.position, where=site.where).watermark is not None

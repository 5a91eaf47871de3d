"""Reading a window of a dated resource: its closed part in lanes of this request, its open days where they stand.

A day stays open until its end and the feed's visibility delay are past. It has one lane of its own, which every
request that touches the day goes on with, and which the first request after its end completes.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta

from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site
from st_platform.ingest.lane_task import LaneTask, hold
from st_platform.ingest.lanes import uncovered
from st_platform.ingest.reading import read_lanes
from st_platform.ingest.report import Certificate, Outcome
from st_platform.ingest.request import SyncRequest, generation_of
from st_platform.ingest.windows import FutureWindow, Window, divide, utc_day
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.warehouse.progress import (
    Lane,
    LaneKey,
    Lease,
    add_lanes,
    adopt_lane,
    drop_lanes,
    lanes_in_generation,
    lanes_of,
    reset_lane,
)

_OPEN = "open"
"""The generation of the lanes of open days: they belong to no request."""


def read_window(
    site: Site, client: ServiceTitanClient, request: SyncRequest, *, now: datetime, patience: float
) -> Outcome:
    """Read one window. `now` is the source's time; `patience` in seconds as in `hold`.

    Raises:
        SyncFailed: the window begins in the future.
        WindowBusy: another process reads it.
    """
    window = request.window or Window(None, None)
    try:
        division = divide(window, now)
    except FutureWindow as error:
        raise SyncFailed(str(error), site.where, "Ask for a window that has begun.") from None
    total = skipped = 0
    for day in division.open_days:
        total += _read_open_day(site, client, request, day, patience=patience)
    if division.closed is not None:
        with ExitStack() as leases:
            lease = leases.enter_context(hold(site, window.scope, patience=patience))
            last_day = _unfinished_last_day(site, request, division.closed)
            if last_day is not None:
                leases.enter_context(hold(site, _scope(last_day), patience=patience))
            lanes = _closed_lanes(site, request, window, division.closed, last_day, lease)
            reach(Failpoint.AFTER_PLAN)
            tasks = [LaneTask(lane, lease, closes=True) for lane in lanes if not lane.is_done]
            skipped = len(lanes) - len(tasks)
            total += read_lanes(site, client, tasks)
            _forget_open_days(site, division.closed, lease)
    if division.open_days:
        return Outcome(Certificate.CAUGHT_UP, total, skipped, known_until=now)
    return Outcome(Certificate.CERTIFIED, total, skipped, known_until=min(window.end or now, now))


def _read_open_day(
    site: Site, client: ServiceTitanClient, request: SyncRequest, day: Window, *, patience: float
) -> int:
    """Go on with a day that is not over. Its lease is held no longer than that takes, whatever else is read."""
    with hold(site, _scope(day), patience=patience) as lease:
        lane = _open_lane(site, request, day, lease)
        reach(Failpoint.AFTER_PLAN)
        return read_lanes(site, client, [LaneTask(lane, lease, closes=False, include_recent=request.include_recent)])


def _closed_lanes(
    site: Site, request: SyncRequest, window: Window, closed: Window, last_day: Window | None, lease: Lease
) -> list[Lane]:
    """The lanes of this request that cover the closed part: those it has, and new ones for what they leave open.

    The lane of the last day, if that was never completed, is taken over instead of reading the day again.
    """
    with site.database.connection() as connection:
        generation = generation_of(connection, request, window.start, window.end)
        key = _key(site, generation, window)
        lanes = lanes_of(connection, key)
        left = uncovered(closed, map(_bounds, lanes))
        if last_day is not None and any(part.contains(last_day) for part in left):
            for lane in lanes_of(connection, _key(site, _OPEN, last_day)):
                lanes.append(adopt_lane(connection, lane.lane_id, key, lease=lease))
                left = [piece for part in left for piece in uncovered(part, [last_day])]
        bounds = [(part.start, part.end) for part in left]
        return lanes + add_lanes(connection, key, bounds, lease=lease, run_id=request.run_id)


def _unfinished_last_day(site: Site, request: SyncRequest, closed: Window) -> Window | None:
    """The day that the closed part ends with, if it has a lane of its own that nobody completed."""
    day = _last_day(closed)
    if day is None or request.refresh:
        return None
    with site.database.connection() as connection:
        return day if lanes_of(connection, _key(site, _OPEN, day)) else None


def _open_lane(site: Site, request: SyncRequest, day: Window, lease: Lease) -> Lane:
    key = _key(site, _OPEN, day)
    with site.database.connection() as connection:
        found = lanes_of(connection, key)
        if not found:
            (lane,) = add_lanes(connection, key, [(day.start, day.end)], lease=lease, run_id=request.run_id)
            return lane
        if request.refresh:
            reset_lane(connection, found[0].lane_id, lease=lease)
            found = lanes_of(connection, key)
        return found[0]


def _forget_open_days(site: Site, closed: Window, lease: Lease) -> None:
    """Drop the lanes of open days that nobody completed, now that the whole stretch has been read."""
    with site.database.connection() as connection:
        lanes = lanes_in_generation(connection, site.tenant.tenant_id, site.resource.name, _OPEN)
        stale = [lane.lane_id for lane in lanes if closed.contains(_bounds(lane))]
        if stale:
            drop_lanes(connection, stale, lease=lease)


def _last_day(closed: Window) -> Window | None:
    """The day that a closed stretch ends with, if it holds that day whole."""
    if closed.end is None:
        return None
    day = utc_day(closed.end - timedelta(microseconds=1))
    return day if day.end == closed.end and closed.contains(day) else None


def _key(site: Site, generation: str, window: Window) -> LaneKey:
    return LaneKey(site.tenant.tenant_id, site.resource.name, generation, window.start, window.end)


def _bounds(lane: Lane) -> Window:
    return Window(lane.lane_start, lane.lane_end)


def _scope(day: Window) -> str:
    return f"open {day.start:%Y-%m-%d}" if day.start else "open"

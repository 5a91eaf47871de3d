"""Reading a window of a resource that is asked for by date: which stretch, in which lanes, and what that proves.

The days that are over are read once per request, in lanes side by side; the day that is not is read whole each time,
in a lane of its own. How one lane is read is in `date_lanes.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from st_platform.ingest.date_lanes import slices_of
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site
from st_platform.ingest.lane_task import LaneTask, hold
from st_platform.ingest.lanes import uncovered
from st_platform.ingest.reading import read_lanes
from st_platform.ingest.report import Certificate, Outcome
from st_platform.ingest.request import SyncRequest, generation_of
from st_platform.ingest.windows import VISIBILITY, FutureWindow, Window, divide, is_closed, utc_day
from st_platform.servicetitan.catalog import DateWindow
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.progress import Lane, LaneKey, Lease, add_lanes, lanes_of, reset_lane

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_LANES = 4
"""Lanes of one stretch, at most: answers are small, so more would only wait for each other."""

_FEWEST_SLICES = 12
"""A lane of fewer slices is not worth a thread."""


def read_date_window(
    site: Site, client: ServiceTitanClient, request: SyncRequest, *, now: datetime, patience: float
) -> Outcome:
    """Read one window whole, and mark what is gone from it.

    Raises:
        SyncFailed: the window begins in the future.
        WindowBusy: another process reads it.
    """
    asked, dates = request.window or Window(None, None), site.resource.window
    assert dates is not None
    try:
        divide(asked, now)
    except FutureWindow as error:
        raise SyncFailed(str(error), site.where, "Ask for a window that has begun.") from None
    stretch = stretch_of(asked, dates, request.tenant, now)
    with hold(site, asked.scope, patience=patience) as lease:
        lanes = _lanes(site, request, asked, stretch, dates, now, lease)
        reach(Failpoint.AFTER_PLAN)
        tasks = [LaneTask(lane, lease, closes=True) for lane in lanes if not lane.is_done]
        total = read_lanes(site, client, tasks)
    skipped = len(lanes) - len(tasks)
    if is_closed(asked, now):
        return Outcome(Certificate.CERTIFIED, total, skipped, known_until=asked.end or now)
    return Outcome(Certificate.CAUGHT_UP, total, skipped, known_until=now)


def stretch_of(asked: Window, dates: DateWindow, tenant: Tenant, now: datetime) -> Window:
    """What is asked of the API for a window: whole UTC days, from where its history begins to the end of today."""
    first = datetime.combine(tenant.start_date, time(), tzinfo=UTC)
    start = (first - dates.history if dates.history else _BEGINNING) if asked.start is None else asked.start
    today = utc_day(now).end
    assert today is not None
    end = today if asked.end is None else min(utc_day(asked.end - timedelta(microseconds=1)).end or today, today)
    start = utc_day(start).start or start
    return Window(min(start, end - timedelta(days=1)), end)


def _lanes(
    site: Site,
    request: SyncRequest,
    asked: Window,
    stretch: Window,
    dates: DateWindow,
    now: datetime,
    lease: Lease,
) -> list[Lane]:
    """The lanes of this request: those it has, and new ones for what they leave open.

    A lane that was done before its days were over is read again.
    """
    with site.database.connection() as connection:
        generation = generation_of(connection, request, asked.start, asked.end)
        key = LaneKey(site.tenant.tenant_id, site.resource.name, generation, asked.start, asked.end)
        for lane in lanes_of(connection, key):
            if lane.is_done and not is_closed(Window(lane.lane_start, lane.lane_end), lane.certified_at or now):
                reset_lane(connection, lane.lane_id, lease=lease)
        lanes = lanes_of(connection, key)
        left = uncovered(stretch, (Window(lane.lane_start, lane.lane_end) for lane in lanes))
        pieces = [piece for part in left for whole in _settled(part, now) for piece in _pieces(whole, dates)]
        bounds = [(piece.start, piece.end) for piece in pieces]
        return lanes + add_lanes(connection, key, bounds, lease=lease, run_id=request.run_id)


def _settled(part: Window, now: datetime) -> list[Window]:
    """A stretch cut where the days that are over end."""
    edge = utc_day(now - VISIBILITY).start
    assert edge is not None
    if part.start is None or part.end is None or not part.start < edge < part.end:
        return [part]
    return [Window(part.start, edge), Window(edge, part.end)]


def _pieces(part: Window, dates: DateWindow) -> list[Window]:
    """A stretch cut into lanes of about as many slices each."""
    slices = list(slices_of(part, dates))
    wanted = max(1, min(_LANES, len(slices) // _FEWEST_SLICES))
    edges = [len(slices) * number // wanted for number in range(wanted + 1)]
    return [Window(slices[first].start, slices[last - 1].end) for first, last in pairwise(edges)]

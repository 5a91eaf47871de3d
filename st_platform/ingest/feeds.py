"""Reading one lane of an export feed: follow the tokens, land each page, know when it is over.

Knows paging and lanes; the database is behind `LaneWriter`, threads are behind `Crew`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg

from st_platform.ingest.crew import Crew
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.instants import as_text
from st_platform.ingest.landing import LaneWriter, Site
from st_platform.ingest.lane_task import LaneTask
from st_platform.ingest.lanes import MOST_LANES, Times, cuts
from st_platform.ingest.positions import FeedPosition, read, written
from st_platform.ingest.windows import MARGIN, Window, read_from
from st_platform.servicetitan.catalog import Feed
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.errors import BadRequest
from st_platform.servicetitan.paging import FeedPager
from st_platform.warehouse.progress import Lane, add_lanes, finish_lane, shrink_lane


def read_feed(site: Site, client: ServiceTitanClient, feed: Feed, task: LaneTask, crew: Crew[LaneTask]) -> None:
    """Read a lane from where it stands to its end.

    The rest of a lane that turns out to be long is cut, and the pieces go to the idle threads of the crew.

    Raises:
        ServiceTitanError, IngestError, WarehouseError: the lane stays at its last committed page.
        Stopped: somebody else failed.
    """
    writer = LaneWriter(site, task.lane, task.lease)
    bounds = task.bounds
    where = f"{site.where}, lane {bounds}"
    position = read(FeedPosition, task.lane.position, where=where)
    pages = _Pages(site, FeedPager(client, feed.path, include_recent=task.include_recent), task.lane, position.start)
    while True:
        seq = writer.draw()
        page = pages.fetch()
        reach(Failpoint.AFTER_FETCH)
        with site.desk:
            decoded = site.decoder.page(page.body, lambda page=page: page.rows)
            reach(Failpoint.AFTER_DECODE)
            times = Times.of(site.decoder.versions(decoded))
            over = not page.has_more or (task.closes and times.are_past(bounds.end))
            pieces = [] if over or not task.closes else _pieces(bounds, times, crew)
            following = position
            if not task.include_recent:
                following = FeedPosition(page.continue_from or position.start, position.reached_end or over)
            step = _Step(task, over, bounds, pieces, client.server_now(), written(following))
            writer.commit(decoded, fetch_seq=seq, at=step.at, position=step.position, times=times, also=step.record)
            position = following
            del decoded, page
        if step.added:
            reach(Failpoint.AFTER_SPLIT)
            bounds = Window(bounds.start, pieces[0])
            crew.add(LaneTask(lane, task.lease, closes=True) for lane in step.added)
        if over:
            reach(Failpoint.AFTER_LANE_DONE)
            return


class _Step:
    """What else is recorded with a page: that the lane is done, or that its rest was handed over."""

    def __init__(
        self, task: LaneTask, over: bool, bounds: Window, pieces: list[datetime], at: datetime, position: str
    ) -> None:
        self._task = task
        self._over = over
        self._bounds = bounds
        self._pieces = pieces
        self.at = at
        self.position = position
        self.added: list[Lane] = []

    def record(self, connection: psycopg.Connection) -> None:
        lane, lease = self._task.lane, self._task.lease
        if self._pieces:
            edges = [*self._pieces, self._bounds.end]
            shrink_lane(connection, lane.lane_id, self._pieces[0], lease=lease)
            self.added = add_lanes(
                connection, lane.key, zip(self._pieces, edges[1:], strict=True), lease=lease, run_id=lane.run_id
            )
        if not self._over:
            return
        reach(Failpoint.BEFORE_LANE_DONE)
        if self._task.closes:
            finish_lane(connection, lane.lane_id, lease=lease, at=self.at)
        if self._task.at_end is not None:
            self._task.at_end(connection, self.position)


class _Pages:
    """The pages of a lane. A token that the feed no longer knows is replaced, once, by the time reached so far."""

    def __init__(self, site: Site, pager: FeedPager, lane: Lane, token: str | None) -> None:
        self._site = site
        self._pager = pager
        self._lane = lane
        self._fallback = token is not None and token != _beginning(lane)
        self._pages: Iterator[Page] = pager.pages(start=token or _beginning(lane))

    def fetch(self) -> Page:
        """The next page; sends one request."""
        try:
            page = next(self._pages)
        except BadRequest as error:
            if not self._fallback:
                raise
            begin = self._again_from()
            self._site.tally.note(
                f"The feed refused its own token ({error.what}); reading goes on from {begin or 'the beginning'}."
            )
            self._pages = self._pager.pages(start=begin)
            page = next(self._pages)
        self._fallback = False
        return page

    def _again_from(self) -> str | None:
        reached = self._lane.reached
        return _beginning(self._lane) if reached is None else as_text(reached - MARGIN)


def _beginning(lane: Lane) -> str | None:
    start = read_from(Window(lane.lane_start, lane.lane_end))
    return None if start is None else as_text(start)


def _pieces(bounds: Window, times: Times, crew: Crew[LaneTask]) -> list[datetime]:
    return cuts(bounds, times, min(crew.idle, MOST_LANES - crew.total) + 1)

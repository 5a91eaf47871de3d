"""Reading one lane of an export feed: follow the tokens, land each page, know when it is over.

Knows paging and lanes; the database is behind `LaneWriter`, threads are behind `Crew`.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import psycopg

from st_platform.ingest.crew import SEATS, Crew
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
    _FeedReader(site, client, feed, task, crew).read()


class _FeedReader:
    """One lane on its way."""

    def __init__(
        self, site: Site, client: ServiceTitanClient, feed: Feed, task: LaneTask, crew: Crew[LaneTask]
    ) -> None:
        self._site = site
        self._client = client
        self._task = task
        self._crew = crew
        self._writer = LaneWriter(site, task.lane, task.lease)
        self._bounds = task.bounds
        self._position = read(FeedPosition, task.lane.position, where=f"{site.where}, lane {task.bounds}")
        pager = FeedPager(client, feed.path, include_recent=task.include_recent)
        self._pages = _Pages(site, pager, task.lane, self._position.start)
        self._pace = _Pace()

    def read(self) -> None:
        while not self._step():
            pass
        reach(Failpoint.AFTER_LANE_DONE)

    def _step(self) -> bool:
        """Fetch and land one page; whether it was the lane's last. Nothing of the page outlives it."""
        seq = self._writer.draw()
        with self._pace.waiting():
            page = self._pages.fetch()
        reach(Failpoint.AFTER_FETCH)
        return self._site.desk.do(partial(self._land, seq, page))

    def _land(self, seq: int, page: Page) -> bool:
        """Decode and commit one page, and hand over the rest of the lane if that is worth it."""
        with self._pace.working():
            task = self._task
            decoded = self._site.decoder.page(page.body, lambda: page.rows)
            reach(Failpoint.AFTER_DECODE)
            times = Times.of(self._site.decoder.versions(decoded))
            over = not page.has_more or (task.closes and times.are_past(self._bounds.end))
            pieces = [] if over or not task.closes else cuts(self._bounds, times, _pieces(self._crew, self._pace))
            following = self._position
            if not task.include_recent:
                start = page.continue_from or self._position.start
                following = FeedPosition(start, self._position.reached_end or over)
            step = _Step(task, over, self._bounds, pieces, self._client.server_now(), written(following))
            self._writer.commit(
                decoded, fetch_seq=seq, at=step.at, position=step.position, times=times, also=step.record
            )
        self._position = following
        if step.added:
            reach(Failpoint.AFTER_SPLIT)
            self._bounds = Window(self._bounds.start, pieces[0])
            self._crew.add(LaneTask(lane, task.lease, closes=True) for lane in step.added)
        return over


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


def _pieces(crew: Crew[LaneTask], pace: _Pace) -> int:
    """Into how many pieces the rest of a lane may be cut, itself included."""
    return 1 + max(0, min(crew.idle, MOST_LANES - crew.total, pace.useful - crew.busy))


class _Pace:
    """Whether a lane waits for the source or for us: only waiting is shortened by reading elsewhere meanwhile."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._worked = 0.0

    @contextmanager
    def waiting(self) -> Generator[None]:
        began = time.perf_counter()
        yield
        self._waited = time.perf_counter() - began

    @contextmanager
    def working(self) -> Generator[None]:
        began = time.perf_counter()
        yield
        self._worked = time.perf_counter() - began

    @property
    def useful(self) -> int:
        """How many lanes keep all seats of the desk busy; one only, as long as no page has shown it.

        At least three: while a page is in the database, another can be decoded and a third be on its way.
        """
        return max(3, round(SEATS * (1 + self._waited / self._worked))) if self._worked else 1

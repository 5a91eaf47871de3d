"""Reading one lane of a window of dates: slice by slice, each segment of a slice in turn.

A slice that fits into a page of each segment joins others in one transaction; a longer one is read in passes until
two of them agree. What a slice no longer shows is marked with it. Knows paging and lanes; the database is behind
`LaneWriter`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import psycopg

from st_platform.ingest.crew import Stopped
from st_platform.ingest.decode import Decoded
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.filling import Filling
from st_platform.ingest.instants import as_text
from st_platform.ingest.landing import LaneWriter, Site
from st_platform.ingest.lane_task import LaneTask
from st_platform.ingest.lanes import Times
from st_platform.ingest.lists import MOST_PASSES
from st_platform.ingest.persistence import patiently
from st_platform.ingest.positions import DatePosition, KeySet, read, written
from st_platform.ingest.repair import Note
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import DateWindow
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.errors import FeedStuck
from st_platform.servicetitan.paging import ListPager
from st_platform.warehouse.progress import finish_lane
from st_platform.warehouse.removals import is_too_many, mark_named, park_named
from st_platform.warehouse.stretches import Stretch, count_living, unseen_in

_MOST_CALLS = 24
_MOST_ROWS = 2500
"""What one transaction may take together."""


def read_dates(site: Site, client: ServiceTitanClient, dates: DateWindow, task: LaneTask) -> None:
    """Read a lane from where it stands to its end.

    Raises:
        ServiceTitanError, IngestError, WarehouseError: the lane stays behind its last committed slice.
        Stopped: no further request is wanted.
    """
    _DateReader(site, client, dates, task).read()


def slices_of(stretch: Window, dates: DateWindow) -> Iterator[Window]:
    """The slices that a stretch is asked for in, one after the other; both its edges are finite."""
    start, end = edges_of(stretch)
    while start < end:
        edge = min(end, start + dates.slice) if dates.slice else end
        yield Window(start, edge)
        start = edge


def edges_of(stretch: Window) -> tuple[datetime, datetime]:
    """Both edges of a stretch that has both.

    Raises:
        ValueError: it lacks one.
    """
    if stretch.start is None or stretch.end is None:
        raise ValueError(f"rows are asked for by date between two edges, not {stretch}")
    return stretch.start, stretch.end


@dataclass(frozen=True)
class _Shown:
    """What one slice and segment has shown, by requests from `since` on. `is_known`: each row's key could be read, so
    that what was not seen is not there."""

    stretch: Stretch
    since: int
    rows: int
    is_known: bool


@dataclass
class _Batch:
    """Slices that land together. `seq` is the number of their first request."""

    seq: int
    shown: list[_Shown] = field(default_factory=list[_Shown])
    pages: list[Decoded] = field(default_factory=list[Decoded])
    calls: int = 0

    @property
    def is_full(self) -> bool:
        return self.calls >= _MOST_CALLS or sum(page.received for page in self.pages) >= _MOST_ROWS

    def add(self, stretch: Stretch, page: Decoded) -> None:
        self.shown.append(_Shown(stretch, self.seq, page.received, not page.refused))
        self.pages.append(page)


class _DateReader:
    """One lane on its way. `_alive` are the segments that have shown a row: an empty slice of such is truly empty."""

    def __init__(self, site: Site, client: ServiceTitanClient, dates: DateWindow, task: LaneTask) -> None:
        self._site = site
        self._client = client
        self._dates = dates
        self._task = task
        self._writer = LaneWriter(site, task.lane, task.lease)
        self._pager = ListPager(client, dates.path)
        self._segments: Sequence[str | None] = dates.segments[1] if dates.segments else (None,)
        self._alive: set[str | None] = set()
        self._deleted = 0
        self._start, self._end = edges_of(task.bounds)
        position = read(DatePosition, task.lane.position, where=f"{site.where}, lane {task.bounds}")
        self._start = position.start or self._start

    def read(self) -> None:
        batch: _Batch | None = None
        for stretch in slices_of(Window(self._start, self._end), self._dates):
            start, end = edges_of(stretch)
            batch = batch or _Batch(self._writer.draw())
            parts = [Stretch(start, end, segment) for segment in self._segments]
            pages = [self._ask(part, 1) for part in parts]
            batch.calls += len(pages)
            if all(map(_is_whole, pages)):
                self._site.desk.do(partial(self._take, batch, parts, pages))
                if batch.is_full or end == self._end:
                    self._land(batch, until=end)
                    batch = None
                continue
            if batch.pages:
                self._land(batch, until=start)
            self._read_in_passes(parts, pages, batch.seq, until=end)
            batch = None
        reach(Failpoint.AFTER_LANE_DONE)

    # -- slices of one page ---------------------------------------------------------------------------------------

    def _take(self, batch: _Batch, parts: Sequence[Stretch], pages: Sequence[Page]) -> None:
        for part, page in zip(parts, pages, strict=True):
            batch.add(part, self._decode(page, self._filling(part)))

    def _land(self, batch: _Batch, *, until: datetime) -> None:
        """Land what a batch holds, and what its slices no longer show, in one transaction."""
        self._commit(_joined(batch.pages), batch.seq, batch.shown, until=until, calls=batch.calls)

    # -- slices of several pages ----------------------------------------------------------------------------------

    def _read_in_passes(self, parts: Sequence[Stretch], pages: Sequence[Page], seq: int, *, until: datetime) -> None:
        """Read one slice that does not fit into a page; its rows land as they come, the rest follows at its end."""
        shown = [self._passes(part, page, seq) for part, page in zip(parts, pages, strict=True)]
        self._commit(_joined([]), self._writer.draw(), shown, until=until, calls=0)

    def _passes(self, part: Stretch, first: Page, seq: int) -> _Shown:
        """Read all pages of a slice and segment, again until two passes show the same keys.

        Raises:
            SyncFailed: five passes never agreed, or showed fewer rows than they counted.
        """
        before: KeySet | None = None
        for number in range(MOST_PASSES):
            since = seq if number == 0 else self._writer.draw()
            page = first if number == 0 else self._ask(part, 1)
            filling, keys, blind, asked, fetch_seq = self._filling(part), KeySet(), 0, 1, since
            while True:
                decoded = self._site.desk.do(partial(self._land_page, page, filling, fetch_seq))
                keys = keys.including(self._site.decoder.keys(decoded))
                blind += len(decoded.refused)
                if not page.has_more:
                    break
                asked, fetch_seq = asked + 1, self._writer.draw()
                page = self._ask(part, asked)
            rows = keys.size + blind
            if page.total_count in (None, rows) and (asked == 1 or keys == before):
                return _Shown(part, since, rows, not blind)
            before = keys
        raise SyncFailed(
            f"the days {part.start:%Y-%m-%d} to {part.end:%Y-%m-%d} did not hold still: {MOST_PASSES} passes, no two "
            "the same",
            self._site.where,
            "The rows that were seen are kept. Run it again at a quieter hour.",
        )

    def _land_page(self, page: Page, filling: Filling, seq: int) -> Decoded:
        decoded = self._decode(page, filling)
        self._writer.commit(
            decoded, fetch_seq=seq, at=self._client.server_now(), position=self._position(), times=Times.of([])
        )
        return decoded

    # -- common ---------------------------------------------------------------------------------------------------

    def _ask(self, part: Stretch, number: int) -> Page:
        """One page of a slice and segment.

        Raises:
            Stopped: no further request is wanted.
        """
        if self._site.stop.is_set():
            raise Stopped
        page = self._pager.fetch({**self._params(part), "pageSize": self._dates.page_size}, page=number)
        reach(Failpoint.AFTER_FETCH)
        if page.number not in (None, number):
            raise FeedStuck(
                f"the list answers page {page.number} when asked for {number}",
                where=f"GET {self._dates.path}, tenant {self._site.tenant.name}",
                fix="Run it again; report it if it stays.",
            )
        return page

    def _params(self, part: Stretch) -> dict[str, str | int]:
        named = {self._dates.segments[0]: part.segment} if self._dates.segments and part.segment else {}
        edges = {self._dates.start: as_text(part.start), self._dates.end: as_text(part.end)}
        return {**edges, **named, "includeTotal": "true"}

    def _filling(self, part: Stretch) -> Filling:
        return Filling(self._site.resource, part.start.date(), part.segment)

    def _decode(self, page: Page, filling: Filling) -> Decoded:
        decoded = self._site.decoder.page(page.body, lambda: page.rows, filling)
        reach(Failpoint.AFTER_DECODE)
        return decoded

    def _position(self) -> str:
        return written(DatePosition(self._start))

    def _commit(self, page: Decoded, seq: int, shown: Sequence[_Shown], *, until: datetime, calls: int) -> None:
        """Land a page and move on to `until`; rows that are gone from what was shown are marked or parked."""
        self._alive |= {each.stretch.segment for each in shown if each.rows}
        doubted = self._doubted(shown)
        at, over = self._client.server_now(), until == self._end
        self._start = until
        gone = _Gone(self._site, shown, doubted, at)

        def also(connection: psycopg.Connection) -> None:
            reach(Failpoint.BEFORE_DELETE_INFERENCE)
            gone.settle(connection)
            reach(Failpoint.AFTER_DELETE_INFERENCE)
            if over:
                reach(Failpoint.BEFORE_LANE_DONE)
                deleted = self._deleted + gone.deleted
                finish_lane(connection, self._task.lane.lane_id, lease=self._task.lease, at=at, deleted=deleted)

        self._site.desk.do(
            partial(
                self._writer.commit,
                page,
                fetch_seq=seq,
                at=at,
                position=self._position(),
                times=Times.of([]),
                also=also,
                calls=calls,
            )
        )
        self._deleted += gone.deleted
        gone.tell()

    def _doubted(self, shown: Sequence[_Shown]) -> set[Stretch]:
        """Stretches that came back empty although rows stand there, and nothing shows that the source is well.

        One wider question tells: a source that has rows before or after them is believed.
        """
        empty = [each for each in shown if not each.rows and each.stretch.segment not in self._alive]
        standing = patiently(self._site.database, partial(_unseen, site=self._site, shown=empty))
        for segment in {stretch.segment for stretch, _ in standing}:
            parts = [stretch for stretch, _ in standing if stretch.segment == segment]
            wide = Stretch(
                min(part.start for part in parts) - self._dates.look_back,
                max(part.end for part in parts) + self._dates.look_back,
                segment,
            )
            if self._pager.fetch({**self._params(wide), "pageSize": 1}, page=1).row_count:
                self._alive.add(segment)
        return {stretch for stretch, _ in standing if stretch.segment not in self._alive}


class _Gone:
    """The rows that slices no longer show, and what becomes of them. `settle` may run repeatedly."""

    def __init__(self, site: Site, shown: Sequence[_Shown], doubted: set[Stretch], at: datetime) -> None:
        self._site = site
        self._shown = shown
        self._doubted = doubted
        self._at = at
        self.deleted = 0
        self._parked = 0
        self._living = 0

    def settle(self, connection: psycopg.Connection) -> None:
        """Mark or park, in the caller's transaction."""
        self.deleted = self._parked = 0
        unseen = _unseen(connection, site=self._site, shown=self._shown)
        if not unseen:
            return
        resource, tenant_id, since = self._site.resource, self._site.tenant.tenant_id, max(s.since for s in self._shown)
        self._living = count_living(connection, resource, tenant_id)
        believed = [key for stretch, key in unseen if stretch not in self._doubted]
        doubted = [key for stretch, key in unseen if stretch in self._doubted]
        if is_too_many(len(believed), self._living):
            believed, doubted = [], [*believed, *doubted]
        if believed:
            self.deleted = mark_named(connection, resource, tenant_id, believed, since_seq=since, at=self._at)
        if doubted:
            self._parked = len(doubted)
            park_named(connection, resource, tenant_id, doubted, living=self._living, since_seq=since, at=self._at)

    def tell(self) -> None:
        """After the commit."""
        self._site.tally.add_deleted(self.deleted)
        if self._parked:
            self._site.tally.note(
                f"{self._parked} of {self._living} rows are gone from the source, too many to believe or from days "
                "that it shows empty: none was marked as deleted. `st-platform deletes list` shows them, `deletes "
                "accept` believes them."
            )


def _unseen(connection: psycopg.Connection, *, site: Site, shown: Sequence[_Shown]) -> list[tuple[Stretch, str]]:
    """The living rows of what was shown that were not among it, as far as that can be told."""
    found: list[tuple[Stretch, str]] = []
    for since in sorted({each.since for each in shown}):
        stretches = [each.stretch for each in shown if each.since == since and each.is_known]
        keys = unseen_in(connection, site.resource, site.tenant.tenant_id, stretches, since_seq=since)
        found += [(stretches[place], key) for place, key in keys]
    return found


def _is_whole(page: Page) -> bool:
    """Whether a first page is all there is."""
    return not page.has_more and page.total_count in (None, page.row_count)


def _joined(pages: Sequence[Decoded]) -> Decoded:
    """Several pages as one."""
    unknown: Counter[str] = Counter()
    notes: Counter[Note] = Counter()
    for page in pages:
        unknown.update(page.unknown)
        notes.update(page.notes)
    return Decoded(
        received=sum(page.received for page in pages),
        rows=[row for page in pages for row in page.rows],
        raws=lambda: [raw for page in pages for raw in page.raws()],
        refused=tuple(refused for page in pages for refused in page.refused),
        unknown=unknown,
        notes=notes,
    )

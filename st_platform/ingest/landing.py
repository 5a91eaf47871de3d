"""One page into the warehouse: rows, quarantine, drift and the lane's progress in one transaction.

The only place of a sync that writes rows. Everything of a page is committed together or not at all, guarded by the
lease's epoch; that is why a killed run fetches at most one page again. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import NoReturn, TypeVar

import psycopg

from st_platform.ingest.crew import Desk, Stopped
from st_platform.ingest.decode import Decoded, Decoder
from st_platform.ingest.errors import QuarantineThresholdExceeded, SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.instants import as_datetime
from st_platform.ingest.lanes import Times
from st_platform.ingest.persistence import patiently
from st_platform.ingest.report import PageDone, Tally
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import RowRefused
from st_platform.warehouse.merge import MergeCounts, merge_page, next_fetch_seq
from st_platform.warehouse.progress import Lane, Lease, lane_by_id, record_page
from st_platform.warehouse.quarantine import (
    BrokenRow,
    DriftNotice,
    note_drift,
    open_quarantine,
    quarantine_rows,
    resolve_quarantined,
)

_EVIDENCE = 100
"""Rows of a page that are kept as evidence when it is beyond repair."""

_FUTURE = timedelta(minutes=10)

T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """What all lanes of one sync share. `stop` asks every lane to end behind the page it is at."""

    tenant: Tenant
    resource: Resource
    database: Database
    run_id: str | None
    on_page: Callable[[PageDone], None] | None
    tally: Tally
    decoder: Decoder
    desk: Desk
    stop: Event = field(default_factory=Event)
    _speaking: Lock = field(default_factory=Lock)

    @property
    def where(self) -> str:
        return f"{self.resource.name} of tenant {self.tenant.name}"

    def announce(self, page: PageDone) -> None:
        if self.on_page is not None:
            with self._speaking:
                self.on_page(page)


class LaneWriter:
    """Lands the pages of one lane, one after the other. Not for use by several threads."""

    def __init__(self, site: Site, lane: Lane, lease: Lease) -> None:
        self.site = site
        self.lane = lane
        self.lease = lease
        self._pages = lane.pages
        self._title = str(Window(lane.lane_start, lane.lane_end)) if lane.lane_start or lane.lane_end else "everything"

    def draw(self) -> int:
        """The number of the request about to be sent.

        Raises:
            Stopped: no further request is wanted.
        """
        if self.site.stop.is_set():
            raise Stopped
        seq = patiently(self.site.database, next_fetch_seq)
        reach(Failpoint.BEFORE_FETCH)
        return seq

    def commit(
        self,
        decoded: Decoded,
        *,
        fetch_seq: int,
        at: datetime,
        position: str | None,
        times: Times,
        also: Callable[[psycopg.Connection], None] | None = None,
        calls: int = 1,
    ) -> MergeCounts:
        """Land one page, which took `calls` requests. `at` is the source's time, UTC; `also` runs last in the same
        transaction, maybe repeatedly.

        Raises:
            QuarantineThresholdExceeded: nothing but the evidence is committed.
            SyncFailed: rows went missing between the page and the table.
            FencedOut: somebody else holds the lease by now.
        """
        newest = times.newest
        reached = as_datetime(newest) if newest else None

        def write(connection: psycopg.Connection, page: Decoded) -> tuple[MergeCounts, tuple[str, ...]]:
            counts, drift = land(connection, self.site, page, fetch_seq=fetch_seq, at=at, reached=reached)
            record_page(
                connection,
                self.lane.lane_id,
                counts,
                lease=self.lease,
                position=position,
                reached=reached,
                quarantined=len(page.refused),
                calls=calls,
                run_id=self.site.run_id,
            )
            if also is not None:
                also(connection)
            reach(Failpoint.BEFORE_COMMIT)
            return counts, drift

        decoded, (counts, drift) = in_one_piece(
            self.site, decoded, write, fetch_seq=fetch_seq, at=at, is_done=self._is_committed
        )
        self._pages += 1
        reach(Failpoint.AFTER_COMMIT)
        self.site.tally.add_page(counts, len(decoded.refused), drift)
        self.site.announce(
            PageDone(self.site.resource.name, self._title, decoded.received, counts, len(decoded.refused), reached)
        )
        return counts

    def _is_committed(self) -> bool:
        """Whether a commit whose answer was lost went through after all."""
        with self.site.database.connection() as connection:
            return lane_by_id(connection, self.lane.lane_id).pages > self._pages


def in_one_piece(
    site: Site,
    page: Decoded,
    write: Callable[[psycopg.Connection, Decoded], T],
    *,
    fetch_seq: int,
    at: datetime,
    is_done: Callable[[], bool] | None = None,
    limited: bool = True,
) -> tuple[Decoded, T]:
    """Run `write` for a page in one transaction; rows that Postgres does not take are refused and it runs again.

    Gives the page as it was written, and what `write` gave. `limited`: a page with too many broken rows is given up.

    Raises:
        QuarantineThresholdExceeded: nothing but the evidence is committed.
    """
    while True:
        if limited and page.is_beyond_repair:
            _give_up(site, page, fetch_seq=fetch_seq, at=at)
        try:
            return page, patiently(site.database, _bound(write, page), is_done=is_done)
        except RowRefused as error:
            page = site.decoder.refuse(page, error.index, error.column, error.what)


def _bound(write: Callable[[psycopg.Connection, Decoded], T], page: Decoded) -> Callable[[psycopg.Connection], T]:
    return lambda connection: write(connection, page)


def land(
    connection: psycopg.Connection,
    site: Site,
    page: Decoded,
    *,
    fetch_seq: int,
    at: datetime,
    reached: datetime | None,
    absent: frozenset[str] = frozenset(),
) -> tuple[MergeCounts, tuple[str, ...]]:
    """Rows, quarantine and drift of a page, in the caller's transaction; the counts, and drift that is new today.

    Raises:
        RowRefused: Postgres cannot store one of the rows.
        SyncFailed: rows went missing between the page and the table.
    """
    resource, tenant_id = site.resource, site.tenant.tenant_id
    counts = merge_page(connection, resource, tenant_id, page.rows, fetch_seq=fetch_seq, fetched_at=at, absent=absent)
    reach(Failpoint.AFTER_MERGE)
    accounted = counts.inserted + counts.updated + counts.unchanged + len(page.refused)
    if accounted != page.received:
        raise SyncFailed(
            f"a page held {page.received} rows, but only {accounted} are accounted for",
            site.where,
            "Nothing of the page was kept. This is a fault of the platform: please report it.",
        )
    if page.rows and open_quarantine(connection, tenant_id, resource.name):
        mended = map(key_as_text, site.decoder.keys(page))
        resolve_quarantined(connection, tenant_id, resource.name, mended, at=at)
    if page.refused:
        quarantine_rows(connection, tenant_id, resource.name, _broken(page), fetch_seq=fetch_seq, at=at)
    notices = _notices(page, reached, resource.version, at)
    return counts, note_drift(connection, tenant_id, resource.name, notices, at=at)


def _give_up(site: Site, page: Decoded, *, fetch_seq: int, at: datetime) -> NoReturn:
    with site.database.connection() as connection:
        quarantine_rows(
            connection,
            site.tenant.tenant_id,
            site.resource.name,
            _broken(page)[:_EVIDENCE],
            fetch_seq=fetch_seq,
            at=at,
        )
    first = page.refused[0].refusal
    raise QuarantineThresholdExceeded(
        f"{len(page.refused)} of the {page.received} rows of one page are broken; "
        f"the first at {first.pointer or '/'}: {first.reason}",
        site.where,
        "Nothing of the page was kept and the position has not moved. Look at platform.quarantine: if the API "
        "changed, correct the record; then run the sync again.",
    )


def _notices(page: Decoded, reached: datetime | None, version: str | None, at: datetime) -> list[DriftNotice]:
    """What the people who look after this resource should hear about a page, once a day."""
    notices = [DriftNotice(name, "unknown field") for name in page.unknown]
    notices += [DriftNotice(note.field, note.what) for note in page.notes]
    if reached is not None and version is not None and reached > at + _FUTURE:
        notices.append(DriftNotice(version, "lies in the future", reached.isoformat()))
    return notices


def _broken(page: Decoded) -> list[BrokenRow]:
    return [
        BrokenRow(
            reason=refused.refusal.reason,
            pointer=refused.refusal.pointer,
            raw=refused.refusal.raw,
            record_key=None if refused.key is None else key_as_text(refused.key),
        )
        for refused in page.refused
    ]


def key_as_text(key: tuple[object, ...]) -> str:
    """A key as quarantine and comparison write it: its parts joined with a comma."""
    return ",".join(map(str, key))

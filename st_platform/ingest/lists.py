"""Reading one lane of a list so that a row modified meanwhile costs no other row.

A list is cut into pages by position, so a row that leaves moves all others up, and one of them may slip through
between two pages. One page cannot lose any. A list that is sorted by modification time is read by instant instead of
by position. Any other is read in passes until two of them agree. Knows paging and lanes; the database is behind
`LaneWriter`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import psycopg

from st_platform.ingest.decode import Decoded
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.instants import order_key
from st_platform.ingest.landing import LaneWriter, Site
from st_platform.ingest.lanes import Times
from st_platform.ingest.positions import ByInstant, ByPass, ListPosition, written
from st_platform.servicetitan.catalog import List
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.errors import FeedStuck
from st_platform.servicetitan.paging import ListPager

MOST_PASSES = 5

_MOST_EMPTY = 10

Params = dict[str, str | int]


@dataclass(frozen=True)
class Reading:
    """What a complete reading of a list has shown.

    `first_seq` is the number of the first request that counts: every row of the list was seen by it or a later one.
    `keys_known` says that each row's key could be read, so that what was not seen is not there.
    """

    first_seq: int
    rows: int
    keys_known: bool


Finish = Callable[[psycopg.Connection, Reading], None]
"""What the end means for the lane; runs in the transaction of the last page, maybe repeatedly."""


class ListReader:
    """Reads the list of one lane from where it stands to its end.

    `filters` are the window's own parameters; `at_end` is the position that is kept afterwards.
    """

    def __init__(
        self,
        client: ServiceTitanClient,
        listing: List,
        writer: LaneWriter,
        position: ListPosition,
        *,
        filters: Mapping[str, str],
        at_end: ListPosition,
        finish: Finish,
    ) -> None:
        self._client = client
        self._site: Site = writer.site
        self._listing = listing
        self._writer = writer
        self._position = position
        self._at_end = at_end
        self._finish = finish
        self._rows_may_leave = "modifiedBefore" in filters
        self._pager = ListPager(client, listing.path, parts=listing.parts)
        self._params: Params = {"pageSize": listing.page_size, "includeTotal": "true", **listing.shown, **filters}

    def read(self) -> Reading:
        """Read to the end.

        Raises:
            ServiceTitanError, IngestError, WarehouseError: the lane stays at its last committed page.
            Stopped: no further request is wanted.
        """
        reading = self._position.reading
        if reading is None:
            reading = ByInstant() if self._is_sorted else ByPass()
        if isinstance(reading, ByInstant):
            outcome = self._by_instant(reading)
            if outcome is not None:
                return outcome
            reading = ByPass()
        return self._by_pass(reading)

    @property
    def _is_sorted(self) -> bool:
        return bool(self._listing.sort and self._listing.modified_filter and self._site.resource.version)

    # -- by instant -------------------------------------------------------------------------------------------

    def _by_instant(self, at: ByInstant) -> Reading | None:
        """Always page 1 of what is modified at or after the last instant seen; None when the order proves unusable.

        Rows that are modified meanwhile only move behind us, or out of the window: none is skipped.
        """
        while True:
            since: Params = {"modifiedOnOrAfter": at.after} if at.after else {}
            seq, page = self._fetch({**self._params, **(self._listing.sort or {}), **since}, 1)
            step = self._site.desk.do(partial(self._land_by_instant, at, seq, page))
            if not isinstance(step, ByInstant):
                return step
            at = step

    def _land_by_instant(self, at: ByInstant, seq: int, page: Page) -> ByInstant | Reading | None:
        """Land one page: where to go on, or what the reading has shown, or None if the order cannot be relied on."""
        decoded = self._decode(page)
        at = msgspec.structs.replace(at, first_seq=at.first_seq or seq, rows=at.rows + decoded.received)
        if not page.has_more and (not at.after or self._is_in_order(at, page, decoded)):
            whole = at.after is not None or page.total_count in (None, at.rows)
            known = whole and all(row.key is not None for row in decoded.refused)
            return self._conclude(decoded, seq, Reading(at.first_seq, at.rows, keys_known=known))
        following = self._next_instant(at, page, decoded)
        self._land(decoded, seq, _with(self._position, reading=following or ByPass()))
        return following

    def _next_instant(self, at: ByInstant, page: Page, decoded: Decoded) -> ByInstant | None:
        """Where the next request begins; None if that cannot be told from this page."""
        versions = self._site.decoder.versions(decoded)
        if not self._is_in_order(at, page, decoded) or page.total_count is None:
            return None
        first, last = versions[0], versions[-1]
        if first is None or last is None or order_key(first) == order_key(last):
            return None  # one instant fills the page: there is no way past it
        before = sum(version is not None and order_key(version) < order_key(last) for version in versions)
        return msgspec.structs.replace(at, after=last, left=page.total_count - before)

    def _is_in_order(self, at: ByInstant, page: Page, decoded: Decoded) -> bool:
        """Whether the rows are sorted, on this page and over all pages, as the API was asked to.

        It does not always do so (platform.md §5). A list that sorts only each page by itself, or hides rows without a
        time once it filters, has another number of rows left than the page before promised; rows that left the
        window explain fewer, but only where the window has an end.
        """
        keys = [order_key(version) if version else "" for version in self._site.decoder.versions(decoded)]
        if not keys or decoded.refused or "" in keys or keys != sorted(keys):
            return False
        if at.after and keys[0] < order_key(at.after):
            return False
        if at.left is None or page.total_count is None:
            return at.left is None
        return page.total_count == at.left or (self._rows_may_leave and page.total_count < at.left)

    # -- by pass ----------------------------------------------------------------------------------------------

    def _by_pass(self, at: ByPass) -> Reading:
        """Page by page, and again until the keys of two passes are the same and as many as the list says it has.

        Raises:
            SyncFailed: five passes never agreed.
        """
        order = self._listing.id_sort or {}
        empty = 0
        while True:
            seq, page = self._fetch({**self._params, **order}, at.page)
            empty = empty + 1 if not page.row_count else 0
            self._check_paging(page, at.page, empty)
            step = self._site.desk.do(partial(self._land_by_pass, at, seq, page))
            if not isinstance(step, ByPass):
                return step
            at = step

    def _land_by_pass(self, at: ByPass, seq: int, page: Page) -> ByPass | Reading:
        """Land one page: where to go on, or what the reading has shown."""
        decoded = self._decode(page)
        seen = self._seen(at, seq, decoded)
        if page.has_more:
            following = msgspec.structs.replace(seen, page=seen.page + 1)
        elif seen.page == 1 or _agree(page, seen):
            known = page.total_count in (None, seen.keys.size) and not seen.blind
            return self._conclude(decoded, seq, Reading(seen.first_seq, seen.keys.size, keys_known=known))
        else:
            following = ByPass(number=seen.number + 1, before=seen.keys)
        tired = following.number > MOST_PASSES
        self._land(decoded, seq, _with(self._position, reading=None if tired else following))
        if tired:
            raise SyncFailed(
                f"the list did not hold still: {MOST_PASSES} passes of it, no two the same",
                self._site.where,
                "The rows that were seen are kept. Run it again at a quieter hour.",
            )
        return following

    def _seen(self, at: ByPass, seq: int, decoded: Decoded) -> ByPass:
        """The pass with the rows of one more page."""
        broken = [row.refusal.raw if row.key is None else row.key for row in decoded.refused]
        keys = at.keys.including(self._site.decoder.keys(decoded)).including(broken)
        blind = at.blind + sum(row.key is None for row in decoded.refused)
        first = seq if at.page == 1 else at.first_seq
        return msgspec.structs.replace(at, keys=keys, blind=blind, first_seq=first)

    def _check_paging(self, page: Page, asked: int, empty: int) -> None:
        where, fix = (
            f"GET {self._listing.path}, tenant {self._site.tenant.name}",
            "Run it again; report it if it stays.",
        )
        if page.number is not None and page.number != asked:
            raise FeedStuck(f"the list answers page {page.number} when asked for {asked}", where=where, fix=fix)
        if page.has_more and empty > _MOST_EMPTY:
            raise FeedStuck(f"more than {_MOST_EMPTY} empty pages in a row promise more", where=where, fix=fix)

    # -- common -----------------------------------------------------------------------------------------------

    def _fetch(self, params: Params, number: int) -> tuple[int, Page]:
        seq = self._writer.draw()
        page = self._pager.fetch(params, page=number)
        reach(Failpoint.AFTER_FETCH)
        return seq, page

    def _decode(self, page: Page) -> Decoded:
        decoded = self._site.decoder.page(page.body, lambda: page.rows)
        reach(Failpoint.AFTER_DECODE)
        return decoded

    def _land(self, decoded: Decoded, seq: int, position: ListPosition) -> None:
        self._writer.commit(
            decoded,
            fetch_seq=seq,
            at=self._client.server_now(),
            position=written(position),
            times=Times.of(self._site.decoder.versions(decoded)),
        )
        self._position = position

    def _conclude(self, decoded: Decoded, seq: int, reading: Reading) -> Reading:
        self._writer.commit(
            decoded,
            fetch_seq=seq,
            at=self._client.server_now(),
            position=written(self._at_end),
            times=Times.of(self._site.decoder.versions(decoded)),
            also=lambda connection: self._finish(connection, reading),
        )
        reach(Failpoint.AFTER_LANE_DONE)
        return reading


def _with(position: ListPosition, *, reading: ByInstant | ByPass | None) -> ListPosition:
    return msgspec.structs.replace(position, reading=reading)


def _agree(last: Page, seen: ByPass) -> bool:
    """Whether this pass has shown the same keys as the one before, and as many as the list says it has."""
    return seen.keys == seen.before and last.total_count in (None, seen.keys.size)

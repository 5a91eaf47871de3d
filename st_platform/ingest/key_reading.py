"""A pass over all rows of a source for their keys and versions, and single rows by id.

Stages what it sees for comparison, and lands rows that are missing or stale here, either as they come by in the pages
or by asking for them. Knows paging and what a page is worth; what may be concluded is in `reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import psycopg

from st_platform.ingest.decode import Decoded, Refused
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site, in_one_piece, key_as_text, land
from st_platform.ingest.persistence import patiently
from st_platform.ingest.positions import KeySet
from st_platform.servicetitan.catalog import MOST_IDS, IdsFilter, List
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.paging import FeedPager, ListPager
from st_platform.warehouse.comparison import differing, forget_seen, stage_seen
from st_platform.warehouse.merge import next_fetch_seq
from st_platform.warehouse.progress import Lease, check_lease

_WHOLE = ("bigint", "integer")
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True)
class Landed:
    """Rows that were missing or stale and came in: how many of each there were, how many rows changed, and how many
    went to quarantine."""

    missing: int = 0
    stale: int = 0
    changed: int = 0
    refused: int = 0

    def __add__(self, other: Landed) -> Landed:
        return Landed(
            self.missing + other.missing,
            self.stale + other.stale,
            self.changed + other.changed,
            self.refused + other.refused,
        )


@dataclass(frozen=True)
class KeyPass:
    """What one pass has shown.

    `first_seq` is the number of its first request; `blind` counts rows whose key cannot be read; `total` is the
    source's own count, if it gives one.
    """

    first_seq: int
    pages: int = 0
    keys: KeySet = field(default_factory=KeySet)
    blind: int = 0
    total: int | None = None
    landed: Landed = field(default_factory=Landed)

    @property
    def is_whole(self) -> bool:
        """Whether every row that the source counts was shown, with a key."""
        return not self.blind and self.total in (None, self.keys.size)


class KeyReader:
    """Reads the keys of one resource from its list, or from its feed where there is no list to read whole."""

    def __init__(self, site: Site, client: ServiceTitanClient, lease: Lease) -> None:
        self._site = site
        self._client = client
        self._lease = lease
        self._listing = whole_list(site)

    @property
    def from_list(self) -> bool:
        return self._listing is not None

    @property
    def shows_inactive(self) -> bool:
        """Whether the source can be asked for rows out of use."""
        return self._listing is None or self._listing.all_rows is not None

    @property
    def can_ask(self) -> bool:
        """Whether single rows can be asked for by id."""
        return self._listing is not None and self._listing.ids is not None and self._site.resource.key == ("id",)

    def count(self) -> int | None:
        """How many rows the list says it has; None if it does not say, or there is no such list."""
        if self._listing is None:
            return None
        params = {"pageSize": 1, "includeTotal": "true", **self._listing.shown}
        return ListPager(self._client, self._listing.path, parts=self._listing.parts).fetch(params, page=1).total_count

    def read(self, *, landing: bool) -> KeyPass:
        """One pass from the first row to the last, staged. With `landing`, rows that are missing or stale come in.

        Raises:
            ServiceTitanError, IngestError, WarehouseError: what is staged means nothing.
        """
        site = self._site
        patiently(site.database, lambda connection: forget_seen(connection, site.resource, site.tenant.tenant_id))
        pages = self._pages()
        seq = self._draw()
        found = KeyPass(seq)
        for page in pages:
            reach(Failpoint.AFTER_FETCH)
            found = self._take(found, seq, page, landing=landing)
            if not page.has_more:
                break
            seq = self._draw()
        reach(Failpoint.AFTER_KEYS)
        return found

    def ask(self, record_keys: Sequence[str]) -> tuple[set[str], Landed]:
        """Ask for single rows by id and land them: the keys of those that exist, and what changed.

        Raises:
            SyncFailed: the list answers with rows that nobody asked for, so its silence proves nothing either.
            ServiceTitanError, WarehouseError: what came so far stays.
        """
        assert self._listing is not None
        pager, site = ListPager(self._client, self._listing.path, parts=self._listing.parts), self._site
        found: set[str] = set()
        landed = Landed()
        for start in range(0, len(record_keys), MOST_IDS):
            asked = record_keys[start : start + MOST_IDS]
            params = {"pageSize": MOST_IDS, "ids": ",".join(asked), **self._listing.shown}
            seq = self._draw()
            page = pager.fetch(params, page=1)
            reach(Failpoint.AFTER_FETCH)
            decoded = site.decoder.page(page.body, lambda page=page: page.rows)
            keys = [*map(key_as_text, site.decoder.keys(decoded)), *_refused_keys(site, decoded)]
            if not set(keys) <= set(asked):
                raise SyncFailed(
                    "the list does not heed `ids`: it answers with rows that were not asked for",
                    site.where,
                    "Nothing was marked. Take `ids` out of the resource's entry in the catalog.",
                )
            landed += self._land(decoded, seq)
            found.update(keys)
        return found, landed

    def _pages(self) -> Iterator[Page]:
        listing, resource = self._listing, self._site.resource
        if listing is not None:
            params = {"pageSize": listing.page_size, "includeTotal": "true", **listing.shown}
            return ListPager(self._client, listing.path, parts=listing.parts).pages(
                {**params, **(listing.id_sort or {})}
            )
        assert resource.feed is not None
        # With the changes that a feed hides for a while: a row that hides them is in neither of its two places.
        return FeedPager(self._client, resource.feed.path, include_recent=True).pages(start=None)

    def _draw(self) -> int:
        seq = patiently(self._site.database, next_fetch_seq)
        reach(Failpoint.BEFORE_FETCH)
        return seq

    def _take(self, found: KeyPass, seq: int, page: Page, *, landing: bool) -> KeyPass:
        site = self._site
        decoded = site.decoder.page(page.body, lambda: page.rows)
        reach(Failpoint.AFTER_DECODE)
        keys = list(map(key_as_text, site.decoder.keys(decoded)))
        versions = site.decoder.versions(decoded) or [None] * len(keys)
        broken = _refused_keys(site, decoded)
        landed = Landed()
        if landing:
            landed = self._land_differing(decoded, seq, keys, versions)

        def stage(connection: psycopg.Connection) -> None:
            check_lease(connection, self._lease)
            everything = [*versions, *([None] * len(broken))]
            stage_seen(connection, site.resource, site.tenant.tenant_id, [*keys, *broken], everything)

        patiently(site.database, stage)
        return replace(
            found,
            pages=found.pages + 1,
            keys=found.keys.including((key,) for key in (*keys, *broken)),
            blind=found.blind + len(decoded.refused) - len(broken),
            total=page.total_count,
            landed=found.landed + landed,
        )

    def _land_differing(self, page: Decoded, seq: int, keys: Sequence[str], versions: Sequence[str | None]) -> Landed:
        """Land the rows of a page that are missing or stale here, and what of it is broken.

        Where rows have no version, all of them land, and the merge tells which have changed.
        """
        site = self._site
        missing, stale = patiently(
            site.database,
            lambda connection: differing(connection, site.resource, site.tenant.tenant_id, keys, versions),
        )
        if site.resource.version is None:
            landed = self._land(page, seq)
            return landed + Landed(missing=len(missing), stale=landed.changed - len(missing))
        if not missing and not stale and not page.refused:
            return Landed()
        places = sorted({*missing, *stale})
        raws = page.raws() if places else ()
        chosen = [raws[place] for place in places]
        part = replace(
            page,
            received=len(places) + len(page.refused),
            rows=[page.rows[place] for place in places],
            raws=lambda: chosen,
        )
        return self._land(part, seq) + Landed(missing=len(missing), stale=len(stale))

    def _land(self, page: Decoded, seq: int) -> Landed:
        site, at = self._site, self._client.server_now()
        absent = self._absent(page)

        def write(connection: psycopg.Connection, part: Decoded) -> tuple[int, tuple[str, ...]]:
            check_lease(connection, self._lease)
            counts, drift = land(connection, site, part, fetch_seq=seq, at=at, reached=None, absent=absent)
            reach(Failpoint.BEFORE_COMMIT)
            return counts.inserted + counts.updated, drift

        written, (changed, _) = in_one_piece(site, page, write, fetch_seq=seq, at=at, limited=False)
        reach(Failpoint.AFTER_COMMIT)
        return Landed(changed=changed, refused=len(written.refused))

    def _absent(self, page: Decoded) -> frozenset[str]:
        """The columns that no row of a list's page has, where a feed may have filled them."""
        resource = self._site.resource
        if self._listing is None or resource.feed is None or not page.rows:
            return frozenset()
        members: set[str] = set()
        for raw in page.raws():
            members.update(_MEMBERS.decode(raw))
        names = {column.name for column in resource.columns if column.api_name not in members}
        known = {column.api_name for column in resource.columns}
        return frozenset(names if members - known else {*names, "_extra"})


def whole_list(site: Site) -> List | None:
    """The resource's list, if it can be counted and read whole."""
    listing = site.resource.list
    return None if listing is None or listing.ids is IdsFilter.REQUIRED else listing


def _refused_keys(site: Site, page: Decoded) -> list[str]:
    """The keys of a page's broken rows, as far as they can be read and are of the key's type."""
    kinds = {column.name: column.sql_type for column in site.resource.columns}
    whole = [kinds[name] in _WHOLE for name in site.resource.key]

    def is_sound(row: Refused) -> bool:
        return row.key is not None and all(
            isinstance(part, int) == number for part, number in zip(row.key, whole, strict=True)
        )

    return [key_as_text(row.key) for row in page.refused if row.key is not None and is_sound(row)]

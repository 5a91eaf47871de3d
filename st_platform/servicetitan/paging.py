"""Pages of feeds and lists, one request per `next()`. Knows how to go on and when to stop, nothing of rows.

A pager sends its request inside `next()`, never ahead: the caller numbers each read before it is sent.
What can be trusted in an answer, and what cannot, is in platform.md §5 and §6.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence

from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.envelope import Page, parse_page, put_together
from st_platform.servicetitan.errors import FeedStuck, UnreadableBody

__all__ = ["FeedPager", "ListPager", "Page"]

_MOST_EMPTY_PAGES = 10


class FeedPager:
    """Pages of the export feed at `path` (which may contain `{tenant}`).

    `include_recent` shows changes of the last 15 minutes too, and then repeats rows.
    """

    def __init__(self, client: ServiceTitanClient, path: str, *, include_recent: bool = False) -> None:
        self._client = client
        self._path = path
        self._fixed = {"includeRecentChanges": "true"} if include_recent else {}

    def fetch(self, start: str | None) -> Page:
        """One request. `start` is a continuation token, an ISO instant, or None for the first record.

        Raises:
            ServiceTitanError: as `ServiceTitanClient.get`; InvalidResponse also when more is promised without a token.
        """
        params = self._fixed if start is None else {"from": start, **self._fixed}
        return self._client.read(self._path, params, _parse_feed_page)

    def pages(self, *, start: str | None) -> Iterator[Page]:
        """Pages from `start` until `hasMore` is false; how full a page is means nothing.

        Raises:
            FeedStuck: a token comes back that was used before, or more than ten pages in a row are empty. Such a
                page is not yielded, so a position that leads nowhere is never kept.
            ServiceTitanError: as `fetch`.
        """
        used = {_digest(start)} if start else set[bytes]()
        empty = _EmptyPages(self._client, self._path)
        while True:
            page = self.fetch(start)
            start = page.continue_from
            if page.has_more:
                mark = _digest(start or "")
                if mark in used:
                    raise _stuck(self._client, self._path, "the feed returns a token that was already used")
                used.add(mark)
                empty.check(page)
            more = page.has_more
            held = [page]
            del page
            yield held.pop()  # or this frame would keep the page until the next one has arrived
            if not more:
                return
            empty.wait()


class ListPager:
    """Pages of the list at `path` (which may contain `{tenant}`); a snapshot is a list read without a filter.

    `parts` are what divides the list (`List.parts`): page n is page n of every part, put together.
    """

    def __init__(self, client: ServiceTitanClient, path: str, *, parts: Sequence[Mapping[str, str]] = ({},)) -> None:
        self._client = client
        self._path = path
        self._parts = parts

    def fetch(self, params: Mapping[str, str | int], *, page: int) -> Page:
        """One request, or one for each part. `params` hold `pageSize` and the filters; `page` counts from 1.

        Raises:
            ServiceTitanError: as `ServiceTitanClient.get`.
        """
        pages = [self._client.read(self._path, {**params, **part, "page": page}, parse_page) for part in self._parts]
        return pages[0] if len(pages) == 1 else put_together(pages)

    def pages(self, params: Mapping[str, str | int], *, first_page: int = 1) -> Iterator[Page]:
        """Pages from `first_page` until `hasMore` is false. Whether rows shifted meanwhile is for the caller to prove.

        Raises:
            FeedStuck: the list answers another page than was asked for, or more than ten pages in a row are empty.
            ServiceTitanError: as `fetch`.
        """
        empty = _EmptyPages(self._client, self._path)
        number = first_page
        while True:
            page = self.fetch(params, page=number)
            if page.number not in (None, number):
                raise _stuck(self._client, self._path, f"the list answers page {page.number} when asked for {number}")
            if page.has_more:
                empty.check(page)
            yield page
            if not page.has_more:
                return
            empty.wait()
            number += 1


class _EmptyPages:
    """Counts empty pages that promise more, and gives the server time after each."""

    def __init__(self, client: ServiceTitanClient, path: str) -> None:
        self._client = client
        self._path = path
        self._in_a_row = 0

    def check(self, page: Page) -> None:
        self._in_a_row = 0 if page.rows else self._in_a_row + 1
        if self._in_a_row > _MOST_EMPTY_PAGES:
            raise _stuck(
                self._client, self._path, f"more than {_MOST_EMPTY_PAGES} empty pages in a row, and more promised"
            )

    def wait(self) -> None:
        if self._in_a_row:
            time.sleep(self._client.policy.empty_page_wait)


def _parse_feed_page(body: bytes) -> Page:
    page = parse_page(body)
    if page.has_more and page.continue_from is None:
        raise UnreadableBody("`hasMore` without `continueFrom`")
    return page


def _digest(token: str) -> bytes:
    return hashlib.blake2b(token.encode(), digest_size=16).digest()


def _stuck(client: ServiceTitanClient, path: str, what: str) -> FeedStuck:
    return FeedStuck(
        what,
        where=f"GET {path}, tenant {client.tenant.name}",
        fix="Rows read so far are kept. Start again; if it repeats, read from a date and report it to ServiceTitan.",
    )

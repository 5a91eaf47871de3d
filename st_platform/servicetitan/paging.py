"""Pages of feeds and lists (signatures; the body follows)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from st_platform.servicetitan.client import ServiceTitanClient


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """One answer: the envelope's fields and the undecoded body."""

    body: bytes
    has_more: bool
    continue_from: str | None
    number: int | None
    total_count: int | None
    row_count: int

    @property
    def rows(self) -> list[msgspec.Raw]:
        """The rows, undecoded, in order."""
        raise NotImplementedError


class FeedPager:
    """Pages of an export feed, one request per `next()`."""

    def __init__(self, client: ServiceTitanClient, path: str, *, include_recent: bool = False) -> None:
        raise NotImplementedError

    def fetch(self, start: str | None) -> Page:
        """One request. `start`: a continuation token, an ISO instant, or None for the beginning."""
        raise NotImplementedError

    def pages(self, *, start: str | None) -> Iterator[Page]:
        """Pages until `hasMore` is false. A page that does not advance raises FeedStuck instead of being yielded."""
        raise NotImplementedError


class ListPager:
    """Pages of a list, one request per `next()`."""

    def __init__(self, client: ServiceTitanClient, path: str) -> None:
        raise NotImplementedError

    def fetch(self, params: Mapping[str, str | int], *, page: int) -> Page:
        """One request. `params` include `pageSize` and the filters, not `page`."""
        raise NotImplementedError

    def pages(self, params: Mapping[str, str | int], *, first_page: int = 1) -> Iterator[Page]:
        """Pages until `hasMore` is false."""
        raise NotImplementedError

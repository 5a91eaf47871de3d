"""Where a lane stands, as it is written into the ledger: small JSON documents, one kind per way of reading.

Pure. A position is only ever stored together with the rows that it covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec

from st_platform.ingest.errors import SyncFailed


class FeedPosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """`start` is what the next request sends as `from`: a continuation token, or an instant.

    `reached_end` says that the feed once had nothing more to give at this lane's position.
    """

    start: str | None = None
    reached_end: bool = False


class KeySet(msgspec.Struct, frozen=True, array_like=True):
    """A set of keys as its size and the sum of its members' hashes, so that two passes compare without holding them.

    A key that comes twice counts twice: a list that repeats a row while it is paged is not stable.
    """

    size: int = 0
    total: str = "0"

    def including(self, keys: Iterable[tuple[object, ...] | bytes]) -> KeySet:
        """This set with more keys; a row without a readable key is known by its bytes."""
        size, total = self.size, int(self.total, 16)
        for key in keys:
            text = key if isinstance(key, bytes) else repr(key).encode()
            total += int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")
            size += 1
        return KeySet(size, f"{total % 2**128:x}")


class ByInstant(msgspec.Struct, frozen=True, tag="by_instant", omit_defaults=True):
    """A list that is sorted by modification time: read always from page 1 of what was modified `after` or later.

    `left` is how many rows the list should still have, that one instant included; `first_seq` the number of the
    first request, `rows` how many rows came so far.
    """

    after: str | None = None
    left: int | None = None
    first_seq: int = 0
    rows: int = 0


class ByPass(msgspec.Struct, frozen=True, tag="by_pass", omit_defaults=True):
    """A list read page by page, again and again until two passes agree.

    `first_seq` is the number of the pass's first request, `blind` how many of its rows have no readable key.
    """

    number: int = 1
    page: int = 1
    first_seq: int = 0
    blind: int = 0
    keys: KeySet = KeySet()
    before: KeySet | None = None


class ListPosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """`watermark`: everything modified before it has been read; `next_watermark`: it holds once `reading` ends."""

    watermark: datetime | None = None
    next_watermark: datetime | None = None
    reading: ByInstant | ByPass | None = None


class DatePosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A window of dates read slice by slice: everything before `start` has been read; None is nothing yet."""

    start: datetime | None = None


P = TypeVar("P", FeedPosition, ListPosition, DatePosition)


def written(position: FeedPosition | ListPosition | DatePosition) -> str:
    """A position as the ledger keeps it."""
    return msgspec.json.encode(position).decode()


def read(kind: type[P], text: str | None, *, where: str) -> P:
    """A position from the ledger; a lane without one stands at its beginning.

    Raises:
        SyncFailed: what the ledger holds is not a position of this kind.
    """
    if text is None:
        return kind()
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise SyncFailed(
            f"the stored position is damaged: {error}", where, "Read it from the start with `--refresh`."
        ) from None

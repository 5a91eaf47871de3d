"""Values for columns that the API does not send: what was asked for, and what identifies a row that has no id.

Pure. One `Filling` serves one reading of one slice and segment, because identities are numbered within it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from st_platform.ingest.shapes import completed, part_of
from st_platform.servicetitan.catalog import Joined, Resource, Segment, SliceDay
from st_platform.servicetitan.records import Record, columns_of

ABSENT = "-"

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE = msgspec.json.Decoder(str | int | float | bool | None)

Read = Callable[[Record], str]


class Filling:
    """Completes the rows of one slice and segment. Two rows with the same identity and different contents get
    different ones; the second is `…#2`."""

    def __init__(self, resource: Resource, day: date, segment: str | None) -> None:
        columns = tuple(resource.filled)
        part = part_of(resource.record, columns)
        self._complete = completed(resource.record, columns)
        self._reads = [_read(resource.filled[column], part, day, segment) for column in columns]
        self._numbered = [isinstance(resource.filled[column], Joined) for column in columns]
        self._claims: dict[tuple[str, ...], list[bytes]] = {}

    def complete(self, parts: Sequence[Record]) -> list[Record]:
        """The rows of one page as whole records, in the same order.

        Rows of one page that share an identity are numbered in the order of their contents, so that the order in
        which they come does not matter.
        """
        rows = [tuple(read(part) for read in self._reads) for part in parts]
        contents = [_digest(part) for part in parts]
        for place in sorted(range(len(parts)), key=contents.__getitem__):
            claims = self._claims.setdefault(rows[place], [])
            if contents[place] not in claims:
                claims.append(contents[place])
        return [
            self._complete((*astuple(part), *self._named(row, self._claims[row].index(content))))
            for part, row, content in zip(parts, rows, contents, strict=True)
        ]

    def _named(self, row: tuple[str, ...], number: int) -> tuple[str, ...]:
        if not number:
            return row
        return tuple(
            f"{value}#{number + 1}" if numbered else value for value, numbered in zip(row, self._numbered, strict=True)
        )


def _read(fill: SliceDay | Segment | Joined, part: type[Record], day: date, segment: str | None) -> Read:
    if isinstance(fill, SliceDay):
        return lambda _: day.isoformat()
    if isinstance(fill, Segment):
        return lambda _: segment or ""
    attributes = {column.api_name: column.attribute for column in columns_of(part)}
    reads = [_path(path.split("."), attributes) for path in fill.paths]
    return lambda row: "/".join(read(row) for read in reads)


def _path(steps: list[str], attributes: dict[str, str]) -> Read:
    first = attrgetter(attributes[steps[0]])

    def read(row: Record) -> str:
        value: Any = first(row)
        if not isinstance(value, msgspec.Raw):
            return ABSENT if value is None else str(value)
        raw = bytes(value)
        for step in steps[1:]:
            raw = bytes(_MEMBERS.decode(raw).get(step, b"")) if raw.startswith(b"{") else b""
        if not raw or raw == b"null":
            return ABSENT
        return raw.decode() if raw[:1] in b"{[" else str(_VALUE.decode(raw))

    return read


def _digest(part: Record) -> bytes:
    values: list[bytes] = [
        bytes(value) if isinstance(value, msgspec.Raw) else repr(value).encode("utf-8", "surrogatepass")
        for value in astuple(part)
    ]
    return hashlib.blake2b(b"\x1f".join(values), digest_size=16).digest()

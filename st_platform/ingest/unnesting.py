"""Rows that hold records in a list, taken apart: each element becomes a record with what it needs of its row.

Strictly and at once for a page that is as documented; otherwise piece by piece, so that one broken element costs no
other. Pure; knows JSON and shapes, nothing of pages' envelopes or the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast, get_type_hints

import msgspec
from msgspec.structs import astuple

from st_platform.ingest.brackets import cut_array, cut_object
from st_platform.ingest.repair import Refusal
from st_platform.ingest.shapes import completed, part_of
from st_platform.servicetitan.catalog import Unnest
from st_platform.servicetitan.records import Record, columns_of


class Element(bytes):
    """An element as a row of its own, with the fields of its row beside its own.

    `whole` is the row as it came, `place` the JSON pointer to the element in it, `outer` the names that come from the
    row itself.
    """

    whole: bytes
    place: str
    outer: frozenset[str]

    def refused(self, found: Refusal) -> Refusal:
        """The same refusal as one of the whole row, its pointer leading from there."""
        first = found.pointer.split("/")[1] if found.pointer else ""
        pointer = found.pointer if first in self.outer else self.place + found.pointer
        return Refusal(pointer, found.reason, self.whole)


@dataclass(frozen=True)
class Unnested:
    """The records of a page, and how many of its rows held none."""

    records: list[Record]
    empty: int


class Unnesting:
    """How the rows of one resource are taken apart."""

    def __init__(self, record: type[Record], unnest: Unnest) -> None:
        by_name = {column.api_name: column for column in columns_of(record)}
        carried = tuple(by_name[name].name for name in unnest.carry)
        hints = get_type_hints(record, include_extras=True)
        frame: list[Any] = [(f"carried_{n}", hints[by_name[name].attribute]) for n, name in enumerate(unnest.carry)]
        names = {f"carried_{n}": name for n, name in enumerate(unnest.carry)}
        part = part_of(record, carried)
        elements: list[Any] = [("elements", list[part] | None, None)]
        row = msgspec.defstruct(
            "Row", [*frame, *elements], rename={**names, "elements": unnest.field}, forbid_unknown_fields=True
        )
        self._page = msgspec.json.Decoder(msgspec.defstruct("Page", [("data", list[row])]))
        self._frame = msgspec.json.Decoder(msgspec.defstruct("Frame", frame, rename=names))
        self._carried = [attrgetter(f"carried_{n}") for n in range(len(unnest.carry))]
        self._complete = completed(record, carried)
        self._unnest = unnest

    def page(self, body: bytes) -> Unnested:
        """All records of a page that is exactly as documented.

        Raises:
            msgspec.DecodeError, RecursionError, UnicodeDecodeError: it is not.
        """
        records: list[Record] = []
        empty = 0
        page: Any = self._page.decode(body)
        for row in cast("list[Any]", page.data):
            carried = tuple(get(row) for get in self._carried)
            elements: Sequence[Record] = row.elements or ()
            empty += not elements
            records += [self._complete((*astuple(element), *carried)) for element in elements]
        return Unnested(records, empty)

    def elements(self, rows: Iterable[msgspec.Raw | bytes]) -> Iterable[Element]:
        """The elements of all rows; a row that cannot be taken apart is left out."""
        for row in rows:
            found = self.row(bytes(row))
            if not isinstance(found, Refusal):
                yield from (each for each in found if isinstance(each, Element))

    def row(self, raw: bytes) -> list[Element | Refusal] | Refusal:
        """The elements of one row, sound or broken; or why the row as a whole cannot be taken apart."""
        members = cut_object(raw)
        if members is None:
            return Refusal("", "is not a JSON object", raw)
        row = {_plain(name): value for name, value in members}
        try:
            self._frame.decode(_object({name: row[name] for name in self._unnest.carry if name in row}))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            names = [name for name in self._unnest.carry if name not in row or name in str(error)]
            return Refusal(f"/{(names or list(self._unnest.carry))[0]}", str(error), raw)
        held = row.pop(self._unnest.field, b"null")
        elements = [] if held == b"null" else cut_array(held)
        if elements is None:
            return Refusal(f"/{self._unnest.field}", "is not a list", raw)
        return [self._element(raw, row, place, text) for place, text in enumerate(elements)]

    def _element(self, raw: bytes, row: dict[str, bytes], place: int, text: bytes) -> Element | Refusal:
        pointer = f"/{self._unnest.field}/{place}"
        members = cut_object(text)
        if members is None:
            return Refusal(pointer, "is not a JSON object", raw)
        own = {_plain(name) for name, _ in members}
        beside = {name: value for name, value in row.items() if name in self._unnest.carry or name not in own}
        inside = text.strip()[1:-1].strip()
        outside = _object(beside)[1:-1]
        element = Element(b"{" + (inside + b"," if inside else b"") + outside + b"}")
        element.whole, element.place, element.outer = raw, pointer, frozenset(beside)
        return element


def _object(members: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in members.items()) + b"}"


def _plain(quoted: bytes) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted.decode("utf-8", "replace")

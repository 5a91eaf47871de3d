"""What a record looks like to the decoder: typed decoders, and which fields need a look that types cannot give.

Derived once per record class from its columns, never from a resource's name. Pure; knows no page and no database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, cast, get_type_hints

import msgspec

from st_platform.servicetitan.records import Column, Record, columns_of

DEEPEST = 64
"""Levels of nesting that a row may have."""

LARGEST = Decimal(10) ** 64
"""No number of a trade business comes near; `1e999` is an overflow that somebody wrote down."""

_AT_ONCE = 400

_SHALLOW = 2 * (DEEPEST + 1)
"""A text of fewer bytes cannot nest deeper than allowed."""

_NO_BRACKETS = bytes(set(range(256)) - set(b"[{\x1f"))
"""To be left out where opening brackets are counted; the separator between texts stands in no valid JSON."""

Getter = Callable[[Record], Any]


@dataclass(frozen=True)
class Shape:
    """The decoders of one record class and its fields by what has to be looked at.

    `page` decodes a whole answer, `row` one row; both refuse fields that the record does not have. `tolerant` ignores
    those, and `members` gives them. `fields` maps the API's names to columns.
    """

    record: type[Record]
    page: msgspec.json.Decoder[Any]
    row: msgspec.json.Decoder[Record]
    tolerant: msgspec.json.Decoder[Record]
    members: msgspec.json.Decoder[dict[str, msgspec.Raw]]
    fields: dict[str, Column]
    instants: tuple[Getter, ...]
    dates: tuple[Getter, ...]
    decimals: tuple[Getter, ...]
    nested: tuple[Getter, ...]

    def accepts(self, rows: list[Record]) -> bool:
        """Whether every value of these rows is one that Postgres and the rest of the platform can take as it is.

        One pass per column in C: this runs over every row there ever is, some hundred at a time, which a core's own
        cache holds.
        """
        return all(self._accepts(rows[begin : begin + _AT_ONCE]) for begin in range(0, len(rows), _AT_ONCE))

    def _accepts(self, rows: list[Record]) -> bool:
        return (
            all(_are_instants(rows, get) for get in self.instants)
            and all(_are_dates(rows, get) for get in self.dates)
            and all(_are_numbers(rows, get) for get in self.decimals)
            and all(_are_shallow(rows, get) for get in self.nested)
        )


@cache
def shape_of(record: type[Record], without: tuple[str, ...] = ()) -> Shape:
    """The shape of a record class as the API sends it: `without` are columns that come from elsewhere."""
    record = part_of(record, without)
    columns = columns_of(record)
    page = msgspec.defstruct("Page", [("data", list[record])])
    tolerant = msgspec.defstruct(record.__name__, [], bases=(record,), forbid_unknown_fields=False, gc=False)

    def getters(sql_type: str) -> tuple[Getter, ...]:
        return tuple(attrgetter(column.attribute) for column in columns if column.sql_type == sql_type)

    return Shape(
        record=record,
        page=msgspec.json.Decoder(page),
        row=msgspec.json.Decoder(record),
        tolerant=msgspec.json.Decoder(cast("type[Record]", tolerant)),
        members=msgspec.json.Decoder(dict[str, msgspec.Raw]),
        fields={column.api_name: column for column in columns},
        instants=getters("timestamptz"),
        dates=getters("date"),
        decimals=getters("numeric"),
        nested=getters("jsonb"),
    )


@cache
def part_of(record: type[Record], without: tuple[str, ...]) -> type[Record]:
    """A record class that lacks some columns; the class itself where it lacks none."""
    if not without:
        return record
    hints = get_type_hints(record, include_extras=True)
    names = {column.attribute: column.api_name for column in columns_of(record) if column.name not in without}
    fields = [
        (field.name, hints[field.name]) if field.required else (field.name, hints[field.name], field.default)
        for field in msgspec.structs.fields(record)
        if field.name in names
    ]
    part = msgspec.defstruct(
        record.__name__, fields, bases=(Record,), rename=names, forbid_unknown_fields=True, gc=False, omit_defaults=True
    )
    return cast("type[Record]", part)


def completed(record: type[Record], without: tuple[str, ...]) -> Callable[[tuple[Any, ...]], Record]:
    """Makes a record from the values of its part and then those of the columns that the part is `without`."""
    part = [column.name for column in columns_of(part_of(record, without))]
    places = [*part, *without]
    order = itemgetter(*(places.index(column.name) for column in columns_of(record)))
    return lambda values: record(*order(values))


def is_shallow(raw: bytes) -> bool:
    """Whether a piece of JSON surely nests no deeper than allowed; False sends it to be counted properly."""
    return len(raw) < _SHALLOW or raw.count(b"[") + raw.count(b"{") <= DEEPEST


def _are_instants(rows: list[Record], get: Getter) -> bool:
    values: list[str] = list(filter(None, map(get, rows)))
    if not values:
        return True
    return min(values) >= "0002" and max(values) < ":" and "".join(values).count("Z") == len(values)


def _are_dates(rows: list[Record], get: Getter) -> bool:
    values: list[str] = list(filter(None, map(get, rows)))
    return not values or (min(values) >= "0002" and max(values) < ":")


def _are_numbers(rows: list[Record], get: Getter) -> bool:
    values: list[Decimal] = [value for value in map(get, rows) if value is not None]
    if not values:
        return True
    return all(map(Decimal.is_finite, values)) and min(values) > -LARGEST and max(values) < LARGEST


def _are_shallow(rows: list[Record], get: Getter) -> bool:
    values = list(map(get, rows))
    if max(map(len, values), default=0) < _SHALLOW:
        return True
    texts = [value for value in values if len(value) >= _SHALLOW]
    brackets = b"\x1f".join(texts).translate(None, _NO_BRACKETS).split(b"\x1f")
    return len(brackets) == len(texts) and max(map(len, brackets)) <= DEEPEST

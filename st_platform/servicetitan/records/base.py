"""The vocabulary that every record is written in.

A record is one row of one ServiceTitan resource, exactly as the API names and types it. It is decoded straight
from the bytes of a page, refuses fields it does not know (that refusal is how schema drift is noticed) and
carries no behaviour. Nothing here knows HTTP, SQL or Dagster.

Why the types look the way they do:

* `Instant` stays text. The API sends seven fractional digits, and every datetime parser at hand rounds the
  seventh up, which can push a row over the edge of its window; text is cut instead (see `floor_instant`).
* `Decimal` covers both of the API's spellings of money, the string and the number, without a float in between.
* `Json` is undecoded bytes: nested objects and arrays go to `jsonb` as they came.
* Everything but the key is optional: `required` in the official documents does not hold in practice.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

Instant = Annotated[str, msgspec.Meta(min_length=20, max_length=33, description="instant")]
"""A moment, UTC, ISO 8601 with `Z` and up to seven fractional digits. Column type `timestamptz`."""

CalendarDate = Annotated[str, msgspec.Meta(min_length=10, max_length=33, description="date")]
"""A calendar date; some endpoints append `T00:00:00`. Column type `date`; only the first ten characters count."""

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1, description="int32")]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1, description="int64")]

Label = Annotated[str | int, msgspec.Meta(description="label")]
"""A name of a fixed list, which some endpoints send as its number. Column type `text`, whichever came."""

Json = msgspec.Raw
"""Nested JSON, undecoded. Absent is `Raw(b"")`, null is `Raw(b"null")`; both are SQL NULL. Column `jsonb`."""

_FRACTION_END = 26  # len("2024-01-01T23:59:59.123456")


class Record(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False, omit_defaults=True):
    """One row of one resource. Subclasses list the official fields in the official order, the key first."""


@dataclass(frozen=True)
class Column:
    """How one field of a record is stored.

    `attribute` is the Python name, `api_name` the field in the JSON, `name` the column (snake_case of the API's
    name, also where that is an SQL keyword), `sql_type` one of bigint, integer, boolean, numeric, double
    precision, timestamptz, date, text, jsonb.
    """

    attribute: str
    api_name: str
    name: str
    sql_type: str


_SQL_TYPES: dict[object, str] = {
    int: "bigint",
    bool: "boolean",
    float: "double precision",
    str: "text",
    Decimal: "numeric",
    date: "date",
    msgspec.Raw: "jsonb",
}
_SQL_TYPES_BY_MARK = {"instant": "timestamptz", "date": "date", "int32": "integer", "int64": "bigint", "label": "text"}


@cache
def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """The columns of a record, in field order. Pure; the result is cached per record class.

    Raises:
        TypeError: a field has a type that has no column type.
    """
    hints = get_type_hints(record, include_extras=True)
    return tuple(
        Column(
            attribute=field.name,
            api_name=field.encode_name,
            name=field.name.removesuffix("_"),
            sql_type=_sql_type(record, field.name, hints[field.name]),
        )
        for field in msgspec.structs.fields(record)
    )


def floor_instant(text: str) -> str:
    """Cut an instant to microseconds, Postgres's precision. Never rounds: `…59.9999999Z` stays on its day."""
    return text[:_FRACTION_END] + "Z" if len(text) > _FRACTION_END + 1 and text[-1] == "Z" else text


def _sql_type(record: type[Record], field: str, hint: Any) -> str:
    base, marks = _unwrap(hint)
    for mark in marks:
        if mark in _SQL_TYPES_BY_MARK:
            return _SQL_TYPES_BY_MARK[mark]
    if base not in _SQL_TYPES:
        raise TypeError(f"{record.__name__}.{field}: no column type for {hint!r}; see records/base.py")
    return _SQL_TYPES[base]


def _unwrap(hint: Any) -> tuple[Any, tuple[str, ...]]:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if get_origin(hint) is Annotated:
        base, *metas = get_args(hint)
        return base, tuple(meta.description for meta in metas if isinstance(meta, msgspec.Meta) and meta.description)
    return hint, ()

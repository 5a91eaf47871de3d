"""Rows of a page as one block of PostgreSQL's COPY text, in as few Python operations as possible.

Works column by column over some hundred rows, so that most steps are loops inside the interpreter; columns that are
null in the whole page are left out. Values that would break the format (control characters, NUL, lone surrogates) are
rare: when one is seen, its rows are written again value by value. Pure; the session that reads the block speaks UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from st_platform.servicetitan.records import Column

DELIMITER, NULL = "\x1f", "\x1d"
_ROW_END = "\x1e"
_REPLACEMENT = "\ufffd"
_BOOLEANS: Mapping[bool | None, str] = {True: "t", False: "f", None: NULL}
_DOT_NET_NULL = "0001-"  # year 1: how the API spells "no date" in a field that cannot be null
_FIRST_YEAR_MEANT = "0002"
_MICROSECONDS = 26  # len("2024-01-01T23:59:59.123456")
_INSTANT = re.compile(r"^(.{10}[T ].{8})(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$")
_SPECIAL = re.compile(r"[\\\n\r\x1d\x1e\x1f]")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1d": "\\x1d", "\x1e": "\\x1e", "\x1f": "\\x1f"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_JSON_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_SUSPICIOUS_JSON = ("\\u0000", "\\ud", "\\uD")
_JSON_UNSTORABLE = re.compile(r"^\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})$")

_NO_JSON = b"nul"
_AT_ONCE = 400
"""Rows written together: as many as a core's own cache holds. A page of 5,000 at once takes a quarter longer."""

_Texts = tuple[Sequence[str], int]

_as_json: Callable[[Any], bytes] = msgspec.json.Encoder().encode

_last_character: Callable[[str], str] = itemgetter(-1)


@dataclass(frozen=True)
class CopyBlock:
    """`data` for `COPY table (columns) FROM STDIN`, one line a row, in the order given."""

    columns: tuple[str, ...]
    data: bytes


def render(
    columns: Sequence[Column],
    rows: Sequence[msgspec.Struct],
    *,
    extras: Sequence[bytes | None] | None = None,
    deleted_at: Sequence[str | None] | None = None,
    constants: Mapping[str, str] | None = None,
) -> CopyBlock:
    """The block for `rows`, whose fields are the attributes of `columns` in the same order.

    `extras` fills `_extra` and `deleted_at` (instants) `_deleted_at`; `constants` are further columns with the same
    plain text in every row. Instants are cut to microseconds, never rounded; year 1 becomes null, as do absent and
    null JSON.
    """
    kept = [(column, place) for place, column in enumerate(columns) if _is_there(column, rows)]
    names = [column.name for column, _ in kept]
    names += [name for name, values in (("_extra", extras), ("_deleted_at", deleted_at)) if values is not None]
    tail = "".join(DELIMITER + text for text in (constants or {}).values())
    blocks: list[bytes] = []
    for begin in range(0, len(rows), _AT_ONCE):
        piece = slice(begin, begin + _AT_ONCE)
        by_place = list(zip(*map(astuple, rows[piece]), strict=True))
        values = [(column.sql_type, by_place[place]) for column, place in kept]
        if extras is not None:
            values.append(("jsonb", tuple(b"" if extra is None else extra for extra in extras[piece])))
        if deleted_at is not None:
            values.append(("timestamptz", tuple(deleted_at[piece])))
        blocks.append(_block(values, tail))
    return CopyBlock((*names, *(constants or {})), b"".join(blocks))


def _is_there(column: Column, rows: Sequence[msgspec.Struct]) -> bool:
    """Whether any row has something to write in this column."""
    get = attrgetter(column.attribute)
    if column.sql_type == "jsonb":
        return bool(bytes(get(rows[0])).strip(_NO_JSON) or b"".join(map(get, rows)).strip(_NO_JSON))
    return get(rows[0]) is not None or list(map(get, rows)).count(None) < len(rows)


def _block(columns: Sequence[tuple[str, tuple[Any, ...]]], tail: str) -> bytes:
    """Some rows, given as columns of a kind each."""
    quick = [_QUICK[kind](values) for kind, values in columns]
    texts = [column for column, _ in quick]
    try:
        text = _join(texts, tail)
    except TypeError:  # labels that came as numbers
        texts = [list(map(str, column)) for column in texts]
        text = _join(texts, tail)
    width = len(columns) + tail.count(DELIMITER)
    if _is_plain(text, rows=len(texts[0]), columns=width, nulls=sum(nulls for _, nulls in quick)):
        text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        try:
            return text.replace(_ROW_END, "\n").encode()
        except UnicodeEncodeError:  # a lone surrogate
            pass
    text = _join([[_careful(kind, value) for value in values] for kind, values in columns], tail)
    return text.replace(_ROW_END, "\n").encode()


def _join(columns: Sequence[Sequence[str]], tail: str) -> str:
    return (tail + _ROW_END).join(map(DELIMITER.join, zip(*columns, strict=True))) + tail + _ROW_END


def _is_plain(text: str, *, rows: int, columns: int, nulls: int) -> bool:
    """Whether the separators are exactly ours and nothing in between needs more than backslash escapes."""
    return (
        text.count(DELIMITER) == rows * (columns - 1)
        and text.count(_ROW_END) == rows
        and text.count(NULL) == nulls
        and "\x00" not in text
        and not ("\\" in text and any(sign in text for sign in _SUSPICIOUS_JSON))
    )


# -- one column of some rows: its texts, and how many of them are null ---------------------------------------------


def _quick_integer(values: tuple[Any, ...]) -> _Texts:
    nulls = values.count(None)
    text = _as_json(values).decode()[1:-1]  # much quicker than asking each number for its text
    return (text.replace("null", NULL) if nulls else text).split(","), nulls


def _quick_plain(values: tuple[Any, ...]) -> _Texts:
    nulls = values.count(None)
    if not nulls:
        return list(map(str, values)), 0
    return [NULL if value is None else str(value) for value in values], nulls


def _quick_decimal(values: tuple[Any, ...]) -> _Texts:
    texts = [NULL if value is None else str(value) for value in values]  # comparing a Decimal with None is slow
    return texts, texts.count(NULL)


def _quick_text(values: tuple[Any, ...]) -> _Texts:
    nulls = values.count(None)
    return values if not nulls else [NULL if value is None else value for value in values], nulls


def _quick_boolean(values: tuple[Any, ...]) -> _Texts:
    return list(map(_BOOLEANS.__getitem__, values)), values.count(None)


def _quick_instant(values: tuple[Any, ...]) -> _Texts:
    nulls = values.count(None)
    if not nulls:
        if min(values) >= _FIRST_YEAR_MEANT and set(map(_last_character, values)) == {"Z"}:
            return [value[:_MICROSECONDS] for value in values], 0
    elif nulls == len(values):
        return [NULL] * nulls, nulls
    else:
        present: list[str] = [value for value in values if value]
        if present and min(present) >= _FIRST_YEAR_MEANT and set(map(_last_character, present)) == {"Z"}:
            return [NULL if value is None else value[:_MICROSECONDS] for value in values], nulls
    return _counted([_instant(value) for value in values])


def _quick_date(values: tuple[Any, ...]) -> _Texts:
    return _counted([_date(value) for value in values])


def _quick_json(values: tuple[Any, ...]) -> _Texts:
    joined = b"\x1f".join(values)
    try:
        texts = joined.decode().split(DELIMITER)
    except UnicodeDecodeError:
        texts = list[str]()
    if len(texts) != len(values):
        texts = [_decode(value) for value in values]
    return _counted([text if text and text != "null" else NULL for text in texts])


def _counted(texts: list[str]) -> _Texts:
    return texts, texts.count(NULL)


_QUICK: Mapping[str, Callable[[tuple[Any, ...]], _Texts]] = {
    "bigint": _quick_integer,
    "integer": _quick_integer,
    "numeric": _quick_decimal,
    "double precision": _quick_plain,
    "boolean": _quick_boolean,
    "text": _quick_text,
    "timestamptz": _quick_instant,
    "date": _quick_date,
    "jsonb": _quick_json,
}


# -- one value ------------------------------------------------------------------------------------------------------


def _careful(kind: str, value: Any) -> str:
    """One value, safe whatever it holds: special characters as COPY escapes, what no text can hold as U+FFFD."""
    if kind == "jsonb":
        text = _decode(value)
        if not text or text == "null":
            return NULL
        if "\\u" in text:
            text = _JSON_ESCAPE.sub(_storable_json, text)
    elif value is None:
        return NULL
    elif kind == "boolean":
        return _BOOLEANS[value]
    elif kind in ("timestamptz", "date"):
        if value.startswith(_DOT_NET_NULL):
            return NULL
        text = _instant(value) if kind == "timestamptz" else _date(value)
    else:
        text = str(value)
    return _SPECIAL.sub(_escape, _UNSTORABLE.sub(_REPLACEMENT, text))


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _storable_json(found: re.Match[str]) -> str:
    return "\\ufffd" if _JSON_UNSTORABLE.match(found[0]) else found[0]


def _decode(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")


def _instant(value: str | None) -> str:
    """Cut to microseconds with the offset kept; text that is no instant is left for Postgres to refuse."""
    if value is None or value.startswith(_DOT_NET_NULL):
        return NULL
    found = _INSTANT.match(value)
    if found is None:
        return value
    fraction = f".{found[2][:6]}" if found[2] else ""
    return f"{found[1]}{fraction}{found[3] or 'Z'}"


def _date(value: str | None) -> str:
    return NULL if value is None or value.startswith(_DOT_NET_NULL) else value[:10]


def version_order(instant: str | None) -> tuple[str, str]:
    """Sorts instants of one page by all their digits, null and year 1 first."""
    if instant is None or instant.startswith(_DOT_NET_NULL):
        return "", ""
    found = _INSTANT.match(instant)
    if found is None:
        return instant, ""
    return found[1], (found[2] or "").ljust(9, "0")

"""One row that the strict decoder refused: what of it can be kept, and exactly why the rest cannot.

The slow path of decoding. Pure; it sees the bytes of one row and the shape of its record, never a page, a tenant
or the database. A row comes out either as a record (with what we do not know in `extra` and with notes about what
was changed) or as a `Refusal` with a JSON pointer and a reason; it is never dropped and never half taken.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from st_platform.ingest.brackets import cut_object, depth_of
from st_platform.ingest.instants import BadInstant, normalised
from st_platform.ingest.shapes import DEEPEST, LARGEST, Shape, is_shallow
from st_platform.servicetitan.records import Column, Record

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_SURROGATE_PAIR_OR_LONE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_PAIR_LENGTH = 12
_POINTER = re.compile(r" - at `\$(?P<path>[^`]*)`$")

Members = dict[bytes, bytes]


@dataclass(frozen=True)
class Note:
    """Something that was changed or found in a field, for the people who look after it. `what` is a short phrase."""

    field: str
    what: str


@dataclass(frozen=True)
class Repaired:
    """A row that is usable. `extra` is a JSON object of the fields the record does not have, or None."""

    record: Record
    extra: bytes | None
    unknown: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Refusal:
    """A row that is not: where in it (JSON pointer), why, and its bytes as they came."""

    pointer: str
    reason: str
    raw: bytes


class _Refused(Exception):
    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(reason)
        self.pointer = pointer
        self.reason = reason


@dataclass
class _Row:
    """The members of a row while it is being looked at: known ones by quoted API name, as JSON text."""

    known: Members = field(default_factory=dict[bytes, bytes])
    unknown: dict[str, bytes] = field(default_factory=dict[str, bytes])
    notes: list[Note] = field(default_factory=list[Note])


def repair(shape: Shape, raw: bytes) -> Repaired | Refusal:
    """Read one row with patience.

    >>> repair(shape, b'{"id": 1, "colour": "red"}').extra
    b'{"colour":"red"}'
    """
    try:
        row = _members(shape, raw)
        for name, value in row.known.items():
            _check_text(name, value)
            row.known[name] = _mended(shape.fields[_plain(name)], value, row)
        record = _decode(shape, row.known)
        _check_numbers(shape, record)
        extra = _extra(row)
    except _Refused as refused:
        return Refusal(refused.pointer, refused.reason, raw)
    return Repaired(record, extra, tuple(row.unknown), tuple(row.notes))


def key_of(shape: Shape, key: tuple[str, ...], raw: bytes) -> tuple[object, ...] | None:
    """The key of a row that could not be read, if at least the key can be; None when even that is broken."""
    members = dict(cut_object(raw) or ())
    by_column = {column.name: column for column in shape.fields.values()}
    values: list[object] = []
    for name in key:
        if name not in by_column:
            return None
        text = members.get(json.dumps(by_column[name].api_name).encode())
        try:
            value = None if text is None else msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        values.append(value)
    return tuple(values)


def _members(shape: Shape, raw: bytes) -> _Row:
    if not is_shallow(raw) and depth_of(raw) > DEEPEST:
        deep = next((name for name, value in cut_object(raw) or () if depth_of(value) >= DEEPEST), None)
        raise _Refused(_pointer(deep), f"nests deeper than {DEEPEST} levels")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise _Refused("", f"is not UTF-8 at byte {error.start}") from None
    members = cut_object(raw)
    if members is None:
        raise _Refused("", "is not a JSON object")
    row = _Row()
    seen: set[str] = set()
    for quoted, value in members:
        name = _plain(quoted)
        text, replaced = _printable(value)
        if name in seen:
            row.notes.append(Note(name, "came more than once in one row; the last one counts"))
        seen.add(name)
        if replaced:
            row.notes.append(Note(name, "held characters that no database stores; replaced by U+FFFD"))
        if name in shape.fields:
            row.known[json.dumps(name).encode()] = text
        else:
            row.unknown[name] = text
    return row


def _printable(text: bytes) -> tuple[bytes, bool]:
    """JSON text without `\\u0000` and lone surrogates, and whether there were any."""
    if b"\\u" not in text:
        return text, False

    def replaced(match: re.Match[bytes]) -> bytes:
        return match.group() if len(match.group(2)) == _PAIR_LENGTH else match.group(1) + rb"\ufffd"

    cleaned = _SURROGATE_PAIR_OR_LONE.sub(replaced, _NUL.sub(rb"\1\\ufffd", text))
    return cleaned, cleaned != text


def _check_text(name: bytes, value: bytes) -> None:
    try:
        msgspec.json.decode(value, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise _Refused(_pointer(name), _why_no_json(value, error)) from None


def _why_no_json(value: bytes, error: Exception) -> str:
    if value.lstrip(b"-") in (b"NaN", b"Infinity"):
        return f"is {value.decode()}, which is no number"
    return f"is not JSON: {error}"


def _mended(column: Column, value: bytes, row: _Row) -> bytes:
    """The value of one known field, with instants and dates brought into the one form that is stored."""
    if column.sql_type not in ("timestamptz", "date") or not value.startswith(b'"'):
        return value
    text = str(msgspec.json.decode(value))
    try:
        if column.sql_type == "date":
            normal, note = normalised(text[:10])
            normal, note = (text, None) if normal else (normal, note)
        else:
            normal, note = normalised(text)
    except BadInstant as error:
        raise _Refused(_pointer(column.api_name), f"{json.dumps(text)} {error}") from None
    if note:
        row.notes.append(Note(column.api_name, note))
    return msgspec.json.encode(normal)


def _decode(shape: Shape, known: Members) -> Record:
    try:
        return shape.row.decode(b"{" + b",".join(name + b":" + value for name, value in known.items()) + b"}")
    except msgspec.ValidationError as error:
        text = str(error)
        where = _POINTER.search(text)
        pointer = _json_pointer(where["path"]) if where else ""
        raise _Refused(pointer, text[: where.start()] if where else text) from None


def _check_numbers(shape: Shape, record: Record) -> None:
    for column in shape.fields.values():
        value: Any = getattr(record, column.attribute)
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) < LARGEST):
            raise _Refused(_pointer(column.api_name), f"{value} is not a number that can be stored")


def _extra(row: _Row) -> bytes | None:
    for name, value in row.unknown.items():
        _check_text(json.dumps(name).encode(), value)
    if not row.unknown:
        return None
    return b"{" + b",".join(json.dumps(name).encode() + b":" + value for name, value in row.unknown.items()) + b"}"


def _plain(quoted: bytes) -> str:
    text, _ = _printable(quoted)
    try:
        return str(json.loads(text))
    except ValueError:
        raise _Refused("", f"has a field name that is not JSON: {quoted[:80]!r}") from None


def _pointer(name: bytes | str | None) -> str:
    if name is None:
        return ""
    plain = name if isinstance(name, str) else _plain(name)
    return "/" + plain.replace("~", "~0").replace("/", "~1")


def _json_pointer(path: str) -> str:
    """`.items[3].price`, as msgspec writes it, as `/items/3/price`."""
    return re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path).replace(".", "/")

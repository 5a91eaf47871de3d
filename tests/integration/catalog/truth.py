"""What the warehouse should hold of a resource, from the source's own truth.

Shares nothing with the ingest but the catalog's facts: which fields make the key, where rows are nested, which columns
the source does not send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from st_platform.servicetitan.catalog import DateWindow, Joined, Resource, SliceDay
from tests.syncing import Bench

Row = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One thing that the warehouse has wrong."""

    key: Key
    what: str
    expected: Any = None
    found: Any = None


def differences(bench: Bench, entry: Resource, truth: list[Row], *, tenant_id: int) -> list[Difference]:
    """Everything in which a table differs from the truth: key set, values, marks of deletion."""
    found = {tuple(row[name] for name in entry.key): row for row in _table(bench, entry, tenant_id)}
    expected = _keyed(entry, truth, found)
    return [
        *(Difference(key, "missing") for key in expected.keys() - found.keys()),
        *(
            Difference(key, "gone from the source, and not marked")
            for key in found.keys() - expected.keys()
            if found[key]["_deleted_at"] is None
        ),
        *(each for key in expected.keys() & found.keys() for each in _wrong(entry, key, expected[key], found[key])),
    ]


def true_rows(bench: Bench, entry: Resource, *, tenant_id: int) -> list[Row]:
    """The rows of the source as records: nested ones taken apart."""
    rows = bench.simulator.truth(entry.name, tenant_id=tenant_id).values()
    if entry.unnest is None:
        return list(rows)
    carried = entry.unnest.carry
    return [{**{name: row[name] for name in carried}, **part} for row in rows for part in row[entry.unnest.field] or ()]


def key_of(entry: Resource, row: Row) -> Key:
    """The key of a true row as the table holds it."""
    columns = {column.name: column for column in entry.columns}
    return tuple(stored(_value(entry, row, name), columns[name].sql_type) for name in entry.key)


def stored(value: Any, sql_type: str) -> Any:
    """A value of the API as Postgres gives it back."""
    if value is None:
        return None
    if sql_type == "timestamptz":
        return datetime.fromisoformat(value[:-1][:26] + "+00:00")
    if sql_type == "date":
        return date.fromisoformat(value[:10])
    if sql_type == "numeric":
        return Decimal(str(value))
    return str(value) if sql_type == "text" else value


def stretches(window: DateWindow, first: date, last: date) -> Iterator[tuple[date, str, str]]:
    """The days as the window's two parameters: one by one where it sums, else all at once."""
    days = (last - first).days + 1
    step = 1 if window.slice else days
    for number in range(0, days, step):
        day = first + timedelta(days=number)
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        yield day, f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{start + timedelta(days=step):%Y-%m-%dT%H:%M:%SZ}"


def _keyed(entry: Resource, truth: list[Row], found: Mapping[Key, Row]) -> dict[Key, Row]:
    """The true rows by key. Rows that claim one identity get the number under which the table has their contents."""
    keyed: dict[Key, Row] = {}
    for row in truth:
        key = first = key_of(entry, row)
        number = 1
        while key in keyed and keyed[key] != row:
            assert entry.filled, f"{entry.name}: two true rows have one key"
            number += 1
            key = (f"{first[0]}#{number}", *first[1:])
        keyed[key] = row
    for key in [key for key in keyed if "#" in str(key[0])]:
        first = (str(key[0]).partition("#")[0], *key[1:])
        if first in found and any(_wrong(entry, first, keyed[first], found[first])):
            keyed[first], keyed[key] = keyed[key], keyed[first]
    return keyed


def _value(entry: Resource, row: Row, name: str) -> Any:
    fill = entry.filled.get(name)
    if isinstance(fill, Joined):
        return "/".join("-" if (part := _at(row, path)) is None else str(part) for path in fill.paths)
    if fill is not None:
        return row["_day" if isinstance(fill, SliceDay) else "_segment"]
    return row.get(next(column.api_name for column in entry.columns if column.name == name))


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def _wrong(entry: Resource, key: Key, true: Row, held: Row) -> Iterator[Difference]:
    for column in entry.columns:
        if column.name in entry.filled:
            continue
        expected = stored(true.get(column.api_name), column.sql_type)
        if column.name == "active" and held["active"] is None and expected:
            continue  # read again from a list that does not have the flag: it counts as active
        if held[column.name] != expected:
            yield Difference(key, column.name, expected, held[column.name])
    deleted = False
    if entry.deleted_when is not None:
        name, value = entry.deleted_when
        deleted = _value(entry, true, name) == value
    if deleted != (held["_deleted_at"] is not None):
        yield Difference(key, "the mark of deletion", deleted, held["_deleted_at"])


def _table(bench: Bench, entry: Resource, tenant_id: int) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT * FROM {} WHERE tenant_id = %s").format(sql.Identifier("servicetitan", entry.name))
    with bench.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, [tenant_id]).fetchall()

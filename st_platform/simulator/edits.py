"""What a test changes by hand: touched, edited, merged, removed and inserted rows, laid over the generated business.

An overlay of one table. Values are JSON texts, so a row can be made to carry anything a real answer might, broken
types and unknown fields included. Knows nothing of HTTP.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from st_platform.simulator.instants import parse, text
from st_platform.simulator.table import Table

Fields = dict[str, str]
"""Field name -> JSON text, in the order of the row."""

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])


class UnknownRow(LookupError):
    """An edit of a row that does not exist at that moment."""


@dataclass(frozen=True)
class Edit:
    """One change by hand. `happened` is when it was made, `modified` what the row says; both in ticks. `active` is
    what it makes of the row's being active, None for nothing; `removes` and `restores` take it away and bring it
    back."""

    number: int
    op: str
    happened: int
    modified: int
    fields: Fields
    active: bool | None = None
    removes: bool = False
    restores: bool = False


@dataclass(frozen=True)
class EditedRow:
    """A row as it stands at an instant, with its edits applied. `order` breaks ties as the row number does; `active`
    is known even where the row has no such field."""

    id: int
    order: int
    modified: int
    fields: Fields
    active: bool

    @property
    def json(self) -> str:
        return json_object(self.fields)

    def value(self, field: str) -> Any:
        """A field's value, or None where it is absent or not readable JSON."""
        try:
            return json.loads(self.fields.get(field, "null"))
        except ValueError:
            return None


class Edits:
    """The edits of one table, by row id. Thread-safe."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._by_id: dict[int, list[Edit]] = {}
        self._log: list[tuple[int, Edit]] = []
        self._mask: np.ndarray | None = None

    def clear(self) -> None:
        with self._lock:
            self._by_id.clear()
            self._log.clear()
            self._mask = None

    def __bool__(self) -> bool:
        return bool(self._by_id)

    @property
    def mask(self) -> np.ndarray | None:
        """True for each generated row that has edits; None when there are none."""
        return self._mask

    def log(self) -> list[tuple[int, Edit]]:
        """(row id, edit) in the order they were made."""
        with self._lock:
            return list(self._log)

    def change(
        self,
        row_id: int,
        fields: Fields,
        *,
        op: str,
        now: int,
        modified: int | None = None,
        active: bool | None = None,
        removes: bool = False,
        restores: bool = False,
    ) -> EditedRow | None:
        """Apply a change to an existing row, or bring back one that was removed by hand; None when it removes the row.

        Raises:
            UnknownRow: there is no such row now.
        """
        with self._lock:
            removed = row_id in self._by_id and any(edit.removes for edit in self._by_id[row_id])
            if self._read(row_id, now) is None and not (restores and removed):
                raise UnknownRow(f"{self._table.resource} has no row {row_id} at {text(now)}")
            moment = now if modified is None else modified
            self._add(row_id, Edit(len(self._log), op, now, moment, fields, active, removes, restores))
            return self._read(row_id, max(now, moment))

    def insert(
        self, fields: Fields, *, now: int, like: int | None, row_id: int | None, modified: int | None
    ) -> EditedRow | None:
        """Add a row: the fields of row `like` (or of the first one) with `fields` over them."""
        table = self._table
        with self._lock:
            taken = max((key for key in self._by_id), default=0)
            new_id = row_id if row_id is not None else max(table.first_id + table.count - 1, taken) + 1
            pattern = self._read(table.first_id if like is None else like, now)
            if pattern is None:
                raise UnknownRow(f"{table.resource} has no row {like} to copy")
            moment = now if modified is None else modified
            whole = dict(pattern.fields)
            if "id" in whole:
                whole["id"] = str(new_id)
            if "createdOn" in whole:
                whole["createdOn"] = f'"{text(moment)}"'
            self._add(new_id, Edit(len(self._log), "inserted", now, moment, whole | fields, pattern.active))
            return self._read(new_id, max(now, moment))

    def inserted(self) -> list[int]:
        """The ids of rows that were added by hand, also of those that are gone again."""
        with self._lock:
            return [row_id for row_id, edits in self._by_id.items() if edits[0].op == "inserted"]

    def removed(self, now: int) -> list[int]:
        """The ids of rows that were taken away by hand and are still gone."""
        with self._lock:
            return [
                row_id for row_id, edits in self._by_id.items() if edits[-1].removes and self._read(row_id, now) is None
            ]

    def read(self, row_id: int, at: int) -> EditedRow | None:
        """Any row of the table, edited or not, as of an instant."""
        with self._lock:
            return self._read(row_id, at)

    def rows(self, at: int) -> list[EditedRow]:
        """Every edited row that exists at an instant."""
        with self._lock:
            return [row for row_id in self._by_id if (row := self._read(row_id, at)) is not None]

    def _add(self, row_id: int, edit: Edit) -> None:
        self._by_id.setdefault(row_id, []).append(edit)
        self._log.append((row_id, edit))
        row = row_id - self._table.first_id
        mask = np.zeros(self._table.count, dtype=bool) if self._mask is None else self._mask.copy()
        if 0 <= row < self._table.count:
            mask[row] = True
        self._mask = mask

    def _read(self, row_id: int, at: int) -> EditedRow | None:
        table = self._table
        row = row_id - table.first_id
        fields: Fields | None = None
        modified = -1
        active = True
        gone = False
        if table.exists(row, at):
            active = bool(table.inactive_at[row] > at)
            rows = np.array([row], dtype=np.int64)
            times = table.versions.modified(rows, at)
            modified = int(times[0])
            fields = fields_of(table.render(rows, times, at)[0])
        base_modified = modified
        for edit in self._by_id.get(row_id, ()):
            if edit.modified > at:
                continue
            gone = edit.removes or (gone and not edit.restores and edit.op != "inserted")
            if edit.removes:
                continue
            fields = (fields or {}) | edit.fields
            modified = base_modified if base_modified > edit.happened else edit.modified
            active = active if edit.active is None else edit.active
            if edit.active is not None and "active" in fields:
                fields["active"] = json.dumps(edit.active)
            elif "active" in fields:
                active = fields["active"] != "false"
        if fields is None or gone:
            return None
        if self._by_id.get(row_id) and "modifiedOn" in fields and modified >= 0:
            fields["modifiedOn"] = f'"{text(modified)}"'
        return EditedRow(row_id, row, modified, fields, active)


def json_object(fields: Mapping[str, str]) -> str:
    """One row of JSON texts."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"


def fields_of(row: str) -> Fields:
    """The JSON text of each field of a row."""
    return {name: bytes(raw).decode() for name, raw in _DECODER.decode(row).items()}


def json_fields(values: Mapping[str, Any], raw: Mapping[str, str] | None = None) -> Fields:
    """Plain values and ready-made JSON texts as fields."""
    return {name: json.dumps(value) for name, value in values.items()} | dict(raw or {})


def modified_from(value: str | None) -> int | None:
    """An optional explicit modification time."""
    return None if value is None else parse(value)

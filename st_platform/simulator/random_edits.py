"""A day of edits that nobody planned: chooses rows at random and what is done to them, as bodies of `/_sim/edit`.

Knows what a resource is able to show (a flag, a merge, mere absence) and nothing of HTTP. The same seed over the same
state chooses the same edits.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from st_platform.simulator.conditions import values_at
from st_platform.simulator.edits import EditedRow, Fields, fields_of
from st_platform.simulator.instants import HOUR, text
from st_platform.simulator.store import Shelf

Body = dict[str, Any]
Apply = Callable[[Body], EditedRow | None]

_WEIGHTS = {"touch": 3, "set": 5, "deactivate": 2, "remove": 2, "merge": 2, "restore": 3, "insert": 2, "delete": 2}
_MERGED = frozenset({"customers", "locations"})
_PROSE = frozenset({"name", "displayName", "summary", "memo", "description", "title", "note", "specialInstructions"})
_IDENTITY = re.compile(r"(Id|Ids|Number|number|year|month|status|Status|type|Type)$|^(id|active)$")
_MONEY = re.compile(r'"-?\d+\.\d\d"')
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NEXT_EVENT = 1_000_000


class NothingToEdit(LookupError):
    """A resource without a single row."""


def random_edits(
    shelf: Shelf, tenant_id: int, *, count: int, seed: int, hours: float, now: int, apply: Apply
) -> list[Body]:
    """Make `count` edits through `apply`; answers them with the `id` of each row.

    `hours`: what the edits say about when they were made is spread over so many hours before now, but never earlier
    than the version that they replace.

    Raises:
        NothingToEdit: there is no row to begin with.
    """
    chooser = _Chooser(shelf, random.Random(f"{seed}/{tenant_id}/{shelf.endpoint.resource}"), now)
    done: list[Body] = []
    for _ in range(count):
        body = chooser.next()
        since = max(chooser.modified, now - round(hours * HOUR))
        if since < now:
            body["modified_on"] = text(chooser.random.randint(since + 1, now))
        body = {"tenant_id": tenant_id, "resource": shelf.endpoint.resource, **body}
        row = apply(body)
        done.append({"id": row.id, **body} if row is not None else body)
    return done


class _Chooser:
    """Chooses one edit after the other. `modified` is when the row of the last choice was modified before it."""

    def __init__(self, shelf: Shelf, random_: random.Random, now: int) -> None:
        self.random = random_
        self.modified = 0
        self._shelf = shelf
        self._now = now

    def next(self) -> Body:
        row = self._some_row()
        self.modified = row.modified
        possible = self._possible(row)
        op = self.random.choices(possible, [_WEIGHTS[op] for op in possible])[0]
        body: Body = {"op": op, "id": row.id}
        if op == "set":
            body["raw"] = self._changed(row.fields)
        elif op == "merge":
            body["into"] = self._some_row(other_than=row.id).id
        elif op == "insert":
            self.modified = 0
            return {"op": op, "like": row.id, "raw": self._fresh_key(row.fields)}
        elif op == "restore":
            removed = self._shelf.edits.removed(self._now)
            if row.active or (removed and self.random.random() < 0.5):
                self.modified = 0
                body["id"] = self.random.choice(removed)
        return body

    def _possible(self, row: EditedRow) -> list[str]:
        """Only what can be seen afterwards: absence only where a list can be read whole, or read again by day."""
        endpoint = self._shelf.endpoint
        ops = ["touch", "insert"]
        if self._changed(row.fields):
            ops.append("set")
        if "active" in row.fields:
            ops += ["deactivate"] if row.active else ["restore"]
            if row.active and endpoint.resource == "memberships":
                ops.append("delete")
        elif endpoint.list is not None:
            ops.append("remove")
        if row.active and endpoint.resource in _MERGED:
            ops.append("merge")
        if "restore" not in ops and self._shelf.edits.removed(self._now):
            ops.append("restore")
        return ops

    def _some_row(self, other_than: int | None = None) -> EditedRow:
        """Any row that exists, inserted ones included."""
        shelf = self._shelf
        rows = shelf.table.existing(self._now)
        ids = np.concatenate([rows + shelf.table.first_id, np.array(shelf.edits.inserted(), dtype=np.int64)])
        for _ in range(1000):
            if not len(ids):
                break
            row = shelf.edits.read(int(ids[self.random.randrange(len(ids))]), self._now)
            if row is not None and row.id != other_than:
                return row
        raise NothingToEdit(f"{shelf.endpoint.resource} has no row to edit")

    def _changed(self, fields: Fields) -> Fields:
        """One field with another value of the same kind; empty when the row has none that is safe to change."""
        found: list[tuple[str, str]] = []
        for name, value in fields.items():
            if _IDENTITY.search(name) or name in self._shelf.endpoint.key:
                continue
            if value in ("true", "false"):
                found.append((name, "false" if value == "true" else "true"))
            elif name in _PROSE and value.startswith('"'):
                found.append((name, json.dumps(f"{json.loads(value)} ~{self.random.randrange(10_000)}")))
            elif _MONEY.fullmatch(value):
                found.append((name, json.dumps(str(Decimal(json.loads(value)) + Decimal("0.01")))))
            elif _NUMBER.fullmatch(value):
                found.append((name, str(Decimal(value) + (Decimal("0.01") if "." in value else 1))))
        if found:
            return dict([self.random.choice(found)])
        return self._one_event_more(fields)

    def _one_event_more(self, fields: Mapping[str, str]) -> Fields:
        """A row that is a list of events gets another one, like its last."""
        for name, value in fields.items():
            events = json.loads(value) if value.startswith("[{") else []
            if events and "id" in events[-1] and "date" in events[-1]:
                another = events[-1] | {"id": events[-1]["id"] + _NEXT_EVENT, "date": text(self._now)}
                return {name: json.dumps([*events, another])}
        return {}

    def _fresh_key(self, fields: Mapping[str, str]) -> Fields:
        """A key of its own for a row that is no `id`: the last of its fields beyond any there is."""
        key = self._shelf.endpoint.key
        if not key or key == ("id",):
            return {}
        taken = [
            value
            for chunk in self._shelf.truth(self._now)
            for _, row in chunk
            for value in values_at(fields_of(row), key[-1])
        ]
        return {key[-1]: str(max([*taken, 0]) + 1)}

"""Carries out the edits that the control plane is asked for: what each does to a row of its kind, now.

Knows which words a row has for being gone (a flag, a status, the row it was merged into). No HTTP.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from st_platform.simulator.edits import EditedRow, UnknownRow, json_fields, modified_from
from st_platform.simulator.endpoints import BY_RESOURCE
from st_platform.simulator.random_edits import random_edits
from st_platform.simulator.store import Shelf
from st_platform.simulator.universe import SimulatedTenant, Universe


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EditBody(_Strict):
    """`op`: touch (new modifiedOn only), set (fields), deactivate (active=false), delete (deactivate where a feed
    shows it, else remove), remove (gone for good), restore (active again, a merge or removal by hand undone), merge
    (`into`), insert (copy of `like` with `fields`).

    `fields` are plain values, `raw` JSON texts; both by API names. `id` is the row's number, which for rows without
    an `id` of their own `/_sim/truth/…?numbered=true` tells; it defaults to the first row there is. `modified_on` is
    an exact instant, up to seven digits. What a row cannot show is refused: deactivation where neither rows nor list
    know the word, insertion of a row under the key of another. The rows of `job_history` are jobs with all their
    events. `marketing_ads_performance` has no rows: it is summed up from the business for each window.
    """

    tenant_id: int
    resource: str
    op: Literal["touch", "set", "deactivate", "delete", "remove", "restore", "merge", "insert"] = "touch"
    id: int | None = None
    into: int | None = None
    like: int | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    raw: dict[str, str] = Field(default_factory=dict)
    modified_on: str | None = None


class RandomEditsBody(_Strict):
    """`count` edits in `resource`, or in each resource that has rows. They happen now; `hours` spreads what they say
    about when they were made over so many hours before."""

    tenant_id: int
    resource: str | None = None
    count: int = Field(ge=0)
    seed: int
    hours: float = Field(default=0, ge=0)


def apply_edit(universe: Universe, body: dict[str, Any]) -> EditedRow | None:
    """Carry out one edit now, and note it in the journal; answers the row, None when it is gone.

    Raises:
        UnknownRow, ValueError: nothing was changed.
    """
    now = universe.clock.now()
    row = _carry_out(universe, body, now)
    if universe.journal is not None:
        with universe.journal.open("a") as journal:
            journal.write(json.dumps({"now": now, "edit": body}) + "\n")
    return row


def replay_edits(universe: Universe) -> int:
    """Repeat the edits of earlier processes at the instants they were made; answers how many there were."""
    if universe.journal is None or not universe.journal.exists():
        return 0
    entries = [json.loads(line) for line in universe.journal.read_text().splitlines()]
    for entry in entries:
        _carry_out(universe, entry["edit"], entry["now"])
    return len(entries)


def make_random_edits(universe: Universe, body: dict[str, Any]) -> list[dict[str, Any]]:
    """A day of random edits, each made and noted as one by hand; answers their bodies with the `id` of each row.

    Raises:
        UnknownRow, NothingToEdit: the tenant or resource is not there, or empty.
    """
    wanted = RandomEditsBody.model_validate(body)
    shelves = tenant_of(universe, wanted.tenant_id).shelves
    chosen = (
        [shelf for shelf in shelves.values() if len(shelf.table.existing(universe.clock.now()))]
        if wanted.resource is None
        else [shelf_of(universe, wanted.tenant_id, wanted.resource)]
    )
    return [
        edit
        for shelf in chosen
        for edit in random_edits(
            shelf,
            wanted.tenant_id,
            count=wanted.count,
            seed=wanted.seed,
            hours=wanted.hours,
            now=universe.clock.now(),
            apply=partial(apply_edit, universe),
        )
    ]


def _carry_out(universe: Universe, body: dict[str, Any], now: int) -> EditedRow | None:
    edit = EditBody.model_validate(body)
    shelf = shelf_of(universe, edit.tenant_id, edit.resource)
    modified = modified_from(edit.modified_on)
    fields = json_fields(edit.fields, edit.raw)
    if edit.op == "insert":
        _check_key(shelf, fields)
        return shelf.edits.insert(fields, now=now, like=edit.like, row_id=edit.id, modified=modified)
    row_id = shelf.table.first_id if edit.id is None else edit.id
    if edit.op == "merge":
        if edit.into is None:
            raise ValueError("merge needs `into`, the id that survives")
        fields |= {"mergedToId": str(edit.into)}
    shown = _shows_activity(shelf, row_id, now)
    removes = edit.op == "remove" or (edit.op == "delete" and (shelf.endpoint.feed is None or not shown))
    if edit.op == "deactivate" and not shown and shelf.endpoint.activity is None:
        raise ValueError(f"nothing shows that a row of {edit.resource} is inactive; remove it")
    if edit.op == "delete" and not removes and edit.resource == "memberships":
        fields |= {"status": '"Deleted"'}
    if edit.op == "restore":
        fields = _undone(shelf, row_id, now) | fields
    active = {"deactivate": False, "delete": False, "merge": False, "restore": True}.get(edit.op)
    return shelf.edits.change(
        row_id,
        fields,
        op=edit.op,
        now=now,
        modified=modified,
        active=None if removes else active,
        removes=removes,
        restores=edit.op == "restore",
    )


def _shows_activity(shelf: Shelf, row_id: int, now: int) -> bool:
    row = shelf.edits.read(row_id, now)
    return row is not None and "active" in row.fields


def _undone(shelf: Shelf, row_id: int, now: int) -> dict[str, str]:
    """What a row loses that is brought back: the row it was merged into, the status of a deleted one."""
    row = shelf.edits.read(row_id, now)
    undone = {"mergedToId": "null", "status": '"Active"'}
    gone = {"status": '"Deleted"'}
    fields = {} if row is None else row.fields
    return {
        name: text for name, text in undone.items() if name in fields and fields[name] == gone.get(name, fields[name])
    }


def _check_key(shelf: Shelf, fields: dict[str, str]) -> None:
    """Rows are told apart by their key, so a copy needs another one."""
    key = shelf.endpoint.key
    if key and key != ("id",) and not any(name in fields for name in key):
        raise ValueError(f"a new row of {shelf.endpoint.resource} needs its own {' and '.join(key)}")


def tenant_of(universe: Universe, tenant_id: int) -> SimulatedTenant:
    """Raises UnknownRow where there is none."""
    try:
        return universe.tenants[tenant_id]
    except KeyError:
        raise UnknownRow(f"no tenant {tenant_id}; there are {sorted(universe.tenants)}") from None


def shelf_of(universe: Universe, tenant_id: int, resource: str) -> Shelf:
    """Raises UnknownRow where there is none."""
    shelves = tenant_of(universe, tenant_id).shelves
    if resource not in shelves and resource in BY_RESOURCE:
        raise UnknownRow(f"{resource} has no rows of its own: it is summed up for each window that is asked for")
    if resource not in shelves:
        raise UnknownRow(f"no resource {resource!r}; there are {sorted(shelves)}")
    return shelves[resource]

"""What a tenant's API shows at an instant: pages of feeds and lists, the truth and how it came about.

Joins the generated tables with the edits made by hand. Every answer is a function of (table, edits, now); nothing
is remembered between two calls, so moving the clock is all it takes to make time pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.conditions import Condition, values_at
from st_platform.simulator.edits import EditedRow, Edits, Fields, fields_of, json_object
from st_platform.simulator.endpoints import Compare, Endpoint
from st_platform.simulator.instants import DAY, MINUTE, NotAnInstant, parse
from st_platform.simulator.query import ListQuery
from st_platform.simulator.table import Table

VISIBILITY_DELAY = 15 * MINUTE
_ACTIVE_FIELD = ',"active":'
_CHUNK = 5000


@dataclass(frozen=True)
class FeedPosition:
    """A place in a feed: everything up to row number `row` of instant `ticks` has been handed out."""

    ticks: int
    row: int = -1


@dataclass(frozen=True)
class FeedPage:
    rows: list[str]
    has_more: bool
    position: FeedPosition


@dataclass(frozen=True)
class ListPage:
    rows: list[str]
    has_more: bool
    total: int


@dataclass(frozen=True)
class Change:
    """One entry of the truth log. `happened` is when it took place, `modified` what the row says; ticks."""

    happened: int
    modified: int
    id: int
    op: str


class Shelf:
    """One resource of one tenant: its table, its edits and how both are read together."""

    def __init__(self, table: Table, endpoint: Endpoint) -> None:
        self.table = table
        self.endpoint = endpoint
        self.edits = Edits(table)

    def feed(self, since: FeedPosition, *, now: int, recent: bool, size: int, hides: bool = False) -> FeedPage:
        """The next `size` rows by (modification, row), at most as new as the visibility delay allows.

        Rows are shown as of that cut, so two feeds read at the same moment agree with each other; or, if the feed
        `hides` what has changed since, as of now and without such rows.
        """
        edge = now if recent else now - VISIBILITY_DELAY
        cut = now if hides else edge
        edited = [row for row in self._edited_after(since, cut) if row.modified <= edge]
        times: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
        found = 0
        log = self.table.versions
        for chunk_times, chunk_rows in log.current(start=since.ticks, cut=cut, after_row=since.row, before=edge + 1):
            keep = self.table.removed_at[chunk_rows] > cut
            if (mask := self.edits.mask) is not None:
                keep &= ~mask[chunk_rows]
            times.append(chunk_times[keep])
            rows.append(chunk_rows[keep].astype(np.int64))
            found += int(keep.sum())
            if found > size:
                break
        page_times = np.concatenate(times)[: size + 1] if times else np.zeros(0, dtype=np.int64)
        page_rows = np.concatenate(rows)[: size + 1] if rows else np.zeros(0, dtype=np.int64)
        has_more = len(page_rows) + len(edited) > size
        if not edited:
            page_times, page_rows = page_times[:size], page_rows[:size]
            last = FeedPosition(int(page_times[-1]), int(page_rows[-1])) if len(page_rows) else since
            return FeedPage(self.table.render(page_rows, page_times, cut), has_more, last)
        texts = self.table.render(page_rows, page_times, cut)
        generated = zip(page_times.tolist(), page_rows.tolist(), texts, strict=True)
        by_hand = ((row.modified, row.order, row.json) for row in edited)
        page = [entry for _, entry in zip(range(size), merge(generated, by_hand), strict=False)]
        last = FeedPosition(page[-1][0], page[-1][1]) if page else since
        return FeedPage([entry[2] for entry in page], has_more, last)

    def list(self, query: ListQuery, *, now: int, hides_deleted: bool = True) -> ListPage:
        """One page of the rows that match now.

        `hides_deleted`: a list whose rows do not say whether they are active leaves inactive ones out.
        """
        if query.active is None and self.endpoint.activity is None and self.endpoint.list_omits_active:
            query = replace(query, active=True if hides_deleted else None)
        handles, edited = self._matching(query, now)
        total = len(handles)
        start = (query.page - 1) * query.page_size
        texts = self._render(handles[start : start + query.page_size], edited, now)
        return ListPage(texts, start + query.page_size < total, total)

    def truth(self, now: int, chunk: int = _CHUNK) -> Iterator[list[tuple[int, str]]]:
        """Every row that exists now with its number, as the feed or list would show it, in order of that number."""
        rows = self.table.existing(now)
        if (mask := self.edits.mask) is not None:
            rows = rows[~mask[rows]]
        for start in range(0, len(rows), chunk):
            part = rows[start : start + chunk]
            texts = self.table.render(part, self.table.versions.modified(part, now), now)
            yield list(zip((part + self.table.first_id).tolist(), texts, strict=True))
        yield [(row.id, row.json) for row in self.edits.rows(now)]

    def changes(self, now: int) -> Iterator[Change]:
        """Everything that has happened up to now, in order of happening. A later now only appends."""
        return merge(self._generated_changes(now), self._edited_changes(), key=lambda change: change.happened)

    def _generated_changes(self, now: int) -> Iterator[Change]:
        table, log = self.table, self.table.versions
        for start in range(0, end := log.count_until(now), 65_536):
            part = slice(start, min(start + 65_536, end))
            times, rows = log.times[part], log.rows[part]
            ops = np.full(len(times), "modified", dtype="U11")
            ops[times == table.inactive_at[rows]] = "deactivated"
            ops[times == table.created[rows]] = "created"
            ops[times == table.removed_at[rows]] = "removed"
            for time, row, op in zip(times.tolist(), rows.tolist(), ops.tolist(), strict=True):
                yield Change(time, time, table.first_id + row, op)

    def _edited_changes(self) -> Iterator[Change]:
        for row_id, edit in self.edits.log():
            yield Change(edit.happened, edit.modified, row_id, edit.op)

    def _edited_after(self, since: FeedPosition, cut: int) -> list[EditedRow]:
        if not self.edits:
            return []
        rows = [r for r in self.edits.rows(cut) if (r.modified, r.order) > (since.ticks, since.row)]
        return sorted(rows, key=lambda r: (r.modified, r.order))

    def _matching(self, query: ListQuery, now: int) -> tuple[NDArray[np.int64], list[EditedRow]]:
        """Handles in order (row number, or -1-n for the nth edited row) and the edited rows that match."""
        rows, modified = self._candidates(query, now)
        keep = (self.table.removed_at[rows] > now) & (self.table.created[rows] <= now)
        if query.active is not None:
            keep &= (self.table.inactive_at[rows] > now) == query.active
        if query.created:
            keep &= (self.table.created[rows] >= query.created[0]) & (self.table.created[rows] < query.created[1])
        if (mask := self.edits.mask) is not None:
            keep &= ~mask[rows]
        rows, modified = rows[keep], None if modified is None else modified[keep]
        kept = self._fulfilling(rows, query.conditions, now)
        rows, modified = rows[kept], None if modified is None else modified[kept]
        edited = (
            [row for row in self.edits.rows(now) if _matches(row, query, self.endpoint.dated)] if self.edits else []
        )
        keys = self._sort_keys(query.sort, rows, modified, edited, now)
        ids = np.concatenate([rows + self.table.first_id, np.array([row.id for row in edited], dtype=np.int64)])
        handles = np.concatenate([rows, -1 - np.arange(len(edited), dtype=np.int64)])
        order = np.lexsort((ids, ids if keys is None else keys))
        return handles[order[::-1] if query.descending else order], edited

    def _fulfilling(self, rows: NDArray[np.int64], conditions: Sequence[Condition], now: int) -> NDArray[np.bool_]:
        """Which rows fulfil the conditions: by column where the table has one, else by what is written."""
        kept = np.ones(len(rows), dtype=bool)
        unknown: list[Condition] = []
        for each in conditions:
            if each.filter.compare is Compare.IS and each.filter.field in self.table.columns:
                values = self.table.columns[each.filter.field](rows, now).astype(str)
                kept &= np.isin(np.char.lower(values), list(each.wanted))
            else:
                unknown.append(each)
        if unknown:
            possible = np.flatnonzero(kept)
            for start in range(0, len(possible), _CHUNK):
                part = possible[start : start + _CHUNK]
                texts = self._write(rows[part], now)
                kept[part] = [all(each.holds(row) for each in unknown) for row in map(fields_of, texts)]
        return kept

    def _sort_keys(
        self,
        field: str | None,
        rows: NDArray[np.int64],
        modified: NDArray[np.int64] | None,
        edited: list[EditedRow],
        now: int,
    ) -> NDArray[np.int64] | None:
        """What to order the generated and then the edited rows by; None for their ids."""
        if field == "ModifiedOn":
            grain = DAY if self.endpoint.loose_sort else 1
            times = self.table.versions.modified(rows, now) if modified is None else modified
            return np.concatenate([times, np.array([row.modified for row in edited], dtype=np.int64)]) // grain
        if field == "CreatedOn":
            by_hand = [_instant(row.value("createdOn")) for row in edited]
            return np.concatenate([self.table.created[rows], np.array(by_hand, dtype=np.int64)])
        if field is None or field == "Id":
            return None
        name = field[0].lower() + field[1:]
        written = [*map(fields_of, self._write(rows, now)), *(row.fields for row in edited)]
        values = [_sortable(next(values_at(row, name), None)) for row in written]
        ranks = {value: rank for rank, value in enumerate(sorted(set(values)))}
        return np.array([ranks[value] for value in values], dtype=np.int64)

    def _write(self, rows: NDArray[np.int64], now: int) -> list[str]:
        return self.table.render(rows, self.table.versions.modified(rows, now), now)

    def _candidates(self, query: ListQuery, now: int) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        table = self.table
        if query.ids is not None:
            rows = np.unique(np.array(query.ids, dtype=np.int64) - table.first_id)
            rows = rows[(rows >= 0) & (rows < table.count)]
            rows = rows[table.created[rows] <= now]
            if query.modified is None:
                return rows, None
            modified = table.versions.modified(rows, now)
            keep = (modified >= query.modified[0]) & (modified < query.modified[1])
            return rows[keep], modified[keep]
        if query.modified is None:
            return table.existing(now), None
        since, before = query.modified
        chunks = list(table.versions.current(start=since, cut=now, before=before))
        if not chunks:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return (
            np.concatenate([rows for _, rows in chunks]).astype(np.int64),
            np.concatenate([times for times, _ in chunks]),
        )

    def _render(self, handles: NDArray[np.int64], edited: list[EditedRow], now: int) -> list[str]:
        """The rows in the shape of the list."""
        generated = handles >= 0
        texts = self._write(handles[generated], now)
        if self.endpoint.list_omits_active:
            texts = [_without_active(row) for row in texts]
        if self.endpoint.list_adds:
            texts = [f"{row[:-1]},{self._additions}}}" for row in texts]
        remaining = iter(texts)
        return [
            next(remaining) if own else json_object(self._listed(edited[-1 - handle].fields))
            for own, handle in zip(generated, handles, strict=True)
        ]

    @property
    def _additions(self) -> str:
        return ",".join(f'"{name}":null' for name in self.endpoint.list_adds)

    def _listed(self, fields: Fields) -> Fields:
        added = dict.fromkeys(self.endpoint.list_adds, "null") | fields
        return {name: value for name, value in added.items() if name != "active" or not self.endpoint.list_omits_active}


def _matches(row: EditedRow, query: ListQuery, dated: str) -> bool:
    if query.ids is not None and row.id not in query.ids:
        return False
    if query.active is not None and row.active != query.active:
        return False
    if query.modified and not query.modified[0] <= row.modified < query.modified[1]:
        return False
    if query.created and not query.created[0] <= _instant(row.value(dated)) < query.created[1]:
        return False
    return all(each.holds(row.fields) for each in query.conditions)


def _instant(value: object) -> int:
    try:
        return parse(str(value))
    except NotAnInstant:
        return 0


def _sortable(value: object) -> tuple[int, float, str]:
    """Nothing first, then numbers, then texts, whatever the case of their letters."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, (value if isinstance(value, str) else json.dumps(value)).lower())


def _without_active(row: str) -> str:
    """The list's shape of a row whose feed alone has `active`, which is its last field."""
    return row[: row.rindex(_ACTIVE_FIELD)] + "}"

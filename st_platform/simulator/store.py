"""What a tenant's API shows at an instant: pages of feeds and lists, the truth and how it came about.

Joins the generated tables with the edits made by hand. Every answer is a function of (table, edits, now); nothing
is remembered between two calls, so moving the clock is all it takes to make time pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.edits import EditedRow, Edits
from st_platform.simulator.endpoints import Endpoint
from st_platform.simulator.instants import DAY, MINUTE, NotAnInstant, parse
from st_platform.simulator.query import ListQuery
from st_platform.simulator.table import Table

VISIBILITY_DELAY = 15 * MINUTE
_ACTIVE_FIELD = ',"active":'


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

    def list(self, query: ListQuery, *, now: int) -> ListPage:
        """One page of the rows that match now."""
        keys, handles, edited = self._matching(query, now)
        total = len(handles)
        if query.descending:
            keys, handles = keys[::-1], handles[::-1]
        start = (query.page - 1) * query.page_size
        chosen = handles[start : start + query.page_size]
        texts = self._render(chosen, edited, now)
        if self.endpoint.activity is None and self.endpoint.feed is not None:
            texts = [_without_active(row) for row in texts]
        return ListPage(texts, start + query.page_size < total, total)

    def truth(self, now: int, chunk: int = 5000) -> Iterator[list[str]]:
        """Every row that exists now, as the feed or list would show it, in order of id."""
        rows = self.table.existing(now)
        if (mask := self.edits.mask) is not None:
            rows = rows[~mask[rows]]
        for start in range(0, len(rows), chunk):
            part = rows[start : start + chunk]
            yield self.table.render(part, self.table.versions.modified(part, now), now)
        yield [row.json for row in self.edits.rows(now)]

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

    def _matching(self, query: ListQuery, now: int) -> tuple[NDArray[np.int64], NDArray[np.int64], list[EditedRow]]:
        """Sort keys, handles (row number, or -1-n for the nth edited row) and the edited rows that match."""
        rows, modified = self._candidates(query, now)
        keep = (self.table.removed_at[rows] > now) & (self.table.created[rows] <= now)
        if query.active is not None:
            keep &= (self.table.inactive_at[rows] > now) == query.active
        if query.created:
            keep &= (self.table.created[rows] >= query.created[0]) & (self.table.created[rows] < query.created[1])
        if (mask := self.edits.mask) is not None:
            keep &= ~mask[rows]
        for column, wanted in query.equals:
            if column in self.table.columns:
                keep &= np.isin(self.table.columns[column](rows, now).astype(str), wanted)
        rows = rows[keep]
        modified = None if modified is None else modified[keep]
        by_time = query.sort == "ModifiedOn"
        grain = DAY if self.endpoint.loose_sort else 1
        if by_time:
            keys = (self.table.versions.modified(rows, now) if modified is None else modified) // grain
        else:
            keys = rows + self.table.first_id
        order = np.lexsort((rows, keys))
        keys, handles = keys[order], rows[order]
        edited = [row for row in self.edits.rows(now) if _matches(row, query)] if self.edits else []
        if edited:
            extra = np.array([row.modified // grain if by_time else row.id for row in edited], dtype=np.int64)
            keys = np.concatenate([keys, extra])
            ids = np.concatenate([handles + self.table.first_id, [row.id for row in edited]])
            handles = np.concatenate([handles, -1 - np.arange(len(edited), dtype=np.int64)])
            order = np.lexsort((ids, keys))
            keys, handles = keys[order], handles[order]
        return keys, handles, edited

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
        generated = handles >= 0
        rows = handles[generated]
        texts = iter(self.table.render(rows, self.table.versions.modified(rows, now), now))
        return [
            next(texts) if own else edited[-1 - handle].json for own, handle in zip(generated, handles, strict=True)
        ]


def _matches(row: EditedRow, query: ListQuery) -> bool:
    if query.ids is not None and row.id not in query.ids:
        return False
    if query.active is not None and (row.value("active") is not False) != query.active:
        return False
    if query.modified and not query.modified[0] <= row.modified < query.modified[1]:
        return False
    if query.created and not query.created[0] <= _instant(row.value("createdOn")) < query.created[1]:
        return False
    return all(str(row.value(column)) in wanted for column, wanted in query.equals)


def _instant(value: object) -> int:
    try:
        return parse(str(value))
    except NotAnInstant:
        return 0


def _without_active(row: str) -> str:
    """The list's shape of a row whose feed alone has `active`, which is its last field."""
    return row[: row.rindex(_ACTIVE_FIELD)] + "}"

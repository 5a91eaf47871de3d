"""A table of the simulated business: rows in order of creation, their version log and how they are written.

Holds arrays and a rendering function; knows nothing of HTTP. Row r has id `first_id + r`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.versions import VersionLog

Render = Callable[[NDArray[np.int64], Ticks, int], list[str]]
"""(rows, their modification times, as-of ticks) -> one JSON object per row."""

Column = Callable[[NDArray[np.int64], int], NDArray[np.generic]]
"""(rows, as-of ticks) -> the values a list filter compares with."""


@dataclass(frozen=True)
class Table:
    """`created` ascends with the row number. `inactive_at` is when a row turns inactive, `removed_at` when it is
    gone for good; `NEVER` where neither happens. `columns` are what lists may filter by."""

    resource: str
    first_id: int
    created: Ticks
    versions: VersionLog
    inactive_at: Ticks
    removed_at: Ticks
    render: Render
    columns: Mapping[str, Column] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows of all time, those of the future included."""
        return len(self.created)

    def exists(self, row: int, at: int) -> bool:
        return 0 <= row < self.count and self.created[row] <= at < self.removed_at[row]

    def existing(self, at: int) -> NDArray[np.int64]:
        """The rows that exist at an instant, in order of id."""
        rows = np.arange(int(np.searchsorted(self.created, at, side="right")), dtype=np.int64)
        return rows[self.removed_at[rows] > at]


def build_table(
    resource: str,
    first_id: int,
    created: Ticks,
    events: Sequence[tuple[Ticks, NDArray[np.integer]]],
    render: Render,
    *,
    inactive_at: Ticks | None = None,
    removed_at: Ticks | None = None,
    columns: Mapping[str, Column] | None = None,
) -> Table:
    """Assemble a table; creation, deactivation and removal become versions by themselves.

    `events` are further (times, rows) at which rows change. What would happen to a row before its creation or after
    its removal is dropped.

    Raises:
        ValueError: `created` does not ascend.
    """
    count = len(created)
    if (created[1:] < created[:-1]).any():
        raise ValueError(f"{resource}: rows must be in order of creation")
    never = np.broadcast_to(np.int64(NEVER), count)  # takes no memory
    endings = [when for when in (inactive_at, removed_at) if when is not None]
    removed_at = never if removed_at is None else removed_at
    every = np.arange(count, dtype=np.int32)
    happenings = [(created, every), *((when, every) for when in endings), *events]
    chosen = [when != NEVER for when, _ in happenings]
    times = np.concatenate([when[keep] for (when, _), keep in zip(happenings, chosen, strict=True)])
    rows = np.concatenate([which[keep].astype(np.int32) for (_, which), keep in zip(happenings, chosen, strict=True)])
    within = (times >= created[rows]) & (times <= removed_at[rows])
    log = VersionLog.build(times[within], rows[within], count)
    inactive_at = never if inactive_at is None else inactive_at
    return Table(resource, first_id, created, log, inactive_at, removed_at, render, columns or {})

"""Rows that come up in any order and are put in order of creation at the end, references between them included.

Plain arrays. A number that `add` answers is provisional; `Sheet.close` says which row it became.
"""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import Ticks


class Sheet:
    """Columns of one kind of row. `defaults` are the columns besides `created` and what they hold unless given."""

    def __init__(self, **defaults: int) -> None:
        self._defaults = defaults
        self._parts: dict[str, list[Ints]] = {name: [] for name in ("created", *defaults)}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, created: Ticks, **columns: Ints | int) -> Ints:
        """Note down rows; answers their provisional numbers."""
        count = len(created)
        self._parts["created"].append(created.astype(np.int64))
        for name, default in self._defaults.items():
            value = np.asarray(columns.pop(name, default), dtype=np.int64)
            self._parts[name].append(np.broadcast_to(value, count))
        if columns:
            raise TypeError(f"a sheet of {', '.join(self._defaults)} has no column {', '.join(columns)}")
        self._count += count
        return np.arange(self._count - count, self._count)

    def close(self, end: int) -> tuple[dict[str, Ints], Ints]:
        """The columns in order of creation without what is created from `end` on, and the row of each provisional
        number; the last entry of these is `NONE`, so that they renumber references as they are."""
        columns = {
            name: np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64) for name, parts in self._parts.items()
        }
        created = columns["created"]
        order = np.argsort(created, kind="stable")
        order = order[created[order] < end]
        position = np.full(len(created) + 1, NONE, dtype=np.int64)
        position[order] = np.arange(len(order))
        return {name: values[order] for name, values in columns.items()}, position

"""The version log of a table: every instant at which a row becomes different, for all time, in order of time.

A plain-array structure without business and without HTTP. It is generated once, up to the end of the simulated
world; "now" only decides how much of it has happened. The feed, the lists' modified filters and the truth log are
all read from it, which is what keeps them coherent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.runs import last_until

Positions = NDArray[np.int32]
_CHUNK = 65_536


@dataclass(frozen=True)
class VersionLog:
    """`times[i]` is when row `rows[i]` gets a new version; sorted by (time, row).

    `following[i]` is the entry that replaces it, -1 for a row's last version. `starts` and `by_row` list the versions
    of each row in order of time: those of row r are `by_row[starts[r]:starts[r + 1]]`. Twenty bytes a version.
    """

    times: Ticks
    rows: Positions
    following: Positions
    starts: NDArray[np.int64]
    by_row: Positions

    @classmethod
    def build(cls, times: Ticks, rows: NDArray[np.integer], count: int) -> VersionLog:
        """From events in any order. Events with `NEVER` are dropped, repeated ones collapse."""
        happens = times != NEVER
        times, rows = times[happens], rows[happens].astype(np.int32)
        order = np.lexsort((rows, times))
        times, rows = times[order], rows[order]
        if len(times):
            fresh = np.ones(len(times), dtype=bool)
            fresh[1:] = (times[1:] != times[:-1]) | (rows[1:] != rows[:-1])
            if not fresh.all():
                times, rows = times[fresh], rows[fresh]
        by_row = np.argsort(rows, kind="stable").astype(np.int32)
        starts = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=count), out=starts[1:])
        following = np.full(len(times), -1, dtype=np.int32)
        if len(times) > 1:
            same = rows[by_row[1:]] == rows[by_row[:-1]]
            following[by_row[:-1][same]] = by_row[1:][same]
        return cls(times, rows, following, starts, by_row)

    def current(
        self, *, start: int, cut: int, after_row: int = -1, before: int = NEVER
    ) -> Iterator[tuple[Ticks, Positions]]:
        """Chunks of (modified, row) that are current as of `cut`, from (`start`, rows above `after_row`) on.

        `before` ends the range of modification times without moving `cut`. Lazy: a caller that wants one page
        looks at little more than one page of the log.
        """
        position = int(np.searchsorted(self.times, start, side="left"))
        end = int(np.searchsorted(self.times, min(cut, before - 1), side="right"))
        while position < end:
            stop = min(position + _CHUNK, end)
            times, rows = self.times[position:stop], self.rows[position:stop]
            following = self.following[position:stop]
            keep = (following < 0) | (self.times[following] > cut)
            if after_row >= 0:
                keep &= (times > start) | (rows > after_row)
            yield times[keep], rows[keep]
            position = stop

    def modified(self, rows: NDArray[np.integer], at: int) -> Ticks:
        """The time of each row's version as of `at`; `NEVER` where the row does not exist yet."""
        rows = np.asarray(rows, dtype=np.int64)
        found = last_until(self.times, self.starts[rows], self.starts[rows + 1], at, self.by_row)
        result = np.full(len(rows), NEVER, dtype=np.int64)
        result[found >= 0] = self.times[self.by_row[found[found >= 0]]]
        return result

    def count_until(self, at: int) -> int:
        """How many versions have happened by `at`."""
        return int(np.searchsorted(self.times, at, side="right"))

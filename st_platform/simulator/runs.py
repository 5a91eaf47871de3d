"""Many short sorted lists stored as one: the events of each owner, in order of time.

Plain arrays. Answers "what was the last event of each of these owners by then" for thousands of owners at once, and
keeps exact running sums, which is what every balance is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.instants import NEVER, Ticks

Ints = NDArray[np.int64]


def last_until(times: Ticks, low: Ints, high: Ints, at: int, order: NDArray[np.integer] | None = None) -> Ints:
    """For each range [low, high) of ascending `times`, the position of the last entry at or before `at`; -1 if none.

    `order` redirects positions into `times`. All ranges are bisected together.
    """
    first, low, high = low, low.copy(), high.copy()
    while True:
        searching = np.flatnonzero(low < high)
        if not len(searching):
            return np.where(low > first, low - 1, -1)
        middle = (low[searching] + high[searching]) // 2
        entry = middle if order is None else order[middle]
        happened = times[entry] <= at
        low[searching[happened]] = middle[happened] + 1
        high[searching[~happened]] = middle[~happened]


@dataclass(frozen=True)
class Runs:
    """Events grouped by owner. Those of owner o are entries `starts[o]` up to `starts[o + 1]`; `source` is the
    position each had in the arrays it was built from."""

    starts: Ints
    times: Ticks
    source: Ints

    @classmethod
    def build(cls, owners: NDArray[np.integer], times: Ticks, count: int) -> Runs:
        """From events in any order; those with `NEVER` and those without an owner (negative) are left out."""
        happens = np.flatnonzero((times != NEVER) & (owners >= 0))
        order = happens[np.lexsort((times[happens], owners[happens]))]
        starts = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(owners[order], minlength=count), out=starts[1:])
        return cls(starts, times[order], order)

    def last(self, owners: Ints, at: int) -> Ints:
        """The entry of each owner's last event by `at`; -1 if none."""
        return last_until(self.times, self.starts[owners], self.starts[owners + 1], at)


@dataclass(frozen=True)
class Ledger:
    """Running sums by owner over time, in cents."""

    runs: Runs
    after: Ints

    @classmethod
    def build(cls, owners: NDArray[np.integer], times: Ticks, amounts: Ints, count: int) -> Ledger:
        runs = Runs.build(owners, times, count)
        running = np.cumsum(amounts[runs.source])
        before = np.concatenate([[0], running])[runs.starts[:-1]]
        return cls(runs, running - np.repeat(before, np.diff(runs.starts)))

    def at(self, owners: Ints, at: int) -> Ints:
        """Each owner's sum of everything up to and including `at`."""
        entry = self.runs.last(owners, at)
        return np.where(entry >= 0, self.after[entry], 0) if len(self.after) else np.zeros(len(owners), dtype=np.int64)

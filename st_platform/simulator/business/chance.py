"""Chance that repeats: named random streams, and hashes for what is too plentiful to store.

A stream is for arrays made once; a hash turns (row, salt) into the same number whenever it is asked, which is how
names, addresses and flags need no memory.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Chance:
    """Random streams of one tenant. A stream's numbers depend on its name alone, not on what was drawn before."""

    def __init__(self, seed: int, tenant_id: int) -> None:
        self._seed = [seed, tenant_id]
        self._salt = np.uint64(np.random.SeedSequence(self._seed).generate_state(1, np.uint64)[0])

    def stream(self, name: str) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([*self._seed, crc32(name.encode())])))

    def hash(self, rows: Ints, name: str) -> NDArray[np.uint64]:
        """64 well-mixed bits per row (splitmix64)."""
        with np.errstate(over="ignore"):
            mixed = rows.astype(np.uint64) + self._salt + np.uint64(crc32(name.encode())) * _GOLDEN
            mixed = (mixed + _GOLDEN) * np.uint64(1)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
            return mixed ^ (mixed >> np.uint64(31))

    def fraction(self, rows: Ints, name: str) -> Floats:
        """A number in [0, 1) per row."""
        return (self.hash(rows, name) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def among(self, rows: Ints, name: str, choices: int) -> Ints:
        """One of `choices` per row, all equally likely."""
        return (self.hash(rows, name) % np.uint64(choices)).astype(np.int64)


def some(stream: np.random.Generator, candidates: Ints, share: float, *, at_least: int = 2) -> Ints:
    """About `share` of the candidates, ascending; `at_least` so many, so that rare things exist in tiny worlds too."""
    count = min(len(candidates), max(at_least, round(share * len(candidates))))
    return np.sort(stream.choice(candidates, size=count, replace=False)) if count else candidates[:0]


def some_by(stream: np.random.Generator, candidates: Ints, share: float, weights: Floats, *, at_least: int = 2) -> Ints:
    """About `share` of the candidates at an ordinary weight of 1, ascending; `weights` are by what candidates index.
    Who weighs twice as much is chosen about twice as often."""
    weight = weights[candidates]
    count = min(len(candidates), max(at_least, round(share * float(weight.sum()))))
    if not count:
        return candidates[:0]
    waiting = stream.exponential(1.0, len(candidates)) / np.maximum(weight, 1e-9)
    return np.sort(candidates[np.argpartition(waiting, count - 1)[:count]])


def between(stream: np.random.Generator, low: float, high: float, count: int) -> Ints:
    """Whole numbers, uniform in [low, high)."""
    return stream.integers(int(low), int(high), count)

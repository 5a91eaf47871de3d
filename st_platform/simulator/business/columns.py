"""Small tools for tables kept as columns: frozen dataclasses whose fields are arrays of one length."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from st_platform.simulator.business.chance import Flags, Ints

Columns = TypeVar("Columns")


def taken(columns: Columns, rows: Ints | Flags) -> Columns:
    """The same columns with these rows only, in this order."""
    return replace(columns, **{f.name: getattr(columns, f.name)[rows] for f in fields(columns)})  # type: ignore


def stacked(parts: list[Columns]) -> Columns:
    """The rows of all parts, one after the other."""
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(parts[0])}  # type: ignore
    return replace(parts[0], **joined)  # type: ignore


def sums(owner: Ints, amount: Ints, count: int) -> Ints:
    """Exact sums of whole numbers by owner."""
    result = np.zeros(count, dtype=np.int64)
    np.add.at(result, owner, amount)
    return result


def runs(owner: Ints, count: int) -> tuple[Ints, Ints]:
    """Where the entries of each owner begin and how many there are; `owner` ascends."""
    number = np.bincount(owner, minlength=count)
    return np.cumsum(number) - number, number


def places(order: Ints) -> Ints:
    """The inverse of a sorting: where each row has gone. One entry more, so that a missing row (-1) stays missing."""
    position = np.full(len(order) + 1, -1, dtype=np.int64)
    position[order] = np.arange(len(order))
    return position

"""JSON texts of whole columns, and of rows made from them. The one place that must be fast: no object per row.

A column is a list of JSON texts (or of ints, which print as JSON), one entry per row, or one text for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.instants import DAY, NEVER, Ticks

Texts = list[str]
Column = str | Sequence[str] | Sequence[int]


def objects(count: int, **columns: Column) -> Texts:
    """`count` JSON objects with these members, in this order. A trailing underscore of a name is cut (`from_`); a
    column called `members_…` brings whole members, names and all, which saves columns that always go together."""
    template: list[str] = []
    varying: list[Sequence[Any]] = []
    for name, column in columns.items():
        key = "" if name.startswith("members_") else f'"{name.removesuffix("_")}":'
        if isinstance(column, str):
            template.append(key + column.replace("%", "%%"))
        else:
            template.append(f"{key}%s")
            varying.append(column)
    pattern = "{" + ",".join(template) + "}"
    if not varying:
        return [pattern.replace("%%", "%")] * count
    return [pattern % row for row in zip(*varying, strict=True)]


def quoted(values: Iterable[str]) -> Texts:
    """Plain texts as JSON strings."""
    return [json.dumps(value, ensure_ascii=False) for value in values]


def chosen(vocabulary: list[str] | tuple[str, ...], indexes: NDArray[np.integer]) -> Texts:
    """Ready JSON texts by index."""
    return [vocabulary[index] for index in indexes.tolist()]


def booleans(flags: NDArray[np.bool_]) -> Texts:
    return ["true" if flag else "false" for flag in flags.tolist()]


def ids(rows: NDArray[np.integer], first_id: int) -> Sequence[str] | Sequence[int]:
    """Row numbers as ids; negative ones as null."""
    numbers = (rows + first_id).tolist()
    if not len(rows) or rows.min() >= 0:
        return numbers
    return [str(number) if number >= first_id else "null" for number in numbers]


def where(flags: NDArray[np.bool_], yes: Column, no: Column = "null") -> Texts:
    """`yes` where the flag is set, `no` elsewhere."""
    count = len(flags)
    first: Sequence[object] = [yes] * count if isinstance(yes, str) else yes
    second: Sequence[object] = [no] * count if isinstance(no, str) else no
    return [str(a) if flag else str(b) for flag, a, b in zip(flags.tolist(), first, second, strict=True)]


def decimals(hundredths: NDArray[np.integer]) -> Texts:
    """Cents as a JSON number with two decimals."""
    return [f"{n // 100}.{n % 100:02d}" if n >= 0 else f"-{-n // 100}.{-n % 100:02d}" for n in hundredths.tolist()]


def money(hundredths: NDArray[np.integer]) -> Texts:
    """Cents as the string with two decimals that the accounting module uses."""
    return [f'"{n // 100}.{n % 100:02d}"' if n >= 0 else f'"-{-n // 100}.{-n % 100:02d}"' for n in hundredths.tolist()]


def instants(ticks: Ticks) -> Texts:
    """Instants with seven digits; `NEVER` as null."""
    never = ticks == NEVER
    moments = np.where(never, 0, ticks).view("M8[100ns]")
    written = [f'"{moment[:27]}Z"' for moment in np.datetime_as_string(moments).tolist()]
    return _nulled(written, never)


def days(ticks: Ticks, suffix: str = "T00:00:00Z") -> Texts:
    """The calendar day of each instant, at midnight as the API writes dates; `NEVER` as null."""
    never = ticks == NEVER
    dates = np.where(never, 0, ticks // DAY).astype("M8[D]")
    written = [f'"{day}{suffix}"' for day in np.datetime_as_string(dates).tolist()]
    return _nulled(written, never)


def until(ticks: Ticks, at: int) -> Ticks:
    """The instants that have come by `at`; the others as `NEVER`."""
    return np.where(ticks <= at, ticks, NEVER)


def _nulled(written: Texts, never: NDArray[np.bool_]) -> Texts:
    if never.any():
        for index in np.flatnonzero(never).tolist():
            written[index] = "null"
    return written

"""What the tables of all groups are put together from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from st_platform.simulator.business.books.upkeep import touches
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.json_text import Texts
from st_platform.simulator.rows.view import View
from st_platform.simulator.table import Column

Events = list[tuple[Ticks, Ints]]
Write = Callable[[View, Ints, Ticks, int], Texts]


def idle(view: View, name: str, created: Ticks, per_year: float) -> tuple[Ticks, Ints]:
    return touches(view.business.chance, view.business.company, name, created, per_year)


def every_row(*times: Ticks) -> Events:
    """Events of every row."""
    rows = np.arange(len(times[0]))
    return [(when, rows) for when in times]


def attribute(values: Ints, first_id: int = 0) -> Column:
    return lambda rows, at: values[rows] + first_id

"""The tables of dispatch, projects and what customers said."""

from __future__ import annotations

from st_platform.simulator.rows.view import View
from st_platform.simulator.table import Table


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    return []

"""Turns a tenant's business into the tables that the API serves: rows, when they change, how they are written."""

from __future__ import annotations

from st_platform.simulator.business.balances import balance
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.rows.view import View
from st_platform.simulator.table import Table
from st_platform.simulator.tables import books, demand, field, goods, pay


def tables_of(business: Business) -> list[Table]:
    """Every resource of one tenant."""
    view = View(business, balance(business))
    return [table for group in (books, field, pay, goods, demand) for table in group.tables(view)]

"""Turns a tenant's business into the tables that the API serves: rows, when they change, how they are written."""

from __future__ import annotations

from st_platform.simulator.business.books.balances import balance
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.rows.view import View
from st_platform.simulator.table import Table
from st_platform.simulator.tables import books, demand, field, goods, pay


def tables_of(business: Business) -> list[Table]:
    """Every resource of one tenant that is kept as rows."""
    return tables_in(open_books(business))


def open_books(business: Business) -> View:
    """One tenant's business, ready to be looked at."""
    return View(business, balance(business))


def tables_in(view: View) -> list[Table]:
    return [table for group in (books, field, pay, goods, demand) for table in group.tables(view)]

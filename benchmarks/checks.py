"""What must be in the database after a run, and the error that says that it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import psycopg
from psycopg import sql

from benchmarks.feed_of_jobs import DISTINCT, ROWS, page_of


class WrongResult(AssertionError):
    """A run that did not load what it was given. Its time counts for nothing."""


@dataclass(frozen=True)
class Expected:
    """How many rows there are, how many of them say that they changed, and the sum of their totals, in cents."""

    rows: int
    changed: int
    cents: int


def expected(pages: int, changed_a_page: int, stray: bool = False, rows_a_page: int = ROWS) -> Expected:
    """What a feed of so many pages leaves behind, worked out from its own bytes; a stray row has no total."""
    whole, rest = divmod(pages, DISTINCT)
    cents = sum(_cents(number, rows_a_page) * (whole + (number < rest)) for number in range(min(pages, DISTINCT)))
    return Expected(pages * rows_a_page + stray, pages * changed_a_page, cents)


@cache
def _cents(number: int, rows_a_page: int) -> int:
    rows = json.loads(page_of(number, DISTINCT, rows_a_page=rows_a_page))["data"]
    return sum(int(Decimal(row["total"]) * 100) for row in rows)


def check(connection: psycopg.Connection, table: tuple[str, str], wanted: Expected) -> None:
    """Hold a table against what it should hold.

    Raises:
        WrongResult: with both.
    """
    query = sql.SQL(
        "SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE summary LIKE '% changed'),"
        " coalesce(sum(total::numeric * 100), 0)::bigint FROM {}"
    ).format(sql.Identifier(*table))
    found = connection.execute(query).fetchone()
    assert found is not None
    rows, ids, changed, cents = found
    if (rows, changed, cents) != (wanted.rows, wanted.changed, wanted.cents) or ids != rows:
        raise WrongResult(
            f"{'.'.join(table)} holds {rows} rows ({ids} ids, {changed} changed, {cents} cents) instead of {wanted}"
        )

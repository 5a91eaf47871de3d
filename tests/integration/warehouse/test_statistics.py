"""The planner hears of a table that has grown, and is left in peace otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.records.crm import Customer
from st_platform.warehouse.database import Database
from st_platform.warehouse.merge import merge_page
from st_platform.warehouse.tables import refresh_statistics

CUSTOMERS = CATALOG["customers"]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def land(database: Database, first: int, last: int) -> None:
    with database.connection() as connection:
        page = [Customer(id=number) for number in range(first, last)]
        merge_page(connection, CUSTOMERS, 1001, page, fetch_seq=1, fetched_at=NOON)


def known_rows(database: Database) -> float:
    with database.connection() as connection:
        row = connection.execute(
            "SELECT reltuples FROM pg_class WHERE oid = 'servicetitan.customers'::regclass"
        ).fetchone()
    assert row is not None
    return row[0]


def test_a_table_that_has_outgrown_its_statistics_gets_new_ones_once(database: Database) -> None:
    land(database, 0, 2000)
    assert known_rows(database) < 2000
    assert refresh_statistics(database, CUSTOMERS)
    assert known_rows(database) == 2000
    assert not refresh_statistics(database, CUSTOMERS)
    land(database, 2000, 5000)
    assert refresh_statistics(database, CUSTOMERS)
    assert known_rows(database) == 5000


def test_a_little_growth_is_not_worth_it(database: Database) -> None:
    land(database, 0, 300)
    assert not refresh_statistics(database, CUSTOMERS)

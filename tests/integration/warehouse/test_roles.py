"""Roles on a server of their own: made where that is allowed, done without where it is not, and doing what they say."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.records.crm import Customer
from st_platform.warehouse.database import Database, connect
from st_platform.warehouse.embedded import EmbeddedPostgres
from st_platform.warehouse.errors import MigrationRefused
from st_platform.warehouse.merge import merge_page

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def fresh_server() -> Iterator[str]:
    """A server that no migration has touched: roles belong to servers, not to databases."""
    base = Path(tempfile.mkdtemp(prefix="st-roles-"))
    base.chmod(0o755)
    server = EmbeddedPostgres(base / "postgres", settings={"fsync": "off", "shared_buffers": "32MB"})
    yield server.start()
    server.stop()
    shutil.rmtree(base, ignore_errors=True)


def managed_database(server: str, owner: str, rights: str, *, owns: bool = True) -> str:
    """What a provider hands out: a database and a login that is not an administrator."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {owner} LOGIN PASSWORD 'x' {rights}".encode())
        admin.execute(f"CREATE DATABASE {owner} {f'OWNER {owner}' if owns else ''}".encode())
    return f"postgresql://{owner}:x@{server.split('@')[1].rsplit('/', 1)[0]}/{owner}"


def land(database: Database) -> int:
    with database.connection() as connection:
        page = [Customer(id=1), Customer(id=2)]
        return merge_page(connection, CATALOG["customers"], 1001, page, fetch_seq=1, fetched_at=NOON).inserted


def user_of(database: Database) -> str:
    with database.connection() as connection:
        row = connection.execute("SELECT current_user").fetchone()
    return str(row[0]) if row else ""


def notices(url: str) -> list[str]:
    with connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT message FROM platform.notices")]


def test_an_owner_who_may_create_no_roles_works_without_them_and_is_told(fresh_server: str) -> None:
    url = managed_database(fresh_server, "plain", "NOCREATEROLE NOCREATEDB")
    with Database.prepare(url) as database:
        assert user_of(database) == "plain"
        assert land(database) == 2
    told = notices(url)
    for role in ("st_loader", "st_dbt", "st_reader", "st_dagster"):
        assert any(f"CREATE ROLE {role} NOLOGIN" in notice for notice in told), "with what an administrator would run"


@pytest.fixture(scope="module")
def separated(fresh_server: str) -> str:
    """A database whose owner may create roles and databases, and nothing more."""
    with psycopg.connect(fresh_server, autocommit=True) as admin:
        held = admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'st\\_%' AND NOT rolcanlogin").fetchall()
        assert held == [], "this test is about creating them"
    url = managed_database(fresh_server, "separator", "CREATEROLE CREATEDB")
    Database.prepare(url).close()
    return url


def acting_as(url: str, role: str) -> Database:
    database = Database(url, role=role)
    assert user_of(database) == role
    return database


def refused(database: Database, statement: str) -> bool:
    try:
        with database.connection() as connection:
            connection.execute(statement.encode())
    except InsufficientPrivilege:
        return True
    return False


def test_an_owner_who_may_create_roles_has_them_all_without_a_notice(separated: str) -> None:
    assert notices(separated) == []
    for role in ("st_loader", "st_dbt", "st_reader", "st_dagster"):
        acting_as(separated, role).close()


def test_the_loader_writes_rows_and_changes_no_tables(separated: str) -> None:
    with acting_as(separated, "st_loader") as loader:
        assert land(loader) == 2
        assert refused(loader, "CREATE TABLE servicetitan.mine ()")
        assert refused(loader, "DROP TABLE servicetitan.customers")
        assert refused(loader, "ALTER TABLE servicetitan.customers ADD COLUMN mine int")
        assert refused(loader, "CREATE SCHEMA mine")
        assert refused(loader, "DELETE FROM platform.migrations")


def test_dbt_reads_and_builds_its_own_schemas(separated: str) -> None:
    with acting_as(separated, "st_dbt") as dbt:
        with dbt.connection() as connection:
            for schema in ("staging", "marts_finance"):
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
            connection.execute("CREATE VIEW staging.customers AS SELECT * FROM servicetitan.customers")
            connection.execute("CREATE TABLE marts_finance.revenue AS SELECT count(*) AS n FROM platform.tenants")
        assert refused(dbt, "INSERT INTO platform.tenants VALUES (1, 'x', 'UTC', '2026-07-01')")
        assert refused(dbt, "DELETE FROM servicetitan.customers")


def test_readers_enter_marts_alone(separated: str) -> None:
    with acting_as(separated, "st_dbt") as dbt, dbt.connection() as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS staging")
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts_sales")
        connection.execute("CREATE TABLE IF NOT EXISTS staging.secret AS SELECT 1 AS n")
        connection.execute("CREATE TABLE IF NOT EXISTS marts_sales.numbers AS SELECT 1 AS n")
    with acting_as(separated, "st_reader") as reader:
        assert refused(reader, "SELECT * FROM marts_sales.numbers"), "not before the marts are opened"
        with acting_as(separated, "st_dbt") as dbt, dbt.connection() as connection:
            connection.execute("SELECT platform.open_marts()")
            connection.execute("DROP TABLE marts_sales.numbers")
            connection.execute("CREATE TABLE marts_sales.numbers AS SELECT 2 AS n")  # as dbt does on every run
        assert not refused(reader, "SELECT * FROM marts_sales.numbers")
        assert refused(reader, "DELETE FROM marts_sales.numbers")
        assert refused(reader, "SELECT * FROM staging.secret")
        assert refused(reader, "SELECT * FROM servicetitan.customers")
        assert refused(reader, "SELECT * FROM platform.quarantine")


def test_tables_of_later_resources_are_the_loaders_too(separated: str) -> None:
    with connect(separated) as connection:
        connection.execute("CREATE TABLE servicetitan.later (a int)")
    with acting_as(separated, "st_loader") as loader:
        assert not refused(loader, "INSERT INTO servicetitan.later VALUES (1)")
    with acting_as(separated, "st_dbt") as dbt:
        assert not refused(dbt, "SELECT * FROM servicetitan.later")


def test_a_login_that_may_not_even_create_a_schema_is_told_whom_to_ask(fresh_server: str) -> None:
    url = managed_database(fresh_server, "guest", "NOCREATEROLE", owns=False)
    with pytest.raises(MigrationRefused, match="GRANT CREATE ON DATABASE guest TO guest"):
        Database.prepare(url)


def test_a_role_that_does_not_exist_is_done_without(fresh_server: str) -> None:
    with Database(fresh_server, role="st_nobody") as database:
        assert user_of(database) == "st_platform"


def test_a_copied_or_restored_database_lets_dbt_build_again(database_url: str) -> None:
    def may_build() -> bool:
        with connect(database_url) as connection:
            row = connection.execute("SELECT has_database_privilege('st_dbt', current_database(), 'CREATE')").fetchone()
            return bool(row and row[0])

    with connect(database_url) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM st_dbt', current_database()); END $$"
        )
    assert not may_build()
    Database.prepare(database_url).close()
    assert may_build()

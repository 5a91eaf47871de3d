"""Migrations: each whole or not at all, once however many start, and never another history than the code's."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.database import Database, connect
from st_platform.warehouse.errors import DatabaseUnavailable, MigrationRefused
from st_platform.warehouse.migrations import Migration, migrate, shipped

FIRST = Migration(1, "first", "CREATE TABLE platform.one (a int); CREATE TABLE platform.two (a int)")
SECOND = Migration(2, "second", "CREATE TABLE platform.three (a int)")
BROKEN = Migration(2, "broken", "CREATE TABLE platform.three (a int); SELECT 1 / 0")


def apply(url: str, *migrations: Migration) -> list[int]:
    with connect(url) as connection:
        return [done.number for done in migrate(connection, list(migrations))]


def tables(url: str) -> set[str]:
    with connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'platform'").fetchall()
    return {row[0] for row in found} - {"migrations"}


def test_shipped_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.number for migration in shipped()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_only_what_is_missing_is_applied(empty_database_url: str) -> None:
    assert apply(empty_database_url, FIRST) == [1]
    assert apply(empty_database_url, FIRST, SECOND) == [2]
    assert apply(empty_database_url, FIRST, SECOND) == []
    assert tables(empty_database_url) == {"one", "two", "three"}


def test_a_migration_that_fails_leaves_nothing_and_can_be_corrected(empty_database_url: str) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        apply(empty_database_url, FIRST, BROKEN)
    assert tables(empty_database_url) == {"one", "two"}
    assert apply(empty_database_url, FIRST, SECOND) == [2]


def test_an_edited_migration_is_refused_with_its_name(empty_database_url: str) -> None:
    apply(empty_database_url, FIRST)
    with pytest.raises(MigrationRefused, match="0001_first is not the one"):
        apply(empty_database_url, Migration(1, "first", FIRST.statements + " "))


def test_code_older_than_the_database_is_refused(empty_database_url: str) -> None:
    apply(empty_database_url, FIRST, SECOND)
    with pytest.raises(MigrationRefused, match=r"ahead of this code.*\[2\]"):
        apply(empty_database_url, FIRST)


def test_many_processes_preparing_an_empty_database_do_it_once(empty_database_url: str) -> None:
    def prepare(_: int) -> None:
        Database.prepare(empty_database_url).close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare, range(4)))
    with connect(empty_database_url) as connection:
        done = connection.execute("SELECT number FROM platform.migrations ORDER BY 1").fetchall()
        landed = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'servicetitan'").fetchall()
    assert [row[0] for row in done] == [migration.number for migration in shipped()]
    assert {row[0] for row in landed} == set(CATALOG)


@pytest.mark.parametrize("url", ["postgresql://nobody:secret@127.0.0.1:1/x", "host=127.0.0.1 port=1 password=secret"])
def test_an_unreachable_database_is_named_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/") as caught:
        Database.prepare(url)
    assert "secret" not in str(caught.value)


def test_a_session_that_cannot_be_had_says_why(empty_database_url: str) -> None:
    gone = empty_database_url.replace("st_test_", "gone_")
    with (
        Database(gone, patience=0.5) as database,
        pytest.raises(DatabaseUnavailable, match="does not exist"),
        database.connection(),
    ):
        pass


def test_a_session_that_broke_is_replaced(database: Database, database_url: str) -> None:
    def session() -> int:
        with database.connection() as connection:
            return connection.info.backend_pid

    broken = session()
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [broken])
    assert session() != broken


def test_an_exception_rolls_back_and_a_normal_end_commits(database: Database) -> None:
    def names() -> Sequence[tuple[str]]:
        with database.connection() as connection:
            return connection.execute("SELECT kind FROM platform.notices").fetchall()

    def add(kind: str, *, fail: bool) -> None:
        with database.connection() as connection:
            connection.execute("INSERT INTO platform.notices (kind, message) VALUES (%s, '')", [kind])
            if fail:
                raise ZeroDivisionError

    add("kept", fail=False)
    with pytest.raises(ZeroDivisionError):
        add("lost", fail=True)
    assert names() == [("kept",)]

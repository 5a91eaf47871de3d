"""Resource tables follow their records: additive, commented, and never retyped by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from st_platform.servicetitan import catalog
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.glossary import describe
from st_platform.servicetitan.records.base import Instant, Int64, Record
from st_platform.warehouse import database as database_module
from st_platform.warehouse import tables
from st_platform.warehouse.database import Database, connect
from st_platform.warehouse.errors import DatabaseUnavailable, TableMismatch
from st_platform.warehouse.merge import merge_page
from st_platform.warehouse.tables import ensure_table

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Customer(Record):
    """A customer with one field more than the real one has."""

    id: Int64
    name: str | None = None
    modified_on: Instant | None = None
    created_on: Instant | None = None
    loyalty_points: Int64 | None = None


class Retyped(Record):
    id: Int64
    name: Int64 | None = None
    modified_on: Instant | None = None
    created_on: Instant | None = None


WIDER = replace(CATALOG["customers"], record=Customer)


def test_a_new_field_becomes_a_column_beside_the_rows_that_are_there(database_url: str) -> None:
    with connect(database_url) as connection, Database(database_url, role="st_loader") as database:
        with database.connection() as session:
            rows = [CATALOG["customers"].record(id=1)]  # pyright: ignore[reportCallIssue]
            merge_page(session, CATALOG["customers"], 1001, rows, fetch_seq=1, fetched_at=NOON)
        assert ensure_table(connection, WIDER) == ["loyalty_points"]
        assert ensure_table(connection, WIDER) == []
        with database.connection() as session:
            page = [Customer(id=1, loyalty_points=5), Customer(id=2, loyalty_points=6)]
            merge_page(session, WIDER, 1001, page, fetch_seq=2, fetched_at=NOON)
        found = connection.execute("SELECT id, loyalty_points FROM servicetitan.customers ORDER BY id").fetchall()
    assert found == [(1, 5), (2, 6)]


def test_a_table_keeps_columns_that_its_record_lost(database_url: str) -> None:
    with connect(database_url) as connection:
        ensure_table(connection, WIDER)
        found = connection.execute(
            "SELECT FROM information_schema.columns WHERE table_name = 'customers' AND column_name = 'balance'"
        ).fetchall()
    assert len(found) == 1


def test_another_type_is_refused_by_column(database_url: str) -> None:
    retyped = replace(CATALOG["customers"], record=Retyped)
    with connect(database_url) as connection, pytest.raises(TableMismatch, match="name is text, the record"):
        ensure_table(connection, retyped)


def test_every_column_of_every_table_is_explained(database: Database) -> None:
    with database.connection() as connection:
        silent = connection.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'servicetitan'::regnamespace AND c.relkind = 'r'"
            " AND col_description(c.oid, a.attnum) IS NULL"
        ).fetchall()
        unexplained = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'servicetitan'::regnamespace AND relkind = 'r'"
            " AND obj_description(oid) IS NULL"
        ).fetchall()
    assert (silent, unexplained) == ([], [])


def test_a_column_is_explained_in_the_words_of_the_glossary_and_anew_when_they_change(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = CATALOG["jobs"]
    summary = next(column for column in jobs.columns if column.name == "summary")

    def said() -> str:
        with connect(database_url) as connection:
            found = connection.execute(
                "SELECT col_description(attrelid, attnum) FROM pg_attribute"
                " WHERE attrelid = 'servicetitan.jobs'::regclass AND attname = 'summary'"
            ).fetchone()
        return str(found[0]) if found else ""

    assert said() == describe(jobs, summary)
    with connect(database_url) as connection:
        with monkeypatch.context() as changed:
            changed.setattr(tables, "describe", lambda *_: "Other words.")
            assert tables.ensure_tables(connection, [jobs]) == {"jobs": []}
            assert tables.ensure_tables(connection, [jobs]) == {}
        assert said() == "Other words."
        assert tables.ensure_tables(connection, [jobs]) == {"jobs": []}
    assert said() == describe(jobs, summary)


def test_tables_that_fit_cost_one_statement(database_url: str) -> None:
    with connect(database_url) as connection:
        asked: list[object] = []
        honest = connection.execute

        def execute(query: object, *values: object) -> object:
            asked.append(query)
            return honest(query, *values)  # pyright: ignore

        connection.execute = execute  # pyright: ignore
        assert tables.ensure_tables(connection, CATALOG.values()) == {}
    assert len(asked) == 1


def test_the_key_of_every_table_begins_with_the_tenant(database: Database) -> None:
    with database.connection() as connection:
        found = connection.execute(
            "SELECT c.relname::text, array_agg(a.attname::text ORDER BY k.place)"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " CROSS JOIN unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, place)"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum"
            " WHERE i.indisprimary AND c.relnamespace = 'servicetitan'::regnamespace GROUP BY 1"
        ).fetchall()
    assert dict(found) == {name: ["tenant_id", *entry.key] for name, entry in CATALOG.items()}


def test_a_table_in_use_is_not_waited_for_without_end(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long query must not queue everybody behind our ALTER TABLE."""

    def hurried(connection: psycopg.Connection) -> None:
        connection.execute("SELECT set_config('lock_timeout', '100ms', true)")

    monkeypatch.setattr(database_module, "take_turn", hurried)
    monkeypatch.setattr(catalog, "CATALOG", {"customers": WIDER})
    with connect(database_url, autocommit=False) as reader:
        reader.execute("SELECT count(*) FROM servicetitan.customers")
        with pytest.raises(DatabaseUnavailable, match="while others use it"):
            Database.prepare(database_url)
    Database.prepare(database_url).close()

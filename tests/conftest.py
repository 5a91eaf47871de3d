"""Fixtures of all tests: a real PostgreSQL, and a fresh migrated database for each test that asks.

One embedded server serves a whole pytest run, xdist workers included; the last one to finish stops it. Set
`ST_TEST_DATABASE_URL` (an administrator's URL) to test against another server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from st_platform.warehouse.database import Database
from st_platform.warehouse.embedded import EmbeddedPostgres
from tests.simulated import simulator, simulator_server  # noqa: F401  fixtures for every test

_TEMPLATE = "st_template"
_FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An administrator's URL of a running server. Its databases are nobody's: tests make their own."""
    if given := os.environ.get("ST_TEST_DATABASE_URL"):
        yield given
        return
    run = getattr(request.config, "workerinput", {}).get("testrunuid") or f"{os.getpid()}"
    folder = Path(tempfile.gettempdir()) / f"st-platform-tests-{run[:12]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    server = EmbeddedPostgres(folder / "postgres", settings=_FAST)
    me = folder / f"user-{os.getpid()}"
    with _locked(folder):
        me.touch()
        url = server.start()
    yield url
    with _locked(folder):
        me.unlink()
        if not any(folder.glob("user-*")):
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_template(postgres_url: str) -> str:
    """The name of a database that holds everything migrations and records make, to be copied."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(7)")
        if admin.execute("SELECT FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone() is None:
            scratch = f"{_TEMPLATE}_{uuid4().hex[:8]}"
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(scratch)))
            Database.prepare(_in_database(postgres_url, scratch)).close()
            admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (scratch, _TEMPLATE))))
    return _TEMPLATE


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """The URL of a database with nothing in it, dropped afterwards."""
    name = _create_database(postgres_url, "template1")
    yield _in_database(postgres_url, name)
    _drop_database(postgres_url, name)


@pytest.fixture
def database_url(postgres_url: str, database_template: str, _used_databases: dict[str, str]) -> Iterator[str]:
    """The URL of a database of this test alone, with all tables and no rows."""
    if _used_databases:
        name, shape = _used_databases.popitem()
    else:
        name = _create_database(postgres_url, database_template)
        shape = _shape(_in_database(postgres_url, name))
    yield _in_database(postgres_url, name)
    if _empty(_in_database(postgres_url, name), shape):
        _used_databases[name] = shape
    else:
        _drop_database(postgres_url, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The warehouse as the loader sees it, empty."""
    with Database(database_url, role="st_loader") as opened:
        yield opened


@pytest.fixture(scope="session")
def _used_databases(postgres_url: str) -> Iterator[dict[str, str]]:
    """Databases of finished tests, emptied, with their shape: emptying one is much faster than making one."""
    names: dict[str, str] = {}
    yield names
    for name in names:
        _drop_database(postgres_url, name)


def _create_database(server_url: str, template: str) -> str:
    name = f"st_test_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return name


def _drop_database(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


_SHAPE = """
    SELECT md5(string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, c.relacl, a.attname, a.atttypid), '|'
        ORDER BY n.nspname, c.relname, a.attnum))
    FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind <> 'i'
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_FILLED = """
    SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
    WHERE schemaname IN ('servicetitan', 'platform') AND tablename <> 'migrations'
    AND pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) > 0
"""


def _shape(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(_SHAPE).fetchone()
    return str(row)


def _empty(url: str, shape: str) -> bool:
    """Empty a database for the next test; False if the test changed its shape or dropped it."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            if str(connection.execute(_SHAPE).fetchone()) != shape:
                return False
            filled = connection.execute(_FILLED).fetchone()
            if filled and filled[0]:
                connection.execute(f"TRUNCATE {filled[0]} RESTART IDENTITY CASCADE".encode())
            connection.execute("ALTER SEQUENCE platform.fetch_seq RESTART")
    except psycopg.OperationalError:
        return False
    return True


def _in_database(url: str, name: str) -> str:
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts['port']}/{name}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

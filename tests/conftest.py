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
    with _new_database(postgres_url, "template1") as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, database_template: str) -> Iterator[str]:
    """The URL of a fresh database with all tables and no rows, dropped afterwards."""
    with _new_database(postgres_url, database_template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The warehouse as the loader sees it, empty."""
    with Database(database_url, role="st_loader") as opened:
        yield opened


@contextmanager
def _new_database(server_url: str, template: str) -> Iterator[str]:
    name = f"st_test_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield _in_database(server_url, name)
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _in_database(url: str, name: str) -> str:
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts['port']}/{name}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

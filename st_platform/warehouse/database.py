"""Connections to the warehouse: a small pool, the session settings every caller relies on, and first preparation.

Knows Postgres sessions; knows nothing of resources' contents. All sessions speak UTC.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from st_platform.warehouse.errors import DatabaseUnavailable
from st_platform.warehouse.migrations import migrate, take_turn

LOADER = "st_loader"

_SESSION = (
    "SELECT set_config('TimeZone', 'UTC', false), set_config('lock_timeout', '10s', false),"
    " set_config('idle_in_transaction_session_timeout', '5min', false), set_config('temp_buffers', '32MB', false),"
    " set_config('application_name', 'st_platform', false), set_config('client_encoding', 'UTF8', false)"
)
_MAY_BECOME = """
    SELECT r.rolsuper OR pg_has_role(session_user, %(role)s, CASE
        WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
    FROM pg_roles r WHERE r.rolname = session_user
      AND EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s)
"""
_UNGRANTED = """
    SELECT FROM pg_roles
    WHERE rolname = 'st_dbt' AND NOT has_database_privilege(rolname, current_database(), 'CREATE')
"""


class Database:
    """A pool of at most `max_connections` sessions, opened on demand; thread-safe.

    With `role`, every session acts as that role if the user may; otherwise as the user itself. Who finds all
    sessions taken, or the server away, waits up to `patience` seconds.
    """

    def __init__(self, url: str, *, role: str | None = None, max_connections: int = 8, patience: float = 30) -> None:
        self.url = url
        self._role = role
        self._pool = ConnectionPool(
            url,
            min_size=0,
            max_size=max_connections,
            max_idle=120,
            timeout=patience,
            open=False,
            configure=self._configure,
            check=ConnectionPool.check_connection,
            kwargs={"connect_timeout": 10},
            name="warehouse",
        )

    @classmethod
    def prepare(cls, url: str, *, role: str | None = LOADER, max_connections: int = 8) -> Self:
        """Bring the database to the code's shape (migrations, resource tables), then open it.

        Raises:
            DatabaseUnavailable: nothing answers at the URL, or a table that has to change is in use for long.
            MigrationRefused: its history does not fit the code.
            TableMismatch: a resource column has another type than its record says.
        """
        from st_platform.servicetitan.catalog import CATALOG
        from st_platform.warehouse.tables import ensure_tables

        with connect(url) as connection:
            try:
                applied = migrate(connection)
                with connection.transaction():
                    take_turn(connection)
                    added = ensure_tables(connection, CATALOG.values())
                    if applied or added or _is_copy(connection):
                        connection.execute("SELECT platform.apply_grants()")
            except psycopg.errors.LockNotAvailable as error:
                raise DatabaseUnavailable(
                    f"the database cannot be changed while others use it: {error}",
                    _shown(url),
                    "Try again when running syncs and queries have ended.",
                ) from error
        return cls(url, role=role, max_connections=max_connections)

    @contextmanager
    def connection(self) -> Generator[psycopg.Connection]:
        """A session in a transaction: committed on leaving, rolled back when an exception leaves.

        Raises:
            DatabaseUnavailable: none could be had within `patience` seconds.
        """
        self._pool.open()
        try:
            with self._pool.connection() as connection:
                yield connection
        except PoolTimeout as error:
            raise _unavailable(self.url) from error

    @contextmanager
    def autocommit(self) -> Generator[psycopg.Connection]:
        """A session in which each statement commits by itself; for one-statement work."""
        with self.connection() as connection:
            connection.autocommit = True
            try:
                yield connection
            finally:
                if not connection.closed and not connection.broken:
                    connection.autocommit = False

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _configure(self, connection: psycopg.Connection) -> None:
        _settle(connection)
        if self._role is not None:
            allowed = connection.execute(_MAY_BECOME, {"role": self._role}).fetchone()
            if allowed is not None and allowed[0]:
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(self._role)))
        connection.commit()


def _is_copy(connection: psycopg.Connection) -> bool:
    """Whether grants on the database itself are missing: they do not come along when it is copied or restored."""
    return connection.execute(_UNGRANTED).fetchone() is not None


def connect(url: str, *, autocommit: bool = True) -> psycopg.Connection:
    """One session outside any pool, with the same settings.

    Raises:
        DatabaseUnavailable: with Postgres's own reason.
    """
    try:
        connection = psycopg.connect(url, autocommit=autocommit, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"cannot connect to the database: {str(error).strip()}", _shown(url), _ADVICE
        ) from error
    _settle(connection)
    return connection


_ADVICE = "Check DATABASE_URL, or unset it to use the embedded database (`st-platform db status`)."


def _settle(connection: psycopg.Connection) -> None:
    connection.execute(_SESSION)


def _unavailable(url: str) -> DatabaseUnavailable:
    try:
        connect(url).close()
    except DatabaseUnavailable as error:
        return error
    return DatabaseUnavailable(
        "no database session was free in time", _shown(url), "Raise max_connections, or run less at once."
    )


def _shown(url: str) -> str:
    """The URL without its password."""
    try:
        found = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "DATABASE_URL"
    return f"{found.get('user', '')}@{found.get('host', '')}:{found.get('port', 5432)}/{found.get('dbname', '')}"

"""Numbered SQL files and the few lines that apply them.

`NNNN_name.sql` run in order, each in a transaction of its own that also records its checksum. An applied file is
never edited: a difference refuses to go on. Nothing here knows what the files contain.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

from st_platform.warehouse.errors import MigrationRefused

_LOCK_KEY = 0x57AB1E

_NAME = re.compile(r"^(\d{4})_(\w+)\.sql$")


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.statements.encode()).hexdigest()


def shipped() -> list[Migration]:
    """The migrations in this version of the code, in order."""
    found = [
        Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in files(__name__).iterdir()
        if (match := _NAME.match(entry.name))
    ]
    return sorted(found, key=lambda migration: migration.number)


def migrate(connection: psycopg.Connection, migrations: list[Migration] | None = None) -> list[Migration]:
    """Bring the database to the code's shape; returns what was applied now. Safe to call from many processes.

    Raises:
        MigrationRefused: the database was migrated by other files, or we may not create schemas in it.
    """
    wanted, applied = shipped() if migrations is None else migrations, list[Migration]()
    if not _missing(connection, wanted):
        return applied
    for migration in wanted:
        try:
            with connection.transaction():
                take_turn(connection)
                _create_table(connection)
                if migration not in _missing(connection, wanted):
                    continue
                connection.execute(sql.SQL(migration.statements))  # pyright: ignore[reportArgumentType]
                connection.execute(
                    "INSERT INTO platform.migrations (number, name, checksum) VALUES (%s, %s, %s)",
                    [migration.number, migration.name, migration.checksum],
                )
        except psycopg.errors.InsufficientPrivilege as error:
            raise MigrationRefused(
                f"migration {migration.number:04d}_{migration.name} is not permitted: {error}",
                f"database {connection.info.dbname}, user {connection.info.user}",
                f"Let the owner of the database GRANT CREATE ON DATABASE {connection.info.dbname} "
                f"TO {connection.info.user}.",
            ) from error
        applied.append(migration)
    return applied


def take_turn(connection: psycopg.Connection) -> None:
    """Wait until nobody else changes the shape of this database; held until the transaction ends.

    The wait may be long (another process migrates), the statements after it wait for locks as briefly as ever.
    """
    connection.execute("SELECT set_config('lock_timeout', '120s', true)")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])
    connection.execute("SELECT set_config('lock_timeout', '10s', true)")


def _missing(connection: psycopg.Connection, wanted: list[Migration]) -> list[Migration]:
    with connection.transaction():
        known = connection.execute("SELECT to_regclass('platform.migrations') IS NOT NULL").fetchone()
        if known is None or not known[0]:
            return wanted
        rows = connection.execute("SELECT number, name, checksum FROM platform.migrations").fetchall()
    done = {int(number): (str(name), str(checksum)) for number, name, checksum in rows}
    for migration in wanted:
        recorded = done.get(migration.number)
        if recorded is not None and recorded[1] != migration.checksum:
            raise MigrationRefused(
                f"migration {migration.number:04d}_{migration.name} is not the one this database was migrated with "
                f"({migration.number:04d}_{recorded[0]}, checksum {recorded[1][:12]})",
                f"database {connection.info.dbname}",
                "Restore the original file and put the change into a new migration.",
            )
    ahead = sorted(set(done) - {migration.number for migration in wanted})
    if ahead:
        raise MigrationRefused(
            f"the database is ahead of this code: it has migrations {ahead} that the code does not know",
            f"database {connection.info.dbname}",
            "Update st-platform to the version that last used this database.",
        )
    return [migration for migration in wanted if migration.number not in done]


def _create_table(connection: psycopg.Connection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS platform")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS platform.migrations ("
        "number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )

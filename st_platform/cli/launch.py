"""What must be in place before Dagster or dbt can start: database, Dagster's own database and home, dbt's manifest.

Used by `dev`, `demo`, `env` and `dbt`. Safe to repeat; what is there already is kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from st_platform.cli.output import CommandFailed
from st_platform.cli.processes import program
from st_platform.settings import Settings, dagster_environment, database_url

_DBT_SOURCES = ("models", "macros", "seeds", "snapshots", "tests", "analyses")


def environment(settings: Settings) -> dict[str, str]:
    """What Dagster and dbt need, with the database started and migrated; to be laid over this process's own."""
    url = database_url(settings)
    prepare_database(settings, url)
    return dagster_environment(settings, url) | _dbt_role(url)


def prepare_database(settings: Settings, url: str) -> None:
    """Migrate the warehouse and register the tenants that are configured, if any."""
    from st_platform.settings import TenantsFileMissing, load_tenants
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.tenants import register

    with Database.prepare(url) as database:
        try:
            tenants = load_tenants(settings)
        except TenantsFileMissing:
            return
        with database.connection() as connection:
            register(connection, tenants.values())


def _dbt_role(url: str) -> dict[str, str]:
    """dbt acts as `st_dbt`, unless the user of the URL may not: on a managed server the role may not exist."""
    import psycopg

    if "ST_DB_ROLE" in os.environ:
        return {}
    with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        try:
            connection.execute("SET ROLE st_dbt")
        except psycopg.Error:
            return {"ST_DB_ROLE": ""}
    return {"ST_DB_ROLE": "st_dbt"}


def prepare_dagster(settings: Settings, variables: Mapping[str, str]) -> None:
    """Dagster's home with the project's `dagster.yaml` in it, and the database it keeps its records in."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    source = settings.project / "dagster.yaml"
    if not source.is_file():
        raise CommandFailed("dagster.yaml is missing", str(source), "Run this in the project's folder.")
    shutil.copyfile(source, home / "dagster.yaml")
    if not settings.dagster_database_url:
        create_dagster_database(variables["DATABASE_URL"], variables["DAGSTER_PG_URL"])


def create_dagster_database(url: str, dagster_url: str) -> None:
    """Create Dagster's database beside the warehouse; it holds bookkeeping only, so it need not wait for the disk.

    Raises:
        CommandFailed: the server does not let us, and DAGSTER_DATABASE_URL says nothing else.
    """
    import psycopg
    from psycopg import sql
    from psycopg.conninfo import conninfo_to_dict

    name = str(conninfo_to_dict(dagster_url)["dbname"])
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase:
            return
        except psycopg.errors.InsufficientPrivilege:
            raise CommandFailed(
                f"the database {name} for Dagster cannot be created",
                "DATABASE_URL",
                "Create it by hand, or set DAGSTER_DATABASE_URL to one that exists.",
            ) from None


def manifest_path(settings: Settings) -> Path:
    """Production's manifest, in a folder that nobody's own dbt commands write to."""
    return settings.project / "dbt_project" / "target" / "prod" / "manifest.json"


def manifest_is_current(settings: Settings) -> bool:
    """Whether dbt's manifest is newer than everything it was made from; a folder changes when a file goes."""
    manifest = manifest_path(settings)
    if not manifest.is_file():
        return False
    project = settings.project / "dbt_project"
    sources = [project / "dbt_project.yml", project / "profiles.yml"]
    for folder in _DBT_SOURCES:
        sources += [project / folder, *(project / folder).rglob("*")]
    written = manifest.stat().st_mtime
    return all(source.stat().st_mtime <= written for source in sources if source.exists())


def prepare_manifest(settings: Settings, variables: Mapping[str, str]) -> None:
    """Parse the dbt project unless its manifest is current: Dagster reads its models from there.

    Raises:
        CommandFailed: with what dbt says.
    """
    target = manifest_path(settings).parent
    target.mkdir(parents=True, exist_ok=True)
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if manifest_is_current(settings):
            return
        done = subprocess.run(
            [program("dbt"), "--quiet", "parse", "--target", "prod", "--target-path", str(target)],
            env={**os.environ, **variables},
            cwd=settings.project,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())[-2000:]
        raise CommandFailed(f"dbt cannot read the project: {said}", "dbt_project", "Repair the file it names.")
    manifest_path(settings).touch()


def prepare(settings: Settings) -> dict[str, str]:
    """Everything at once; returns the variables for the child."""
    variables = environment(settings)
    prepare_dagster(settings, variables)
    prepare_manifest(settings, variables)
    return variables

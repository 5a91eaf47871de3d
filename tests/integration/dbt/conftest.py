"""A dbt that is run as people run it, and a database of its own for each module of tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from st_platform.ingest.files import ingest_file
from st_platform.ingest.report import SyncReport
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.tenant import ENDPOINTS, Credentials, Environment, Tenant
from st_platform.warehouse.database import LOADER, Database
from st_platform.warehouse.tenants import register
from tests.integration.dbt.rows import TENANTS

PROJECT = Path(__file__).parents[3] / "dbt_project"


@dataclass(frozen=True)
class Outcome:
    """What one dbt invocation did: exit code, status by name of the node, and all it said."""

    code: int
    statuses: Mapping[str, str]
    output: str


def _name(unique_id: str) -> str:
    """`test.project.name.hash` and `unit_test.project.model.name` give the name."""
    kind, _, *rest = unique_id.split(".")
    return rest[1] if kind == "unit_test" else rest[0]


@dataclass(frozen=True)
class Dbt:
    """The dbt command on one database; `folder` receives targets and logs."""

    url: str = field(repr=False)
    folder: Path
    project: Path = PROJECT

    def __call__(self, *arguments: str, target: str = "prod") -> Outcome:
        artifacts = self.folder / target
        command = [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments, "--target", target]
        command += ["--project-dir", str(self.project), "--profiles-dir", str(PROJECT)]
        command += ["--target-path", str(artifacts), "--log-path", str(self.folder / "logs")]
        (artifacts / "run_results.json").unlink(missing_ok=True)
        finished = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        written = artifacts / "run_results.json"
        results = json.loads(written.read_text())["results"] if written.exists() else []
        statuses = {_name(result["unique_id"]): result["status"] for result in results}
        return Outcome(finished.returncode, statuses, finished.stdout + finished.stderr)

    def _environment(self) -> dict[str, str]:
        parts = {name: str(value) for name, value in conninfo_to_dict(self.url).items()}
        variables = {
            "ST_DB_HOST": parts["host"],
            "ST_DB_PORT": parts["port"],
            "ST_DB_USER": parts["user"],
            "ST_DB_PASSWORD": parts.get("password", ""),
            "ST_DB_NAME": parts["dbname"],
            "ST_DBT_DEV_NAME": "Ada.L",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "ST_DB"))}
        return inherited | variables


@pytest.fixture(scope="module")
def module_database_url(postgres_url: str, database_template: str) -> Iterator[str]:
    """The URL of a database with all source tables and no rows, shared by the tests of a module."""
    name = f"st_dbt_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(create.format(sql.Identifier(name), sql.Identifier(database_template)))
    url = make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SELECT platform.apply_grants()")  # what is granted on a database is not copied with it
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def dbt(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    return Dbt(module_database_url, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def query(module_database_url: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a statement on the module's database."""

    def run(statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(module_database_url, autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement), parameters)  # pyright: ignore[reportArgumentType]
            return cursor.fetchall() if cursor.description else []

    return run


Rows = Sequence[Mapping[str, Any]]


class Land(Protocol):
    """Lands rows in the API's shape; the tenant is registered with its first. Fails where a row is quarantined."""

    def __call__(self, resource: str, rows: Rows, *, tenant_id: int = 1001) -> SyncReport: ...


@pytest.fixture(scope="module")
def land(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """Rows into the module's database, from files as `ingest-file` takes them."""
    folder = tmp_path_factory.mktemp("rows")
    tenants: dict[int, Tenant] = {}
    with Database(module_database_url, role=LOADER) as database:

        def registered(tenant_id: int) -> Tenant:
            name, zone = next((name, zone) for known, name, zone in TENANTS if known == tenant_id)
            endpoints, nobody = ENDPOINTS[Environment.INTEGRATION], Credentials("", "", "")
            tenant = Tenant(
                name, tenant_id, Environment.INTEGRATION, endpoints, nobody, ZoneInfo(zone), date(2026, 1, 1)
            )
            with database.connection() as connection:
                register(connection, [tenant])
            return tenant

        def land_rows(resource: str, rows: Rows, *, tenant_id: int = 1001) -> SyncReport:
            if tenant_id not in tenants:
                tenants[tenant_id] = registered(tenant_id)
            file = folder / f"{tenant_id}-{resource}.jsonl"
            file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
            report = ingest_file(CATALOG[resource], tenants[tenant_id], file, database=database)
            assert report.quarantined == 0
            return report

        yield land_rows

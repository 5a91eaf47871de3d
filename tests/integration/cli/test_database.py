"""`db`, `env` and `dbt` on an embedded server and on one named by DATABASE_URL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.embedded import EmbeddedPostgres
from tests.integration.cli.conftest import Cli


@pytest.fixture
def embedded(cli: Cli, folder: Path) -> Iterator[Cli]:
    yield cli
    server = EmbeddedPostgres(folder / ".st_platform" / "postgres")
    server.stop()
    shutil.rmtree(server.status().data_dir.parent, ignore_errors=True)  # as root it may lie outside the folder


def test_the_embedded_server_lives_from_start_to_stop(embedded: Cli) -> None:
    assert embedded("db", "status").code == 1
    started = embedded("db", "start")
    assert started.code == 0
    assert embedded("db", "start").out == started.out == embedded("db", "url").out
    status = embedded("db", "status", "--json")
    assert (status.code, status.json["answers"], status.json["migrated"]) == (0, True, False)
    assert embedded("db", "migrate").code == 0
    assert embedded("db", "status", "--json").json["migrated"] is True
    assert embedded("db", "stop").code == 0
    assert embedded("db", "status", "--json").json["answers"] is False
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(started.out.strip(), connect_timeout=2)


def test_a_database_url_replaces_the_embedded_server(platform: Cli, database_url: str, folder: Path) -> None:
    assert platform("db", "url").out.strip() == database_url
    assert platform("db", "start").out.strip() == database_url
    assert platform("db", "status", "--json").json["server"] == "DATABASE_URL"
    assert not (folder / ".st_platform").exists()


def test_a_first_command_on_an_empty_database_migrates_it(
    cli: Cli, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert cli("db", "status", "--json").json["migrated"] is False
    assert cli("env").code == 0
    with psycopg.connect(empty_database_url) as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'servicetitan'"
            )
        }
    assert tables == set(CATALOG)


def test_a_database_that_does_not_answer_exits_1_in_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/nowhere")
    answer = cli("db", "migrate")
    assert answer.code == 1
    assert answer.err.startswith("error: ")
    assert len(answer.err.splitlines()) == 1
    assert "hunter2" not in answer.err


def test_the_exports_are_what_a_shell_reads_back(platform: Cli, database_url: str) -> None:
    exports = platform("env").out
    shown = subprocess.run(
        ["/bin/sh", "-c", f'{exports}\nprintf "%s\\n" "$DATABASE_URL" "$ST_DB_NAME" "$ST_DB_ROLE"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert shown == [database_url, database_url.rsplit("/", 1)[1], "st_dbt"]
    assert platform("env", "--json").json["DATABASE_URL"] == database_url


def run_in_child(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """For commands that become another program."""
    script = "from st_platform.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_psql_opens_on_the_database(platform: Cli, folder: Path, database_url: str) -> None:
    done = run_in_child(folder, "db", "psql", "--", "-Atc", "select current_database()")
    assert done.stdout.strip() == database_url.rsplit("/", 1)[1], done.stderr
    assert platform("db", "status").code == 0


def test_dbt_gets_its_arguments_and_its_connection(platform: Cli, folder: Path) -> None:
    done = run_in_child(folder, "dbt", "debug", "--connection")
    assert done.returncode == 0, done.stdout
    assert "Connection test: [" in done.stdout
    assert platform("tenants").code == 0


def test_dbts_exit_code_is_ours(platform: Cli, folder: Path) -> None:
    assert run_in_child(folder, "dbt", "nonsense").returncode == 2
    assert platform("tenants").code == 0

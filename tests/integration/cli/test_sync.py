"""`sync`, `ingest-file` and `plan` against the simulated tenants and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from st_platform.servicetitan.catalog import CATALOG
from tests.integration.cli.conftest import Cli
from tests.simulated import NOW, Simulator

WINDOW = ("--from", "2026-06-01", "--to", "2026-06-08")
TODAY = ("--from", NOW.date().isoformat(), "--to", "2026-06-16")


@pytest.fixture
def rows(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("servicetitan", table))
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_closed_window_is_certified_and_every_row_is_accounted_for(platform: Cli, rows: psycopg.Connection) -> None:
    answer = platform("sync", "jobs", "--tenant", "northwind", *WINDOW, "--json")
    assert answer.code == 0, answer.err
    report = answer.json
    assert report["certificate"] == "certified"
    assert report["received"] > 0
    assert report["received"] == sum(report[name] for name in ("inserted", "updated", "unchanged", "quarantined"))
    assert count(rows, "jobs") == report["inserted"]
    assert report["calls"] >= report["pages"] >= 1


def test_the_summary_shows_outcomes_pages_calls_and_the_certificate(platform: Cli) -> None:
    answer = platform("sync", "customers", "--tenant", "northwind", *WINDOW)
    assert answer.code == 0, answer.err
    for word in ("received", "inserted", "updated", "unchanged", "quarantined", "pages", "calls", "certified in"):
        assert word in answer.out


def test_today_is_caught_up_which_is_good_too(platform: Cli) -> None:
    answer = platform("sync", "jobs", "--tenant", "northwind", *TODAY, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["certificate"] == "caught up"


def test_the_first_partition_brings_all_older_history(
    platform: Cli, simulator: Simulator, rows: psycopg.Connection
) -> None:
    start = simulator.tenant.start_date
    answer = platform("sync", "jobs", "-t", "northwind", "--from", f"{start}", "--to", "2026-06-14")
    assert answer.code == 0, answer.err
    assert "reaches back to the beginning" in answer.err
    [(older,)] = rows.execute("SELECT count(*) FROM servicetitan.jobs WHERE modified_on < %s", [start]).fetchall()
    assert older > 0


def test_a_second_read_finds_everything_unchanged(platform: Cli) -> None:
    first = platform("sync", "jobs", "-t", "northwind", *WINDOW, "--json").json
    second = platform("sync", "jobs", "-t", "northwind", *WINDOW, "--refresh", "--json").json
    assert (second["inserted"], second["updated"]) == (0, 0)
    assert second["unchanged"] == second["received"] == first["received"]


def test_a_resource_without_windows_is_read_as_it_is(platform: Cli, rows: psycopg.Connection) -> None:
    for resource in ("campaigns", "campaign_costs", "technicians"):
        answer = platform("sync", resource, "-t", "northwind", "--json")
        assert answer.code == 0, answer.err
        assert count(rows, resource) == answer.json["inserted"] > 0


def test_a_window_of_dates_is_read_whole_and_again(platform: Cli) -> None:
    arguments = ("sync", "marketing_ads_performance", "-t", "northwind", "--from", "2026-06-12", "--to", "2026-06-14")
    first, second = platform(*arguments, "--json"), platform(*arguments, "--refresh", "--json")
    assert first.code == second.code == 0, first.err + second.err
    assert first.json["certificate"] == "certified"
    assert first.json["inserted"] == second.json["unchanged"] > 0


def test_the_first_day_of_a_window_of_dates_says_how_far_it_reaches_back(platform: Cli, simulator: Simulator) -> None:
    start = simulator.tenant.start_date
    arguments = ("--from", f"{start}", "--to", f"{start + timedelta(days=1)}")
    answer = platform("sync", "attributed_leads", "-t", "northwind", *arguments)
    assert answer.code == 0, answer.err
    assert "reaches back to the beginning" in answer.err


def test_a_scope_that_is_missing_fails_the_sync_with_what_and_where(platform: Cli, simulator: Simulator) -> None:
    simulator.scopes([])
    simulator.revoke_tokens()
    answer = platform("sync", "jobs", "-t", "northwind", *WINDOW)
    assert answer.code == 1
    assert answer.out == ""
    assert "northwind" in answer.err or "/tenant/1001/" in answer.err


def test_an_api_that_is_down_fails_the_sync(platform: Cli, folder: Path, simulator: Simulator) -> None:
    file = folder / "tenants.toml"
    file.write_text(file.read_text("utf-8").replace(simulator.url, "http://127.0.0.1:9"), "utf-8")
    answer = platform("sync", "jobs", "-t", "northwind", *WINDOW)
    assert answer.code == 1
    assert "127.0.0.1:9" in answer.err


def write_rows(folder: Path, simulator: Simulator, *, extra: tuple[str, ...] = ()) -> Path:
    truth = list(simulator.truth("jobs").values())[:20]
    file = folder / "jobs.jsonl"
    file.write_text("\n".join([*(json.dumps(row) for row in truth), *extra]) + "\n", "utf-8")
    return file


def test_saved_rows_land_like_a_page(
    platform: Cli, folder: Path, simulator: Simulator, rows: psycopg.Connection
) -> None:
    file = write_rows(folder, simulator)
    answer = platform("ingest-file", "jobs", str(file), "-t", "northwind", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["received"], answer.json["inserted"]) == (20, 20)
    again = platform("ingest-file", "jobs", str(file), "-t", "northwind", "--json").json
    assert (again["inserted"], again["unchanged"]) == (0, 20)
    assert count(rows, "jobs") == 20


def test_a_broken_row_of_a_file_is_quarantined_and_said(
    platform: Cli, folder: Path, simulator: Simulator, rows: psycopg.Connection
) -> None:
    file = write_rows(folder, simulator, extra=('{"id": "not a number"}',))
    answer = platform("ingest-file", "jobs", str(file), "-t", "northwind")
    assert answer.code == 0, answer.err
    assert "platform.quarantine" in answer.err
    [(reason,)] = rows.execute("SELECT reason FROM platform.quarantine").fetchall()
    assert reason


def test_a_plan_estimates_every_resource(platform: Cli) -> None:
    answer = platform("plan", "--tenant", "northwind", "--json")
    assert answer.code == 0, answer.err
    assert [estimate["resource"] for estimate in answer.json] == list(CATALOG)
    assert all(estimate["rows"] is not None and estimate["calls"] for estimate in answer.json)
    assert platform("plan", "jobs").code == 0


def test_a_plan_says_what_is_not_granted(platform: Cli, simulator: Simulator) -> None:
    simulator.scopes(sorted({entry.scope for entry in CATALOG.values()} - {CATALOG["jobs"].scope}))
    simulator.revoke_tokens()
    estimates = {
        item["resource"]: item for item in platform("plan", "jobs", "customers", "-t", "northwind", "--json").json
    }
    assert estimates["jobs"]["rows"] is None
    assert "not granted" in estimates["jobs"]["basis"]
    assert estimates["customers"]["rows"] > 0

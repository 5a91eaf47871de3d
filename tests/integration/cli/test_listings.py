"""Listings, and what a wrong question is answered."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from st_platform.servicetitan.catalog import CATALOG
from tests.integration.cli.conftest import Cli


def test_every_resource_of_the_catalog_is_listed(cli: Cli) -> None:
    answer = cli("resources", "--json")
    assert answer.code == 0
    assert [entry["name"] for entry in answer.json] == list(CATALOG)
    table = cli("resources").out
    assert all(name in table for name in CATALOG)


def test_a_resource_is_listed_with_all_that_decides_how_it_is_read(cli: Cli) -> None:
    listed = {entry["name"]: entry for entry in cli("resources", "--json").json}
    for name, resource in CATALOG.items():
        entry = listed[name]
        assert entry["owner"] == resource.owner
        assert entry["cadence"] == resource.cadence.value
        assert (entry["warn_after_seconds"], entry["fail_after_seconds"]) == (
            resource.cadence.warn_after.total_seconds(),
            resource.cadence.fail_after.total_seconds(),
        )
        assert entry["load_mode"] == resource.load_mode.value
        assert entry["kind"] in ("feed", "list", "window")
        assert entry["scope"] == resource.scope
        assert entry["key"] == list(resource.key)
        assert entry["deletion_signal"]
        assert entry["granted"] == {}
    assert listed["jobs"]["deletion_signal"] == "active = false"
    assert listed["memberships"]["deletion_signal"] == "status = Deleted"
    assert listed["campaign_costs"]["deletion_signal"] == "absent from a complete read"
    assert listed["attributed_leads"]["kind"] == "window"


def test_resources_say_per_tenant_what_is_granted_as_far_as_it_is_known(platform: Cli, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO platform.grants (tenant_id, resource, scope, granted, seen_at)"
            " VALUES (1001, 'jobs', 'x', false, now()), (2002, 'jobs', 'x', true, now())"
        )
    listed = {entry["name"]: entry["granted"] for entry in platform("resources", "--json").json}
    assert listed["jobs"] == {"northwind": False, "sunbelt": True}
    assert listed["customers"] == {"northwind": None, "sunbelt": None}
    lines = {line.split()[0]: line.rstrip() for line in platform("resources").out.splitlines() if line.strip()}
    assert lines["jobs"].endswith("northwind no, sunbelt yes")
    assert lines["customers"].endswith("not known")


def test_a_tenants_file_with_problems_does_not_hide_the_catalog(cli: Cli, folder: Path) -> None:
    (folder / "tenants.toml").write_text('[tenants.acme]\ntenant_id = "x"\n', "utf-8")
    answer = cli("resources", "--json")
    assert answer.code == 0
    assert len(answer.json) == len(CATALOG)
    assert "st-platform tenants" in answer.err


def test_tenants_are_listed_without_their_secrets(platform: Cli) -> None:
    answer = platform("tenants", "--json")
    assert [(entry["name"], entry["tenant_id"]) for entry in answer.json] == [("northwind", 1001), ("sunbelt", 2002)]
    assert "secret" not in answer.out + platform("tenants").out


def test_wrong_settings_exit_2_with_a_line_for_each(cli: Cli, folder: Path) -> None:
    (folder / "tenants.toml").write_text('[tenants.acme]\ntenant_id = "x"\nclient_secret = "hunter2"\n', "utf-8")
    answer = cli("tenants")
    assert answer.code == 2
    assert answer.out == ""
    assert "hunter2" not in answer.err
    lines = answer.err.splitlines()
    assert len(lines) >= 5
    assert all(line.startswith("error: ") for line in lines)


def test_no_tenants_file_exits_2_and_says_how_to_get_one(cli: Cli) -> None:
    answer = cli("sync", "jobs", "--tenant", "acme", "--from", "2026-06-01", "--to", "2026-06-02")
    assert answer.code == 2
    assert "tenants.example.toml" in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sync", "job", "-t", "northwind", "--from", "2026-06-01", "--to", "2026-06-02"), "did you mean jobs"),
        (("sync", "jobs", "-t", "nobody", "--from", "2026-06-01", "--to", "2026-06-02"), "northwind, sunbelt"),
        (("sync", "jobs", "-t", "northwind", "--from", "2026-06-02", "--to", "2026-06-02"), "--to is not after"),
        (("sync", "jobs", "-t", "northwind"), "--from and --to is missing"),
        (("sync", "jobs"), "--tenant"),
        (("sink",), "No such command"),
        (
            ("sync", "attributed_leads", "-t", "northwind", "--from", "2026-06-01T06:00Z", "--to", "2026-06-02"),
            "read by whole days",
        ),
        (("reconcile", "job", "-t", "northwind"), "did you mean jobs"),
        (("reconcile", "jobs"), "--tenant"),
        (("ingest-file", "jobs", "missing.jsonl", "-t", "northwind"), "no such file"),
        (("backfill", "campaigns", "-t", "northwind", "--from", "2026-06-01", "--to", "2026-06-02"), "has no days"),
    ],
)
def test_what_cannot_be_exits_2_before_anything_starts(platform: Cli, arguments: tuple[str, ...], said: str) -> None:
    answer = platform(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.out == ""


def test_a_backfill_without_dagster_exits_1_and_says_how_to_start_it(
    platform: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ST_DAGSTER_URL", "http://127.0.0.1:9")
    answer = platform("backfill", "jobs", "-t", "northwind", "--from", "2026-06-01", "--to", "2026-06-02")
    assert answer.code == 1
    assert "st-platform dev" in answer.err
    assert len(answer.err.splitlines()) == 1

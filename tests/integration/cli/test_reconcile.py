"""`reconcile` against the simulated tenants and a real database."""

from __future__ import annotations

import psycopg
import pytest

from st_platform.servicetitan.catalog import CATALOG
from tests.integration.cli.conftest import Cli
from tests.simulated import Simulator


@pytest.fixture
def loaded(platform: Cli) -> Cli:
    """Campaigns and technicians of northwind, read whole."""
    for resource in ("campaigns", "technicians"):
        answer = platform("sync", resource, "-t", "northwind")
        assert answer.code == 0, answer.err
    return platform


def lose(database_url: str, table: str, number: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            f"DELETE FROM servicetitan.{table} WHERE id IN"
            f" (SELECT id FROM servicetitan.{table} ORDER BY id LIMIT {number})".encode()
        )


def test_what_agrees_exits_0_and_says_so(loaded: Cli) -> None:
    answer = loaded("reconcile", "campaigns", "technicians", "-t", "northwind")

    assert answer.code == 0, answer.err
    assert answer.out.count("they agree") == 2


def test_lost_rows_are_healed_and_the_report_counts_them(loaded: Cli, database_url: str) -> None:
    lose(database_url, "campaigns", 3)

    answer = loaded("reconcile", "campaigns", "--tenant", "northwind", "--json")

    assert answer.code == 0, answer.err
    [report] = answer.json
    assert (report["method"], report["missing"], report["healed"], report["certified"]) == ("keys", 3, 3, True)
    assert loaded("reconcile", "campaigns", "-t", "northwind", "--json").json[0]["method"] == "count"


def test_deep_compares_keys_although_the_counts_agree(loaded: Cli) -> None:
    [report] = loaded("reconcile", "campaigns", "-t", "northwind", "--deep", "--json").json

    assert report["method"] == "keys"
    assert report["missing"] == report["stale"] == report["gone"] == 0


def test_a_removal_too_large_to_believe_exits_1_and_names_the_command(loaded: Cli, simulator: Simulator) -> None:
    for _ in range(60):
        simulator.edit("technicians", "insert", like=min(simulator.truth("technicians")))
    simulator.advance(minutes=30)
    assert loaded("sync", "technicians", "-t", "northwind").code == 0
    for technician in sorted(simulator.truth("technicians"))[:40]:
        simulator.edit("technicians", "remove", id=technician)

    answer = loaded("reconcile", "technicians", "-t", "northwind")

    assert answer.code == 1
    assert "deletes accept technicians --tenant northwind" in answer.err
    assert "do not agree on technicians" in answer.err


def test_what_is_not_granted_fails_nothing(loaded: Cli, simulator: Simulator) -> None:
    simulator.scopes(sorted({entry.scope for entry in CATALOG.values()} - {CATALOG["campaigns"].scope}))
    simulator.revoke_tokens()

    answer = loaded("reconcile", "campaigns", "technicians", "-t", "northwind", "--json")

    assert answer.code == 0, answer.err
    assert {report["resource"]: report["granted"] for report in answer.json} == {
        "campaigns": False,
        "technicians": True,
    }


def test_one_that_fails_is_named_and_the_others_are_compared(loaded: Cli, simulator: Simulator) -> None:
    simulator.fault(resource="campaigns", status=400, body='{"title": "No"}')

    answer = loaded("reconcile", "campaigns", "technicians", "-t", "northwind")

    assert answer.code == 1
    assert "technicians" in answer.out
    assert "1 of 2 resources could not be compared: campaigns" in answer.err

"""The doctor on a platform that works, and on one part broken at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from st_platform.servicetitan.catalog import CATALOG
from tests.integration.cli.conftest import Cli
from tests.simulated import Simulator

ALL_SCOPES = sorted({resource.scope for resource in CATALOG.values()})


@pytest.fixture(autouse=True)
def _dbt_is_not_parsed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing takes seconds and has its own test."""
    monkeypatch.setattr("st_platform.cli.launch.manifest_is_current", lambda _: True)


def wrong_lines(platform: Cli) -> list[dict[str, str]]:
    answer = platform("doctor", "--json")
    findings = [finding for finding in answer.json["findings"] if finding["state"] == "wrong"]
    assert answer.code == int(bool(findings))
    assert all(finding["fix"] for finding in findings)
    return findings


@pytest.fixture
def doctor(platform: Cli, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for tenant in simulator.tenants:
        simulator.scopes(ALL_SCOPES, tenant_id=tenant.tenant_id)
    monkeypatch.setenv("ST_DAGSTER_URL", "http://127.0.0.1:4")
    return platform


def test_nothing_is_wrong_with_a_platform_that_works(doctor: Cli) -> None:
    assert wrong_lines(doctor) == []


def test_resources_that_are_not_granted_are_listed_with_their_scope_and_nothing_fails_for_them(
    doctor: Cli, simulator: Simulator
) -> None:
    missing = {CATALOG["jobs"].scope, CATALOG["payrolls"].scope}
    simulator.scopes([scope for scope in ALL_SCOPES if scope not in missing])
    answer = doctor("doctor", "--json")
    assert answer.code == 0
    told = [finding for finding in answer.json["findings"] if "not granted" in finding["detail"]]
    expected = {(name, entry.scope) for name, entry in CATALOG.items() if entry.scope in missing}
    assert {finding["subject"] for finding in told} == {"API of northwind"}
    assert len(told) == len(expected) > 1
    for name, scope in expected:
        [finding] = [finding for finding in told if finding["detail"].startswith(f"{name} ")]
        assert scope in finding["detail"]
        assert finding["state"] == "warning"
        assert finding["fix"]


def test_an_app_that_may_read_nothing_is_wrong(doctor: Cli, simulator: Simulator) -> None:
    simulator.scopes(["tn.other:r"])
    [finding] = wrong_lines(doctor)
    assert "no resource can be read" in finding["detail"]


@pytest.mark.parametrize("secret", ["sim-northwind-secret", "sim-app-key"])
def test_one_tenants_wrong_credentials_are_its_own_and_not_shown(doctor: Cli, folder: Path, secret: str) -> None:
    file = folder / "tenants.toml"
    file.write_text(file.read_text("utf-8").replace(secret, "hunter2", 1), "utf-8")
    findings = wrong_lines(doctor)
    assert [finding["subject"] for finding in findings] == ["API of northwind"]
    assert "hunter2" not in str(findings)


def test_an_api_that_does_not_answer_is_wrong(doctor: Cli, folder: Path, simulator: Simulator) -> None:
    file = folder / "tenants.toml"
    file.write_text(file.read_text("utf-8").replace(simulator.url, "http://127.0.0.1:9"), "utf-8")
    assert {finding["subject"] for finding in wrong_lines(doctor)} == {"API of northwind", "API of sunbelt"}


def test_a_database_that_does_not_answer_is_wrong_and_the_rest_is_still_examined(
    doctor: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/nowhere")
    monkeypatch.setenv("ST_ALERT_URL", "nonsense")
    findings = wrong_lines(doctor)
    assert [finding["subject"] for finding in findings] == ["database", "alerts"]
    assert "hunter2" not in str(findings)


def test_no_tenants_file_is_wrong(doctor: Cli, folder: Path) -> None:
    (folder / "tenants.toml").unlink()
    assert [finding["subject"] for finding in wrong_lines(doctor)] == ["tenants"]

"""The doctor's judgements, each with its fix."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import typer

from st_platform.cli import doctor
from st_platform.cli.doctor import Finding, check_alert_url, check_port, judge_database, ok, unknown_variables, wrong
from st_platform.settings import Settings

FACTS = {"answers": True, "version": "18.1", "version_number": 180001, "size": "9 MB", "migrated": True}


def test_a_misspelt_variable_is_found() -> None:
    findings = list(unknown_variables(["ST_TENANT_FILE", "ST_TENANTS_FILE", "PATH", "ST_OPENAPI_DIR", "ST_LOUIS"]))
    assert [(finding.state, finding.fix) for finding in findings] == [("warning", "Did you mean ST_TENANTS_FILE?")]


def test_a_database_that_does_not_answer_is_wrong_with_its_reason() -> None:
    [finding] = judge_database({"answers": False, "reason": "connection\n refused"}, "DATABASE_URL")
    assert finding.wrong
    assert "connection refused" in finding.detail
    assert finding.fix


def test_an_old_database_is_wrong_and_an_empty_one_is_not() -> None:
    [old] = judge_database(FACTS | {"version": "14.9", "version_number": 140009}, "DATABASE_URL")
    [empty] = judge_database(FACTS | {"migrated": False}, "embedded")
    assert old.wrong
    assert not empty.wrong
    assert "first command migrates" in empty.detail


def test_a_port_taken_by_something_else_is_wrong_but_not_when_it_is_dagster() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert check_port(url, is_dagster=lambda _: False).wrong
        assert not check_port(url, is_dagster=lambda _: True).wrong
    assert not check_port(url, is_dagster=lambda _: False).wrong


def test_a_dagster_elsewhere_has_to_answer() -> None:
    assert check_port("https://dagster.example.com", is_dagster=lambda _: False).wrong


@pytest.mark.parametrize(
    ("url", "state"), [(None, "warning"), ("nonsense", "wrong"), ("json://127.0.0.1:9/hook", "ok")]
)
def test_the_alert_channel_is_judged_and_never_shown(url: str | None, state: str) -> None:
    finding = check_alert_url(Settings(alert_url=url))  # pyright: ignore[reportArgumentType]
    assert finding.state == state
    assert url is None or url not in str(finding)


def run_doctor(monkeypatch: pytest.MonkeyPatch, *findings: Finding, as_json: bool = False) -> None:
    def examine() -> Iterator[Finding]:
        yield from findings

    monkeypatch.setattr(doctor, "examine", examine)
    doctor.doctor(as_json=as_json)


def test_anything_wrong_exits_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        run_doctor(monkeypatch, ok("one", "fine"), wrong("two", "broken", "Mend it."))
    assert caught.value.exit_code == 1
    assert "Mend it." in capsys.readouterr().out


def test_a_warning_is_shown_but_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_doctor(monkeypatch, doctor.warning("alerts", "none", "Set one."))
    assert "Set one." in capsys.readouterr().out


def test_json_holds_every_finding(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_doctor(monkeypatch, ok("one", "fine"), as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "healthy": True,
        "findings": [{"subject": "one", "state": "ok", "detail": "fine", "fix": ""}],
    }

"""Results go to stdout, errors to stderr in one line each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest

from st_platform.cli.app import explain
from st_platform.cli.output import (
    EXIT_FAILED,
    EXIT_USAGE,
    duration,
    error_line,
    human_size,
    plain,
    print_json,
    print_table,
)
from st_platform.tenants_file import Problem, SettingsError
from st_platform.warehouse.errors import DatabaseUnavailable


class Mood(StrEnum):
    GOOD = "good"


@dataclass(frozen=True)
class Report:
    when: datetime
    day: date
    amount: Decimal
    where: Path
    names: tuple[str, ...]
    mood: Mood


REPORT = Report(datetime(2026, 7, 1, tzinfo=UTC), date(2026, 7, 1), Decimal("0.10"), Path("a/b"), ("x",), Mood.GOOD)


def test_json_is_whole_and_money_stays_exact(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(REPORT)
    assert json.loads(capsys.readouterr().out) == {
        "when": "2026-07-01T00:00:00+00:00",
        "day": "2026-07-01",
        "amount": "0.10",
        "where": "a/b",
        "names": ["x"],
        "mood": "good",
    }


def test_plain_reaches_into_nested_values() -> None:
    assert plain({"reports": [REPORT]})["reports"][0]["amount"] == "0.10"


def test_an_error_is_one_line_on_stderr_whatever_it_contains(capsys: pytest.CaptureFixture[str]) -> None:
    error_line("first\n[bold]second[/bold]   " + "x" * 400)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: first [bold]second[/bold] {'x' * 400}\n"


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("title", ("name", "rows"), [("n" * 150, 1234567), ("[red]", 2)])
    out = capsys.readouterr().out
    assert "n" * 150 in out
    assert "1,234,567" in out
    assert "[red]" in out


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (45, "45 s"), (91, "2 min"), (7140, "119 min"), (12000, "3 h 20 min")]
)
def test_a_duration_is_said_in_the_unit_one_thinks_in(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(512, "0.5 kB"), (20_000, "20 kB"), (3_000_000, "2.9 MB"), (5 * 2**40, "5.0 TB")]
)
def test_a_size_is_said_in_the_unit_one_thinks_in(size: int, text: str) -> None:
    assert human_size(size) == text


def test_wrong_settings_exit_2_and_a_failed_command_exits_1() -> None:
    settings = SettingsError([Problem("a", "b", "c"), Problem("d", "e", "f")])
    assert explain(settings) == (EXIT_USAGE, ["a (b). c", "d (e). f"])
    assert explain(DatabaseUnavailable("gone", "here", "Start it.")) == (EXIT_FAILED, ["gone (here). Start it."])


def test_an_error_that_is_none_of_ours_is_not_explained_away() -> None:
    assert explain(KeyError("a bug")) == (EXIT_FAILED, [])

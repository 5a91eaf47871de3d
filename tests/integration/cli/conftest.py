"""`platform`: the command line in a folder of its own, on a fresh database and the simulated tenants."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from st_platform.cli import main
from tests.simulated import Simulator


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the command line; none of the developer's own settings reach it."""
    monkeypatch.chdir(tmp_path)
    for name in ("DAGSTER_DATABASE_URL", "DATABASE_URL", "ST_STATE_DIR", "ST_TENANTS_FILE", "ST_SECRETS_DIR",
                 "ST_ALERT_URL", "ST_DAGSTER_URL", "ST_DB_ROLE"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process as `st-platform` would."""

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["st-platform", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def platform(cli: Cli, folder: Path, simulator: Simulator, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`cli` with a database and both simulated tenants."""
    (folder / "tenants.toml").write_text(simulator.tenants_toml(), "utf-8")
    monkeypatch.setenv("DATABASE_URL", database_url)
    return cli

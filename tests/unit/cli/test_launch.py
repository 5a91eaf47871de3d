"""When dbt's manifest has to be made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from st_platform.cli.launch import manifest_is_current, manifest_path, prepare_dagster
from st_platform.cli.output import CommandFailed
from st_platform.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    project = tmp_path / "dbt_project"
    for name in ("dbt_project.yml", "profiles.yml", "models/marts/fct.sql"):
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x", "utf-8")
    for path in project.rglob("*"):
        os.utime(path, (1000, 1000))
    return Settings(project_dir=tmp_path, state_dir=tmp_path / "state")


def write_manifest(settings: Settings, at: int) -> None:
    manifest = manifest_path(settings)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("{}", "utf-8")
    os.utime(manifest, (at, at))


def test_a_project_without_a_manifest_needs_one(settings: Settings) -> None:
    assert not manifest_is_current(settings)


def test_a_manifest_newer_than_the_project_is_kept(settings: Settings) -> None:
    write_manifest(settings, 2000)
    assert manifest_is_current(settings)


def test_one_changed_model_makes_it_stale(settings: Settings) -> None:
    write_manifest(settings, 2000)
    os.utime(settings.project / "dbt_project/models/marts/fct.sql", (3000, 3000))
    assert not manifest_is_current(settings)


def test_a_removed_model_makes_it_stale(settings: Settings) -> None:
    write_manifest(settings, 2000)
    (settings.project / "dbt_project/models/marts/fct.sql").unlink()
    assert not manifest_is_current(settings)


def test_a_folder_without_dagster_yaml_is_not_the_project(settings: Settings) -> None:
    with pytest.raises(CommandFailed, match=r"dagster\.yaml is missing"):
        prepare_dagster(settings, {})

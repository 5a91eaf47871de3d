"""Models built by Dagster: what is selected and nothing else, on the warehouse the platform uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import psycopg
import pytest
from dagster import AssetKey, DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from st_platform.warehouse.database import Database
from tests.integration.orchestration.conftest import TENANTS

STAGED = AssetKey(["staging", "stg_servicetitan__campaigns"])


class Builds:
    """Runs over models, and what came of them."""

    def __init__(self, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> None:
        self.instance = instance
        self.repository = repository

    def build(self, *keys: AssetKey) -> dg.DagsterRun:
        job = self.repository.get_implicit_global_asset_job_def().get_subset(asset_selection=set(keys))
        run = self.instance.create_run_for_job(job)
        execute_run(InMemoryJob(job), run, self.instance)
        ended = self.instance.get_run_by_id(run.run_id)
        assert ended is not None
        return ended

    def events(self, run: dg.DagsterRun, kind: DagsterEventType) -> list[Any]:
        records = self.instance.get_records_for_run(run.run_id, of_type=kind).records
        return [record.event_log_entry.dagster_event for record in records]

    def evaluations(self, run: dg.DagsterRun) -> list[dg.AssetCheckEvaluation]:
        found = self.events(run, DagsterEventType.ASSET_CHECK_EVALUATION)
        return [event.asset_check_evaluation_data for event in found]


@pytest.fixture
def builds(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, database_url: str, tmp_path: Path
) -> Iterator[Builds]:
    Database.prepare(database_url).close()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ST_DB_")}
    variables |= {"DATABASE_URL": database_url, "ST_STATE_DIR": str(tmp_path)}
    with mock.patch.dict(os.environ, variables, clear=True):
        yield Builds(instance, repository)


def test_selecting_one_model_builds_and_tests_only_that_one(builds: Builds, database_url: str) -> None:
    here = Path.cwd()

    run = builds.build(STAGED)

    assert run.is_success
    built = [event.asset_key for event in builds.events(run, DagsterEventType.ASSET_MATERIALIZATION)]
    checks = builds.evaluations(run)
    expected = {key.name for key in builds.repository.asset_graph.asset_check_keys if key.asset_key == STAGED}
    assert built == [STAGED]
    assert {check.check_name for check in checks if check.asset_key == STAGED} == expected
    assert {check.asset_key for check in checks} == {STAGED}
    with psycopg.connect(database_url) as connection:
        views = connection.execute("SELECT viewname FROM pg_views WHERE schemaname = 'staging'").fetchall()
    assert views == [("stg_servicetitan__campaigns",)]

    # Its columns lead back to the extracts of every tenant, not to a table that is no asset.
    [event] = builds.events(run, DagsterEventType.ASSET_MATERIALIZATION)
    lineage = event.step_materialization_data.materialization.metadata["dagster/column_lineage"].value
    origins = {dep.asset_key for deps in lineage.deps_by_column.values() for dep in deps}
    assert origins == {AssetKey(["servicetitan", tenant, "campaigns"]) for tenant in TENANTS}

    # What the build leaves behind is outside the project, and we are where we were.
    assert (Path(os.environ["ST_STATE_DIR"]) / "dbt" / run.run_id / "run_results.json").is_file()
    assert Path.cwd() == here


def test_a_failed_test_says_how_many_rows_and_fails_the_run(builds: Builds, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE servicetitan.campaigns DROP CONSTRAINT campaigns_pkey")
        connection.execute(
            "INSERT INTO servicetitan.campaigns (tenant_id, id, _fetched_at, _fetch_seq, _changed_at)"
            " SELECT 1001, 7, now(), number, now() FROM generate_series(1, 2) AS number"
        )

    run = builds.build(STAGED)

    [failed] = [evaluation for evaluation in builds.evaluations(run) if not evaluation.passed]
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert "rows do not satisfy the test" in (failed.description or "")

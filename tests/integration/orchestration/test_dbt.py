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

from st_platform.orchestration.naming import ON_CADENCE_TAG
from st_platform.tenants_file import Problem
from st_platform.warehouse.database import Database
from tests.integration.orchestration.conftest import TENANTS

STAGED = AssetKey(["staging", "stg_servicetitan__campaigns"])


class Builds:
    """Runs over models, and what came of them."""

    def __init__(self, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> None:
        self.instance = instance
        self.repository = repository

    def build(self, *keys: AssetKey, **tags: str) -> dg.DagsterRun:
        job = self.repository.get_implicit_global_asset_job_def().get_subset(asset_selection=set(keys))
        run = self.instance.create_run_for_job(job, tags=tags)
        execute_run(InMemoryJob(job), run, self.instance)
        ended = self.instance.get_run_by_id(run.run_id)
        assert ended is not None
        return ended

    def events(self, run: dg.DagsterRun, kind: DagsterEventType) -> list[Any]:
        records = self.instance.get_records_for_run(run.run_id, of_type=kind).records
        return [record.event_log_entry.dagster_event for record in records]

    def built(self, run: dg.DagsterRun) -> list[str]:
        """Names of what was built, in the order it was."""
        events = self.events(run, DagsterEventType.ASSET_MATERIALIZATION)
        return [event.asset_key.path[-1] for event in events]

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


def test_selecting_one_mart_builds_what_it_is_made_of_first_and_nothing_else(builds: Builds, database_url: str) -> None:
    mart = AssetKey(["marts_platform", "dim_date"])

    run = builds.build(mart)

    assert run.is_success
    assert set(builds.built(run)) == {"stg_platform__tenants", "tenants", "int_tenants", "dim_date"}
    assert builds.built(run)[-2:] == ["int_tenants", "dim_date"]
    tested = {check.asset_key.path[-1] for check in builds.evaluations(run)}
    assert tested == set(builds.built(run))

    # Rows, columns and where each column comes from are told of every one of them.
    for event in builds.events(run, DagsterEventType.ASSET_MATERIALIZATION):
        materialization = event.step_materialization_data.materialization
        assert "dagster/column_schema" in materialization.metadata
        if event.asset_key == mart:
            assert materialization.metadata["dagster/row_count"].value == 21915
            lineage = materialization.metadata["dagster/column_lineage"].value.deps_by_column
            assert {(dep.asset_key.path[-1], dep.column_name) for dep in lineage["fiscal_year"]} == {
                ("int_tenants", "fiscal_start_month")
            }

    # A build that the conditions asked for only makes up for what is not there.
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE intermediate.int_tenants CASCADE")
    assert builds.built(builds.build(mart, **{ON_CADENCE_TAG: "yes"})) == ["int_tenants", "dim_date"]


def test_a_mistake_in_a_seed_fails_the_build_before_it_begins(
    builds: Builds, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Problem("zip5 02134 stands there twice", "seeds/service_areas.csv, line 3", "Keep one of it.")
    monkeypatch.setattr("st_platform.orchestration.assets.dbt.seed_problems", lambda project: [wrong])

    run = builds.build(STAGED)

    assert run.status is dg.DagsterRunStatus.FAILURE
    assert builds.built(run) == []
    [failure] = builds.events(run, DagsterEventType.STEP_FAILURE)
    assert str(wrong) in failure.step_failure_data.error.to_string()


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

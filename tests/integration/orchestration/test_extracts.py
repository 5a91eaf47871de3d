"""Extracts run by Dagster, from a simulated tenant into a real Postgres: days, ranges, retries, failures, checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import time_machine
from dagster import AssetKey, DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from st_platform.orchestration.assets import extracts
from st_platform.orchestration.assets.extracts import extract_asset
from st_platform.orchestration.assets.reconciliation import reconciliation_asset
from st_platform.orchestration.checks.extracts import extract_checks
from st_platform.orchestration.grants import read_grants
from st_platform.orchestration.jobs import extract_jobs, reconciliation_job
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.servicetitan.catalog import CATALOG, Cadence
from tests.simulated import NOW, Simulator, simulator, simulator_server
from tests.syncing import Bench

if TYPE_CHECKING:
    from st_platform.simulator import SimulatorServer

__all__ = ["simulator", "simulator_server"]

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

TODAY = NOW.date()
FIRST_DAY = (TODAY - timedelta(days=9)).isoformat()
FEW = [
    CATALOG[name]
    for name in (
        *("customers", "locations", "jobs", "invoices", "invoice_items", "payments"),
        *("memberships", "credit_memos", "membership_status_changes"),
        *("technicians", "campaigns", "campaign_costs"),
    )
]
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass
class Platform:
    """Two simulated tenants, a warehouse, and Dagster over both."""

    simulator: Simulator
    bench: Bench
    instance: dg.DagsterInstance
    repository: dg.RepositoryDefinition

    def run(
        self,
        *paths: tuple[str, str],
        days: tuple[str, str] | str | None = None,
        retry_of: str | None = None,
        **tags: str,
    ) -> dg.DagsterRun:
        """A run over extracts of (tenant, resource) and their checks; returns it as it ended."""
        keys = [AssetKey(["servicetitan", *path]) for path in paths]
        job = self._job(keys)
        if isinstance(days, str):
            tags["dagster/partition"] = days
        elif days:
            tags |= {RANGE_START: days[0], RANGE_END: days[1]}
        root = retry_of or None
        run = self.instance.create_run_for_job(job, tags=tags, root_run_id=root, parent_run_id=root)
        execute_run(InMemoryJob(job), run, self.instance)
        ended = self.instance.get_run_by_id(run.run_id)
        assert ended is not None
        return ended

    def judge(self, tenant: str, resource: str) -> dict[str, Any]:
        """A run over the checks of one extract alone; the evaluations by check."""
        path = [tenant, resource]
        keys = {key for key in self.repository.asset_graph.asset_check_keys if key.asset_key.path[1:] == path}
        job = self.repository.get_implicit_global_asset_job_def().get_subset(
            asset_selection=set(), asset_check_selection=keys
        )
        run = self.instance.create_run_for_job(job)
        execute_run(InMemoryJob(job), run, self.instance)
        return {name: check for (_, name), check in self.checks(run).items()}

    def _job(self, keys: Iterable[AssetKey]) -> dg.JobDefinition:
        return self.repository.get_implicit_global_asset_job_def().get_subset(asset_selection=set(keys))

    def events(self, run: dg.DagsterRun, kind: DagsterEventType) -> list[Any]:
        records = self.instance.get_records_for_run(run.run_id, of_type=kind).records
        return [record.event_log_entry.dagster_event for record in records]

    def materializations(self, run: dg.DagsterRun) -> list[dg.AssetMaterialization]:
        return [
            event.step_materialization_data.materialization
            for event in self.events(run, DagsterEventType.ASSET_MATERIALIZATION)
        ]

    def checks(self, run: dg.DagsterRun) -> dict[tuple[str, str], Any]:
        """Evaluations by resource and check."""
        found = [
            event.asset_check_evaluation_data for event in self.events(run, DagsterEventType.ASSET_CHECK_EVALUATION)
        ]
        return {(item.asset_key.path[-1], item.check_name): item for item in found}


@pytest.fixture(scope="session")
def few_extracts(simulator_server: SimulatorServer) -> dg.RepositoryDefinition:
    """What is defined for both tenants, over one resource or two of every kind."""
    tenants = [replace(tenant, start_date=date.fromisoformat(FIRST_DAY)) for tenant in simulator_server.tenants]
    assets, checks, jobs = [], [], []
    for tenant in tenants:
        its_checks = extract_checks(tenant, FEW)
        assets += [extract_asset(tenant, entry, retry_policy=None) for entry in FEW]
        assets.append(reconciliation_asset(tenant, FEW))
        checks += its_checks
        jobs += [*extract_jobs(tenant.name, FEW), reconciliation_job(tenant.name, its_checks)]
    definitions = dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=jobs,
        resources={"warehouse": WarehouseResource(url=dg.EnvVar("DATABASE_URL")), "tenants": TenantsResource()},
        executor=dg.in_process_executor,
    )
    return definitions.get_repository_def()


@pytest.fixture
def platform(
    simulator: Simulator,
    few_extracts: dg.RepositoryDefinition,
    database_url: str,
    database: Any,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Platform]:
    file = tmp_path / "tenants.toml"
    file.write_text(few_days(simulator.tenants_toml()), "utf-8")
    monkeypatch.setenv("ST_TENANTS_FILE", str(file))
    monkeypatch.setenv("DATABASE_URL", database_url)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=True):
        yield Platform(simulator, Bench(simulator, database), instance, few_extracts)


def few_days(toml: str) -> str:
    """The tenants file with ten date partitions: each costs an event or two in every run over it."""
    return re.sub(r"(?m)^start_date = .*$", f"start_date = {FIRST_DAY}", toml)


def day(back: int) -> str:
    """The date partition some days before the simulated today."""
    return (TODAY - timedelta(days=back)).isoformat()


def test_a_range_of_days_is_read_as_one_window_and_marks_every_day(platform: Platform) -> None:
    run = platform.run(("northwind", "customers"), days=(FIRST_DAY, day(0)))

    assert run.is_success
    partitions = [materialization.partition for materialization in platform.materializations(run)]
    assert set(partitions) == {day(back) for back in range(10)}
    assert len(partitions) == 10
    closed = [lane for lane in platform.bench.lanes("customers") if lane["generation"] != "open"]
    assert {lane["window_start"] for lane in closed} == {None}
    platform.bench.assert_true("customers", visible_until=NOW - timedelta(minutes=15))


def test_a_materialization_says_what_came_and_what_is_proven(platform: Platform) -> None:
    run = platform.run(("northwind", "locations"), days=(FIRST_DAY, day(1)))

    said: dict[str, Any] = {name: value.value for name, value in platform.materializations(run)[0].metadata.items()}
    rows = len(platform.bench.rows("locations"))
    assert said["rows received"] >= rows > 0
    assert said["rows inserted"] == rows
    assert said["certificate"] == "certified"
    assert said["window"] == f"[-inf, {day(0)}T00:00:00Z)"
    assert said["calls"] >= 1
    assert said["rows quarantined"] == 0


def test_the_data_version_moves_with_the_data_only(platform: Platform) -> None:
    path = ("northwind", "customers")
    versions = []
    platform.run(path, days=(FIRST_DAY, day(0)))
    for change in (False, True):
        if change:
            platform.simulator.edit(
                "customers", "set", id=min(platform.bench.rows("customers")), fields={"name": "New"}
            )
            platform.simulator.advance(minutes=20)
        for _ in range(2):
            run = platform.run(path, days=day(0))
            assert run.is_success
            versions.append((platform.materializations(run)[0].tags or {})["dagster/data_version"])

    assert versions[0] == versions[1]
    assert versions[1] != versions[2]
    assert versions[2] == versions[3]


def test_the_second_run_of_today_makes_one_request_per_resource(platform: Platform) -> None:
    hot = [entry.name for entry in FEW if entry.cadence is Cadence.HOT]
    paths = [("northwind", name) for name in hot]
    platform.run(*paths, days=(FIRST_DAY, day(0)))
    platform.simulator.clear_requests()

    run = platform.run(*paths, days=day(0))

    assert run.is_success
    assert {name: len(platform.simulator.requests(name)) for name in hot} == dict.fromkeys(hot, 1)


def test_what_has_no_days_is_read_without_one_and_shares_a_job_with_days(platform: Platform) -> None:
    job = platform.repository.get_job("northwind__hourly")
    run = platform.instance.create_run_for_job(job, tags={"dagster/partition": day(0)})
    execute_run(InMemoryJob(job), run, platform.instance)

    partitions = {item.asset_key.path[-1]: item.partition for item in platform.materializations(run)}
    assert partitions == {"memberships": day(0), "credit_memos": day(0), "membership_status_changes": None}


def test_selecting_one_extract_runs_only_that_one(platform: Platform) -> None:
    run = platform.run(("northwind", "campaign_costs"))

    assert [item.asset_key.path for item in platform.materializations(run)] == [
        ["servicetitan", "northwind", "campaign_costs"]
    ]
    assert {request["path"].rsplit("/", 1)[-1] for request in platform.simulator.requests()} <= {"costs", "token"}


def test_a_refused_resource_fails_at_once_and_leaves_the_others_and_their_checks_standing(platform: Platform) -> None:
    platform.simulator.fault(resource="campaigns", status=400, body='{"title": "No", "traceId": "abc-1"}')

    run = platform.run(("northwind", "campaigns"), ("northwind", "technicians"), ("northwind", "campaign_costs"))

    assert run.status is dg.DagsterRunStatus.FAILURE
    assert {item.asset_key.path[-1] for item in platform.materializations(run)} == {"technicians", "campaign_costs"}
    assert {resource for resource, _ in platform.checks(run)} == {"technicians", "campaign_costs"}
    [failure] = platform.events(run, DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert set(told.metadata) >= {"what", "where", "fix", "tenant", "resource"}
    assert told.description.startswith(told.metadata["what"].value)
    assert len(platform.simulator.requests("campaigns")) == 1


@pytest.mark.parametrize(("status", "retries"), [(401, 0), (400, 1)])
def test_only_what_may_pass_by_itself_is_tried_again(platform: Platform, status: int, retries: int) -> None:
    platform.simulator.fault(resource="campaigns", status=status, body='{"title": "No"}')
    tenant, resource = platform.simulator.tenant, CATALOG["campaigns"]
    asset = extract_asset(tenant, resource, retry_policy=dg.RetryPolicy(max_retries=1))
    supplied = {"warehouse": WarehouseResource(url=dg.EnvVar("DATABASE_URL")), "tenants": TenantsResource()}

    result = dg.materialize([asset], resources=supplied, instance=platform.instance, raise_on_error=False)

    assert not result.success
    assert len(result.filter_events(lambda event: event.is_step_restarted)) == retries


def test_bad_credentials_of_one_tenant_stop_only_that_tenant(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(few_days(platform.simulator.tenants_toml()).replace("sim-sunbelt-secret", "guessed"), "utf-8")
    monkeypatch.setenv("ST_TENANTS_FILE", str(file))

    run = platform.run(("northwind", "technicians"), ("sunbelt", "technicians"))

    assert [item.asset_key.path[1] for item in platform.materializations(run)] == ["northwind"]
    [failure] = platform.events(run, DagsterEventType.STEP_FAILURE)
    assert "sunbelt" in failure.step_key
    assert "guessed" not in str(failure.step_failure_data)


def requests_of_a_retry(platform: Platform) -> tuple[int, int, set[str]]:
    """Requests of a retry after a failure on the third page, requests of a new run, and the ledger's generations."""
    platform.simulator.options(feed_page_size=20)
    platform.simulator.fault(resource="customers", after=2, status=400, body='{"title": "No"}')
    path, days = ("northwind", "customers"), (FIRST_DAY, day(1))
    failed = platform.run(path, days=days)
    assert failed.status is dg.DagsterRunStatus.FAILURE
    platform.simulator.clear_faults()
    counts = []
    for retry_of in (failed.run_id, ""):
        platform.simulator.clear_requests()
        assert platform.run(path, days=days, retry_of=retry_of).is_success
        counts.append(len(platform.simulator.requests("customers")))
    generations = {lane["generation"] for lane in platform.bench.lanes("customers")}
    assert failed.run_id in generations
    return counts[0], counts[1], generations


def test_a_retry_resumes_and_a_new_run_reads_again(platform: Platform) -> None:
    retry, fresh, generations = requests_of_a_retry(platform)

    assert retry <= fresh - 2
    assert len(generations) == 2


def test_a_retry_that_is_its_own_request_would_read_everything_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant that the test above must catch."""
    monkeypatch.setattr(extracts, "generation_of", lambda run, find_run: run.run_id)

    retry, fresh, generations = requests_of_a_retry(platform)

    assert retry == fresh
    assert len(generations) == 3


def test_runs_of_one_backfill_are_one_request(platform: Platform) -> None:
    platform.run(("northwind", "payments"), days=(FIRST_DAY, day(1)), **{"dagster/backfill": "abc"})

    assert {lane["generation"] for lane in platform.bench.lanes("payments")} == {"abc"}


def test_what_is_not_granted_is_neither_failed_nor_empty_and_the_rest_goes_on(platform: Platform) -> None:
    scopes = sorted({entry.scope for entry in CATALOG.values()} - {CATALOG["campaigns"].scope})
    platform.run(("northwind", "campaigns"))
    rows = platform.bench.rows("campaigns")
    assert rows
    platform.simulator.scopes(scopes)
    platform.simulator.revoke_tokens()
    platform.simulator.clear_requests()

    run = platform.run(("northwind", "campaigns"), ("northwind", "technicians"))

    assert run.is_success
    assert [item.asset_key.path[-1] for item in platform.materializations(run)] == ["technicians"]
    [observed] = platform.events(run, DagsterEventType.ASSET_OBSERVATION)
    said = observed.asset_observation_data.asset_observation
    assert said.asset_key.path[-1] == "campaigns"
    assert said.metadata["granted"].value is False
    assert said.metadata["missing scope"].value == CATALOG["campaigns"].scope
    assert platform.simulator.requests("campaigns") == []
    assert platform.bench.rows("campaigns") == rows
    for check in platform.judge("northwind", "campaigns").values():
        assert check.passed
    assert "Not granted" in platform.judge("northwind", "campaigns")["freshness"].description


def test_the_next_definitions_know_what_is_not_granted(platform: Platform, database_url: str) -> None:
    platform.simulator.scopes(["tn.stt.technicians:r"])
    platform.simulator.revoke_tokens()
    platform.run(("northwind", "campaigns"), ("northwind", "technicians"))

    assert read_grants(database_url) == {(1001, "campaigns"): False, (1001, "technicians"): True}


def test_a_broken_row_is_visible_as_a_failed_check_and_nothing_else_stops(platform: Platform) -> None:
    platform.simulator.fault(resource="technicians", rows=[{"row": 0, "raw": {"modifiedOn": '"yesterday"'}}])

    run = platform.run(("northwind", "technicians"))

    assert run.is_success
    check = platform.checks(run)["technicians", "quarantine"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert check.metadata["rows in quarantine"].value == 1
    assert platform.materializations(run)[0].metadata["rows quarantined"].value == 1


def test_checks_judge_from_the_ledger_without_reading_anything(platform: Platform) -> None:
    platform.run(("northwind", "jobs"), days=(FIRST_DAY, day(3)))
    platform.run(("northwind", "jobs"), days=day(0))
    platform.simulator.clear_requests()

    def judged(at: datetime) -> dict[str, Any]:
        with time_machine.travel(at, tick=True):
            return platform.judge("northwind", "jobs")

    now, later = judged(NOW + timedelta(minutes=2)), judged(NOW + timedelta(minutes=45))

    assert now["freshness"].passed
    assert not later["freshness"].passed
    assert later["freshness"].severity is dg.AssetCheckSeverity.WARN
    assert judged(NOW + timedelta(hours=3))["freshness"].severity is dg.AssetCheckSeverity.ERROR
    assert not now["certificate"].passed
    assert f"{day(2)} to {day(1)}" in now["certificate"].description
    assert platform.simulator.requests() == []


def test_a_backfill_of_old_days_does_not_make_a_dead_feed_fresh(platform: Platform) -> None:
    run = platform.run(("northwind", "invoices"), days=(FIRST_DAY, day(5)))

    assert run.is_success
    check = platform.checks(run)["invoices", "freshness"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR


def test_complete_days_and_a_present_that_was_reached_are_good(platform: Platform) -> None:
    run = platform.run(("northwind", "invoice_items"), days=(FIRST_DAY, day(0)))

    assert platform.checks(run)["invoice_items", "certificate"].passed
    assert platform.checks(run)["invoice_items", "freshness"].passed


def test_no_secret_reaches_dagsters_storage(platform: Platform) -> None:
    run = platform.run(("northwind", "technicians"), ("sunbelt", "technicians"))

    assert run.is_success
    stored = "".join(
        str(record.event_log_entry) for record in platform.instance.get_records_for_run(run.run_id).records
    )
    assert "northwind" in stored
    for secret in ("sim-northwind-secret", "sim-app-key", platform.bench.database.url.split(":")[2].split("@")[0]):
        assert secret not in stored

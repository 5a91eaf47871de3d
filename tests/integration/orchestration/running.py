"""Both simulated tenants, a warehouse and Dagster over them: what tests of extracts and of reconciliation run on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import time_machine
from dagster import AssetKey, DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from st_platform.orchestration.assets.extracts import extract_asset
from st_platform.orchestration.assets.reconciliation import reconciliation_asset
from st_platform.orchestration.checks.extracts import extract_checks
from st_platform.orchestration.jobs import extract_jobs, reconciliation_job
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.servicetitan.catalog import CATALOG
from tests.simulated import NOW, Simulator
from tests.syncing import Bench

if TYPE_CHECKING:
    from st_platform.simulator import SimulatorServer

TODAY = NOW.date()
FIRST_DAY = (TODAY - timedelta(days=9)).isoformat()
FEW = [
    CATALOG[name]
    for name in (
        *("customers", "locations", "jobs", "invoices", "invoice_items", "payments"),
        *("memberships", "credit_memos", "membership_status_changes"),
        *("technicians", "campaigns", "campaign_costs", "attributed_leads"),
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

"""Jobs: what may be started together.

One per tenant and cadence, holding extracts and their checks only: tenants never wait for each other, and a failed
mart never stands in an extract's way. Days and undated resources may share a job, because all extracts of a tenant
that have days have the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

from st_platform.orchestration.checks.extracts import RECONCILED
from st_platform.orchestration.naming import (
    MARTS_JOB,
    TENANT_TAG,
    checks_job,
    close_day_job,
    extract_job,
    extract_key,
    reconcile_job,
    reconciliation_key,
)
from st_platform.servicetitan.catalog import Cadence, LoadMode, Resource

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

Job: TypeAlias = "UnresolvedAssetJobDefinition"

PRIORITY = "dagster/priority"


def extract_jobs(tenant: str, resources: Iterable[Resource]) -> list[Job]:
    """The jobs of one tenant: one per cadence that has resources, and the nightly one."""
    entries = list(resources)
    jobs: list[Job] = []
    for cadence in Cadence:
        chosen = [entry for entry in entries if entry.cadence is cadence]
        if chosen:
            description = f"Reads what changed in the {cadence.value} resources of {tenant}: today's day, and tails."
            jobs.append(_job(extract_job(tenant, cadence), tenant, chosen, description, priority=_PRIORITIES[cadence]))
    dated = [entry for entry in entries if entry.load_mode is LoadMode.DATED]
    if dated:
        description = f"Completes yesterday for {tenant}, once the API shows all of its changes."
        jobs.append(_job(close_day_job(tenant), tenant, dated, description, priority=5))
    return jobs


def extract_checks_job(tenant: str, checks: Iterable[dg.AssetChecksDefinition]) -> Job:
    """Every check of every extract of a tenant, without reading anything: how a feed that stopped is noticed."""
    keys = [key for definition in checks for key in definition.check_keys]
    return dg.define_asset_job(
        checks_job(tenant),
        selection=dg.AssetSelection.checks(*keys),
        description=f"Judges freshness, completeness, quarantine and reconciliation of {tenant} from the ledger alone.",
        tags={TENANT_TAG: tenant, PRIORITY: "20"},
    )


def reconciliation_job(tenant: str, checks: Iterable[dg.AssetChecksDefinition]) -> Job:
    """The tenant's reconciliation, and afterwards the check of each extract that says what came of it."""
    keys = [key for definition in checks for key in definition.check_keys if key.name == RECONCILED]
    reconciliation = dg.AssetSelection.assets(dg.AssetKey(reconciliation_key(tenant)))
    return dg.define_asset_job(
        reconcile_job(tenant),
        selection=reconciliation | dg.AssetSelection.checks(*keys),
        description=f"Compares {tenant}'s extracts with the source by count, or key by key, and heals what differs.",
        tags={TENANT_TAG: tenant, PRIORITY: "3"},
    )


def marts_job(models: dg.AssetsDefinition) -> Job:
    """The whole dbt project, with its tests."""
    return dg.define_asset_job(
        MARTS_JOB, selection=dg.AssetSelection.assets(models), description="Builds and tests every dbt model."
    )


_PRIORITIES = {Cadence.HOT: 10, Cadence.HOURLY: 8, Cadence.DAILY: 2, Cadence.WEEKLY: 1}


def _job(name: str, tenant: str, resources: Iterable[Resource], description: str, *, priority: int) -> Job:
    keys = [dg.AssetKey(extract_key(tenant, resource.name)) for resource in resources]
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*keys),
        description=description,
        tags={TENANT_TAG: tenant, PRIORITY: str(priority)},
    )

"""Everything Dagster loads, put together from the tenants, the catalog and the dbt project. Collects, nothing else."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from st_platform.orchestration.assets.dbt import Translator, dbt_models, on_cadence
from st_platform.orchestration.assets.extracts import extract_assets
from st_platform.orchestration.assets.manifest import dbt_project, dbt_resource, read_manifest, source_descriptions
from st_platform.orchestration.assets.reconciliation import reconciliation_asset
from st_platform.orchestration.checks.extracts import extract_checks
from st_platform.orchestration.grants import read_grants
from st_platform.orchestration.jobs import extract_checks_job, extract_jobs, marts_job, reconciliation_job
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.orchestration.schedules import extract_schedules
from st_platform.orchestration.sensors.alerts import alerts
from st_platform.orchestration.sensors.marts import marts_sensor
from st_platform.servicetitan.catalog import CATALOG
from st_platform.settings import TenantsFileMissing, load_settings, load_tenants


def build() -> dg.Definitions:
    """The definitions for the tenants of the tenants file; without one, the models alone."""
    settings = load_settings()
    try:
        tenants = list(load_tenants(settings).values())
    except TenantsFileMissing as missing:
        warnings.warn(f"no extracts are defined: {missing}", stacklevel=2)
        tenants = []
    resources = list(CATALOG.values())
    project = dbt_project(settings.project / "dbt_project")
    manifest = read_manifest(project)
    running = settings.schedules == "running"
    schedule_status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    sensor_status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    grants = read_grants(settings.database_url)
    extracts = extract_assets(tenants, resources, source_descriptions(manifest), grants)
    reconciliations = [reconciliation_asset(tenant, resources) for tenant in tenants]
    checks, jobs, schedules = [], [], []
    for tenant in tenants:
        tenant_checks = extract_checks(tenant, resources)
        checks += tenant_checks
        jobs += extract_jobs(tenant.name, resources)
        jobs += [extract_checks_job(tenant.name, tenant_checks), reconciliation_job(tenant.name, tenant_checks)]
        schedules += extract_schedules(tenant, resources, status=schedule_status)
    condition = on_cadence(extract.key for extract in extracts)
    models = dbt_models(project, manifest, Translator([tenant.name for tenant in tenants], condition))
    return dg.Definitions(
        assets=[*extracts, *reconciliations, models],
        asset_checks=checks,
        jobs=[*jobs, marts_job(models)],
        schedules=schedules,
        sensors=[alerts, marts_sensor(dg.AssetSelection.assets(models), status=sensor_status)],
        resources={
            "warehouse": WarehouseResource(url=dg.EnvVar("DATABASE_URL")),
            "tenants": TenantsResource(),
            "dbt": dbt_resource(project),
        },
        executor=dg.in_process_executor,
    )


@contextmanager
def _all_of_it_stays() -> Generator[None]:
    """No search for garbage in what is made meanwhile, nor ever after: it lasts as long as the process.

    With hundreds of assets the searches took a third of the time that it takes to load them.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


with _all_of_it_stays():
    defs = build()

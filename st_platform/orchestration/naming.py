"""What things are called in Dagster: asset keys, groups, jobs, partitions.

Plain strings from plain values. Knows no Dagster, so that the command line can name an asset without loading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from st_platform.servicetitan.catalog import Cadence, Resource

SOURCE = "servicetitan"
"""First part of every extract's key, and the schema its table lives in."""

TENANT_TAG = "tenant"
"""Run tag that the queue's limit per tenant counts."""

CODE_LOCATION = "st_platform"
REPOSITORY = "__repository__"

MARTS_JOB = "dbt_build"

ON_CADENCE_TAG = "marts/on_cadence"
"""Run tag of builds that the models' conditions asked for: what is above them is as new as it has to be."""

RECONCILIATION = "reconciliation"
"""Last part of the key of what compares a tenant's extracts with the source."""

GRANTED_TAG = "servicetitan/granted"
"""Asset tag: `yes` or `no`, and absent while nobody has asked."""

AREAS: Mapping[str, str] = MappingProxyType(
    {
        "crm": "customers",
        "telecom": "customers",
        "job_booking": "customers",
        "jpm": "jobs",
        "dispatch": "jobs",
        "customer_interactions": "jobs",
        "equipment_systems": "jobs",
        "settings": "company",
        "marketing_ads": "marketing",
        "pricebook": "purchasing",
        "inventory": "purchasing",
    }
)
"""What people look for, by the module of ServiceTitan that holds it; a module that is not here is its own area."""

AssetPath = tuple[str, ...]


def extract_key(tenant: str, resource: str) -> AssetPath:
    """Key of one extract, e.g. `("servicetitan", "acme", "jobs")`."""
    return (SOURCE, tenant, resource)


def extract_group(tenant: str, resource: Resource) -> str:
    """The group of an extract, e.g. `acme__jobs`: few enough per tenant to be read at a glance."""
    return f"{tenant}__{AREAS.get(resource.module, resource.module)}"


def reconciliation_key(tenant: str) -> AssetPath:
    """Key of the asset that compares a tenant's extracts with the source."""
    return (SOURCE, tenant, RECONCILIATION)


def platform_group(tenant: str) -> str:
    """The group of what the platform does for itself."""
    return f"{tenant}__platform"


def table_name(resource: Resource) -> str:
    return f"{SOURCE}.{resource.name}"


def extract_job(tenant: str, cadence: Cadence) -> str:
    return f"{tenant}__{cadence.value}"


def close_day_job(tenant: str) -> str:
    """The nightly job that completes yesterday's windows."""
    return f"{tenant}__close_day"


def reconcile_job(tenant: str) -> str:
    """The job that compares a tenant's extracts with the source; also the name of its daily schedule."""
    return f"{tenant}__reconcile"


def reconcile_keys_schedule(tenant: str) -> str:
    """The weekly schedule of the same job, which compares key by key."""
    return f"{tenant}__reconcile_keys"


def checks_job(tenant: str) -> str:
    """The job that judges every extract of the tenant without reading anything."""
    return f"{tenant}__checks"


def partition_key(day: date) -> str:
    """The date partition of a UTC day, e.g. `2026-07-01`."""
    return day.isoformat()


def day_of(key: str) -> date:
    return date.fromisoformat(key)


def path_text(path: AssetPath) -> str:
    """How people write a key: `servicetitan/acme/jobs`."""
    return "/".join(path)


def asset_url(dagster_url: str, path: AssetPath) -> str:
    return f"{dagster_url.rstrip('/')}/assets/{path_text(path)}"


def check_url(dagster_url: str, path: AssetPath, check: str) -> str:
    return f"{asset_url(dagster_url, path)}?view=checks&checkDetail={check}"


def run_url(dagster_url: str, run_id: str) -> str:
    return f"{dagster_url.rstrip('/')}/runs/{run_id}"


def backfill_url(dagster_url: str, backfill_id: str) -> str:
    return f"{dagster_url.rstrip('/')}/runs/b/{backfill_id}"

"""What things are called in Dagster: asset keys, groups, jobs, partitions.

Plain strings from plain values. Knows no Dagster, so that the command line can name an asset without loading it.
"""

from __future__ import annotations

from datetime import date

from st_platform.servicetitan.catalog import Cadence, Resource

SOURCE = "servicetitan"
"""First part of every extract's key, and the schema its table lives in."""

TENANT_TAG = "tenant"
"""Run tag that the queue's limit per tenant counts."""

CODE_LOCATION = "st_platform"
REPOSITORY = "__repository__"

MARTS_JOB = "dbt_build"

AssetPath = tuple[str, ...]


def extract_key(tenant: str, resource: str) -> AssetPath:
    """Key of one extract, e.g. `("servicetitan", "acme", "jobs")`."""
    return (SOURCE, tenant, resource)


def extract_group(tenant: str, resource: Resource) -> str:
    return f"{tenant}__{resource.module}"


def table_name(resource: Resource) -> str:
    return f"{SOURCE}.{resource.name}"


def extract_job(tenant: str, cadence: Cadence) -> str:
    return f"{tenant}__{cadence.value}"


def close_day_job(tenant: str) -> str:
    """The nightly job that completes yesterday's windows."""
    return f"{tenant}__close_day"


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

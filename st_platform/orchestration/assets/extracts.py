"""One asset per tenant and resource, with everything the catalog knows about it.

Turns a run (a day, a range of days, or no partition at all) into one request to the ingest, and its report into
metadata, a data version or a failure that says what to do. How rows are read and landed is none of its business.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import dagster as dg

from st_platform.ingest.sync import SyncReport, SyncRequest, sync
from st_platform.orchestration.naming import extract_group, extract_key, table_name
from st_platform.orchestration.partitions import day_partitions, generation_of, window_of_keys
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.servicetitan.catalog import Cadence, LoadMode, Resource
from st_platform.servicetitan.errors import AuthenticationFailed, NotGranted
from st_platform.servicetitan.tenant import Tenant
from st_platform.tenants_file import SettingsError
from st_platform.warehouse.tenants import register

POOL_PREFIX = "servicetitan_"
"""One pool per tenant limits its runs, also those of a backfill started in the UI, which carry no tenant tag."""

RETRY = dg.RetryPolicy(max_retries=1, delay=30)
"""Once more, for what passes by itself. The client has already been patient with the API; the ledger resumes."""

_MORE_DAYS_THAN_THERE_ARE = 100_000

NOT_WORTH_A_RETRY = (AuthenticationFailed, NotGranted, SettingsError)
"""Refusals that stay until a person changes something."""


def one_run(tenant: Tenant) -> dg.BackfillPolicy:
    """A backfill of any stretch of days is one run, and never the same run as another tenant's.

    Dagster puts assets of equal partitions and policy into one run, where a slow tenant would hold up the others. The
    limit is one that no stretch of days reaches, and different for each tenant.
    """
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=_MORE_DAYS_THAN_THERE_ARE + tenant.tenant_id)


class ExtractConfig(dg.Config):
    """What a person may ask of a single run in the launchpad."""

    refresh: bool = False
    """Read again from the beginning of the window, or of the resource if it has no windows."""
    include_recent: bool = False
    """Also read rows that the feed still holds back because they changed within the last minutes."""


def extract_assets(
    tenants: Iterable[Tenant], resources: Iterable[Resource], descriptions: Mapping[str, Mapping[str, str]]
) -> list[dg.AssetsDefinition]:
    """The extracts of all tenants; `descriptions` of columns by resource and column."""
    known = [(resource, resource_metadata(resource, descriptions.get(resource.name, {}))) for resource in resources]
    with warnings.catch_warnings():
        # Runs over a range are a beta feature; a warning per asset says nothing that was not decided.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [extract_asset(tenant, resource, metadata) for tenant in tenants for resource, metadata in known]


def extract_asset(
    tenant: Tenant,
    resource: Resource,
    metadata: Mapping[str, Any] = MappingProxyType({}),
    *,
    retry_policy: dg.RetryPolicy | None = RETRY,
) -> dg.AssetsDefinition:
    """The extract of one resource of one tenant. Only the tenant's name and start date are kept in it."""
    name, partitioned = tenant.name, resource.is_dated

    @dg.asset(
        key=extract_key(name, resource.name),
        description=_description(tenant, resource),
        group_name=extract_group(name, resource),
        owners=[resource.owner],
        kinds={"servicetitan", "postgres"},
        tags=_tags(tenant, resource),
        metadata=metadata,
        partitions_def=day_partitions(tenant.start_date) if partitioned else None,
        backfill_policy=one_run(tenant) if partitioned else None,
        freshness_policy=_freshness(resource.cadence),
        retry_policy=retry_policy,
        pool=f"{POOL_PREFIX}{name}",
    )
    def extract(
        context: dg.AssetExecutionContext,
        config: ExtractConfig,
        warehouse: WarehouseResource,
        tenants: TenantsResource,
    ) -> dg.MaterializeResult:
        with explained(resource, name):
            current = tenants.tenant(name)
            request = SyncRequest(
                tenant=current,
                resource=resource,
                window=window_of_keys(current, context.partition_keys) if partitioned else None,
                generation=generation_of(context.run, context.instance.get_run_by_id),
                run_id=context.run.run_id,
                refresh=config.refresh,
                include_recent=config.include_recent,
            )
            with warehouse.database.connection() as connection:
                register(connection, [current])
            with tenants.connect(current, warehouse.database) as client:
                report = sync(request, client=client, database=warehouse.database)
        for note in report.notes:
            context.log.warning(note)
        return dg.MaterializeResult(
            metadata=report_metadata(report), data_version=dg.DataVersion(str(report.data_version))
        )

    return extract


@contextmanager
def explained(resource: Resource, tenant: str) -> Iterator[None]:
    """Turn an error of the floors below into a failure whose first line is what, where and what to do.

    Errors that do not say these three are defects of ours and pass unchanged, with their traceback.
    """
    try:
        yield
    except Exception as error:
        parts = _parts(error)
        if parts is None:
            raise
        what, where, fix = parts
        raise dg.Failure(
            description=f"{what} ({where}). {fix}",
            metadata={
                "what": what,
                "where": where,
                "fix": fix,
                "tenant": tenant,
                "resource": resource.name,
                **({"trace_id": trace} if (trace := getattr(error, "trace_id", None)) else {}),
            },
            allow_retries=not isinstance(error, NOT_WORTH_A_RETRY),
        ) from error


def report_metadata(report: SyncReport) -> Mapping[str, Any]:
    """What a materialization shows. In a run over a range it stands on every day of it and counts the whole range."""
    metadata: dict[str, Any] = {
        "rows received": report.received,
        "rows inserted": report.inserted,
        "rows updated": report.updated,
        "rows unchanged": report.unchanged,
        "rows quarantined": report.quarantined,
        "rows deleted": report.deleted,
        "window": str(report.window) if report.window else "everything since the last read",
        "certificate": report.certificate.value,
        "pages": report.pages,
        "calls": report.calls,
        "lanes": report.lanes,
        "lanes skipped": report.lanes_skipped,
        "seconds": round(report.seconds, 3),
    }
    if report.drift:
        metadata["drift"] = dg.MetadataValue.md("\n".join(f"* `{notice}`" for notice in report.drift))
    if report.notes:
        metadata["notes"] = dg.MetadataValue.md("\n".join(f"* {note}" for note in report.notes))
    return metadata


def _parts(error: Exception) -> tuple[str, str, str] | None:
    if isinstance(error, SettingsError):
        first, others = error.problems[0], len(error.problems) - 1
        return (first.what, first.where, f"{first.fix} ({others} more problems.)" if others else first.fix)
    found = [getattr(error, part, None) for part in ("what", "where", "fix")]
    return (str(found[0]), str(found[1]), str(found[2])) if all(found) else None


def _freshness(cadence: Cadence) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(fail_window=cadence.fail_after, warn_window=cadence.warn_after)


def _tags(tenant: Tenant, resource: Resource) -> dict[str, str]:
    return {
        "tenant": tenant.name,
        "module": resource.module,
        "resource": resource.name,
        "cadence": resource.cadence.value,
        "load_mode": resource.load_mode.value,
    }


_READS = {
    LoadMode.DATED: "A date partition holds what changed on that UTC day; the first one reaches back to the beginning.",
    LoadMode.TAIL: "Not partitioned: each run reads what changed since the last one.",
    LoadMode.SNAPSHOT: "Not partitioned: each run reads everything, and marks what is gone.",
}


def _description(tenant: Tenant, resource: Resource) -> str:
    return f"{resource.description}\n\nTenant **{tenant.name}**. {_READS[resource.load_mode]}"


def resource_metadata(resource: Resource, descriptions: Mapping[str, str]) -> Mapping[str, Any]:
    """What is the same for every tenant: table, columns (with `descriptions` where the catalog has none), API."""
    endpoint = resource.feed or resource.list
    assert endpoint is not None
    return {
        "dagster/table_name": table_name(resource),
        "dagster/column_schema": _table_schema(resource, descriptions),
        "endpoint": dg.MetadataValue.text(f"GET {endpoint.path}"),
        "scope": resource.scope,
        "API reference": dg.MetadataValue.url(resource.docs_url),
    }


_OWN_COLUMNS = (
    ("_fetched_at", "timestamptz", "When the row was last read from the API."),
    ("_fetch_seq", "bigint", "Order of the request that last showed the row."),
    ("_changed_at", "timestamptz", "When the row's contents last changed here."),
    ("_deleted_at", "timestamptz", "When the row was found to be gone from ServiceTitan; null while it exists."),
    ("_extra", "jsonb", "Fields the API sent that the record does not know yet."),
)


def _table_schema(resource: Resource, descriptions: Mapping[str, str]) -> dg.TableSchema:
    key = {"tenant_id", *resource.key}
    columns = [("tenant_id", "bigint", "The tenant the row belongs to.")]
    columns += [
        (column.name, column.sql_type, descriptions.get(column.name) or f"`{column.api_name}` in the API.")
        for column in resource.columns
    ]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, sql_type, description, dg.TableColumnConstraints(nullable=name not in key))
            for name, sql_type, description in (*columns, *_OWN_COLUMNS)
        ],
        constraints=dg.TableConstraints(other=[f"primary key (tenant_id, {', '.join(resource.key)})"]),
    )

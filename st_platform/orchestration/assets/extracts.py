"""One asset per tenant and resource, with everything the catalog knows about it.

Turns a run (a day, a range of days, or no partition at all) into one request to the ingest, and its report into
metadata, a data version or a failure that says what to do. How rows are read and landed is none of its business.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg

from st_platform.ingest.sync import Certificate, SyncReport, SyncRequest, sync
from st_platform.orchestration.assets.explaining import explained
from st_platform.orchestration.grants import GRANT, Grants, not_granted
from st_platform.orchestration.naming import GRANTED_TAG, extract_group, extract_key, table_name
from st_platform.orchestration.partitions import day_partitions, generation_of, window_of_keys
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.orchestration.wording import deletion_signal
from st_platform.servicetitan.catalog import Cadence, LoadMode, Resource
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.tenants import register

POOL_PREFIX = "servicetitan_"
"""One pool per tenant limits its runs, also those of a backfill started in the UI, which carry no tenant tag."""

RETRY = dg.RetryPolicy(max_retries=1, delay=30)
"""Once more, for what passes by itself. The client has already been patient with the API; the ledger resumes."""

_MORE_DAYS_THAN_THERE_ARE = 100_000


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
    tenants: Iterable[Tenant],
    resources: Iterable[Resource],
    descriptions: Mapping[str, Mapping[str, str]],
    grants: Grants = MappingProxyType({}),
) -> list[dg.AssetsDefinition]:
    """The extracts of all tenants; `descriptions` of columns by resource and column, `grants` as far as known."""
    known = [(resource, resource_metadata(resource, descriptions.get(resource.name, {}))) for resource in resources]
    with warnings.catch_warnings():
        # Runs over a range are a beta feature; a warning per asset says nothing that was not decided.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [
            extract_asset(tenant, resource, metadata, granted=grants.get((tenant.tenant_id, resource.name)))
            for tenant in tenants
            for resource, metadata in known
        ]


def extract_asset(
    tenant: Tenant,
    resource: Resource,
    metadata: Mapping[str, Any] = MappingProxyType({}),
    *,
    granted: bool | None = None,
    retry_policy: dg.RetryPolicy | None = RETRY,
) -> dg.AssetsDefinition:
    """The extract of one resource of one tenant. Only the tenant's name and start date are kept in it.

    A resource whose scope is not granted is neither late nor failed: its run leaves an observation that says so
    and no materialization, and while that is known no freshness is asked of it.
    """
    name, partitioned = tenant.name, resource.is_dated
    key = dg.AssetKey(extract_key(name, resource.name))
    spec = dg.AssetSpec(
        key,
        description=_description(tenant, resource, granted),
        group_name=extract_group(name, resource),
        owners=[resource.owner],
        kinds={"postgres"},
        tags=_tags(tenant, resource, granted),
        metadata=metadata,
        freshness_policy=None if granted is False else _freshness(resource.cadence),
        skippable=True,
    )

    @dg.multi_asset(
        name="__".join(key.path),
        specs=[spec],
        partitions_def=day_partitions(tenant.start_date) if partitioned else None,
        backfill_policy=one_run(tenant) if partitioned else None,
        retry_policy=retry_policy,
        pool=pool_of(name),
    )
    def extract(
        context: dg.AssetExecutionContext,
        config: ExtractConfig,
        warehouse: WarehouseResource,
        tenants: TenantsResource,
    ) -> Iterator[dg.MaterializeResult | dg.AssetObservation]:
        with explained(name, resource.name):
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
        if report.certificate is Certificate.NOT_GRANTED:
            yield dg.AssetObservation(key, description=not_granted(resource), metadata=_missing_scope(resource))
        else:
            version = dg.DataVersion(str(report.data_version))
            yield dg.MaterializeResult(metadata=report_metadata(report), data_version=version)

    return extract


def pool_of(tenant: str) -> str:
    """The pool that all reads of a tenant's API share."""
    return f"{POOL_PREFIX}{tenant}"


def _missing_scope(resource: Resource) -> Mapping[str, Any]:
    return {"granted": False, "missing scope": resource.scope, "fix": GRANT}


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


def _freshness(cadence: Cadence) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(fail_window=cadence.fail_after, warn_window=cadence.warn_after)


def _tags(tenant: Tenant, resource: Resource, granted: bool | None) -> dict[str, str]:
    known = {} if granted is None else {GRANTED_TAG: "yes" if granted else "no"}
    return known | {
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
    LoadMode.WINDOW: "A date partition holds the rows of that UTC day; it is read again while they still change.",
}


def _description(tenant: Tenant, resource: Resource, granted: bool | None) -> str:
    known = f"\n\n**{not_granted(resource)}**" if granted is False else ""
    return f"{resource.description}\n\nTenant {tenant.name}. {_READS[resource.load_mode]}{known}"


def resource_metadata(resource: Resource, descriptions: Mapping[str, str]) -> Mapping[str, Any]:
    """What is the same for every tenant: table, columns (with `descriptions` where the catalog has none), API."""
    endpoint = resource.feed or resource.list or resource.window
    assert endpoint is not None
    return {
        "dagster/table_name": table_name(resource),
        "dagster/column_schema": _table_schema(resource, descriptions),
        "endpoint": dg.MetadataValue.text(f"GET {endpoint.path}"),
        "scope": resource.scope,
        "removed rows": deletion_signal(resource),
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

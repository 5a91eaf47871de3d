"""One asset per tenant that compares its extracts with the source, heals what differs, and shows what came of it.

Decides what is compared in a run and what a materialization says; comparing is the ingest floor's business, and the
check `reconciled` of each extract judges from the history that it leaves.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import dagster as dg
import psycopg
from pydantic import Field

from st_platform.ingest.errors import IngestError, WindowBusy
from st_platform.ingest.reconcile import Method, ReconcileReport, reconcile
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.ingest.windows import utc_day
from st_platform.orchestration.assets.explaining import explained, parts_of
from st_platform.orchestration.assets.extracts import pool_of
from st_platform.orchestration.naming import platform_group, reconciliation_key
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.orchestration.wording import outcome_of
from st_platform.servicetitan.catalog import CATALOG, Cadence, LoadMode, Resource
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.errors import AuthenticationFailed, ServiceTitanError, Unreachable
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import DatabaseUnavailable, WarehouseError
from st_platform.warehouse.tenants import register

OWNER = "team:data-platform"

_RUNS_SHOWN = 10

_STOPS_ALL = (AuthenticationFailed, Unreachable, DatabaseUnavailable)
"""What befalls every resource alike, and is waited for at length each time."""


class ReconcileConfig(dg.Config):
    """What a person may ask of a single run in the launchpad."""

    deep: bool = False
    """Compare keys and versions also where the counts agree."""
    resources: list[str] = Field(default_factory=list)
    """Only these; empty for all."""


def deep_reconciliation(tenant: str) -> Mapping[str, Any]:
    """The run config that compares key by key."""
    return {"ops": {_op(tenant): {"config": {"deep": True}}}}


def reconciliation_asset(tenant: Tenant, resources: Iterable[Resource]) -> dg.AssetsDefinition:
    """The reconciliation of one tenant. Only the tenant's name is kept in it."""
    name, entries = tenant.name, list(resources)
    key = dg.AssetKey(reconciliation_key(name))
    limits = Cadence.DAILY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        spec = dg.AssetSpec(
            key,
            description=_DESCRIPTION.format(tenant=name, number=len(entries)),
            group_name=platform_group(name),
            owners=[OWNER],
            kinds={"postgres"},
            tags={"tenant": name, "cadence": limits.value},
            freshness_policy=dg.FreshnessPolicy.time_window(
                fail_window=limits.fail_after, warn_window=limits.warn_after
            ),
        )

    @dg.multi_asset(name=_op(name), specs=[spec], pool=pool_of(name))
    def compare(
        context: dg.AssetExecutionContext,
        config: ReconcileConfig,
        warehouse: WarehouseResource,
        tenants: TenantsResource,
    ) -> Iterator[dg.MaterializeResult]:
        chosen = [CATALOG[resource] for resource in config.resources] if config.resources else entries
        with explained(name):
            current = tenants.tenant(name)
            with warehouse.database.connection() as connection:
                register(connection, [current])
            reports: list[ReconcileReport] = []
            failures: dict[str, Exception] = {}
            with tenants.connect(current, warehouse.database) as client:
                for resource in chosen:
                    try:
                        catch_up(current, resource, client, warehouse.database, context.run.run_id)
                        report = reconcile(
                            current,
                            resource,
                            client=client,
                            database=warehouse.database,
                            deep=config.deep,
                            run_id=context.run.run_id,
                        )
                    except _STOPS_ALL:
                        raise
                    except (ServiceTitanError, WarehouseError, IngestError) as error:
                        failures[resource.name] = error
                        context.log.error(f"{resource.name}: {error}")
                        continue
                    reports.append(report)
                    if report.note:
                        context.log.info(f"{resource.name}: {report.note}")
        with warehouse.database.connection() as connection:
            history = recent_runs(connection, current.tenant_id)
        metadata = reconciliation_metadata(reports, history, failures)
        if failures:
            raise _failure(failures, metadata)
        yield dg.MaterializeResult(metadata=metadata)

    return compare


def catch_up(
    tenant: Tenant, resource: Resource, client: ServiceTitanClient, database: Database, run_id: str | None
) -> None:
    """Read what changed today, to the last minute: what is merely new must not look like what was missed.

    Where days are read whole or the whole is read each time, there is nothing to catch up with. A read of the same
    that goes on elsewhere does as well as ours.
    """
    if resource.load_mode not in (LoadMode.DATED, LoadMode.TAIL):
        return
    window = utc_day(client.server_now()) if resource.is_dated else None
    request = SyncRequest(tenant, resource, window, run_id, run_id=run_id, include_recent=True)
    with suppress(WindowBusy):
        sync(request, client=client, database=database)


def _op(tenant: str) -> str:
    return "__".join(reconciliation_key(tenant))


_DESCRIPTION = """Compares the {number} extracts of {tenant} with ServiceTitan and heals what differs.

First each is brought up to the minute, so that what is merely new does not look missed. Daily by count: where
`totalCount` of the source equals the living rows, one request settles it. Where it does not, and for all of them
weekly, key by key: missing and stale rows are read again, rows that are gone are marked as deleted, and removals too
large to believe are parked for a person. Each extract's check `reconciled` says what came of it."""


def _failure(failures: Mapping[str, Exception], metadata: Mapping[str, Any]) -> dg.Failure:
    first, error = next(iter(failures.items()))
    what, where, fix = parts_of(error) or (str(error), first, "")
    more = f" {len(failures) - 1} more resources failed as well." if len(failures) > 1 else ""
    return dg.Failure(
        description=f"{first} could not be compared: {what} ({where}). {fix}{more}",
        metadata=metadata,
        allow_retries=False,
    )


def reconciliation_metadata(
    reports: Sequence[ReconcileReport], history: Sequence[Mapping[str, Any]], failures: Mapping[str, Exception]
) -> dict[str, Any]:
    """What a materialization shows: totals to plot, what each resource came to, and the last runs."""
    compared = [report for report in reports if report.granted and report.method is not Method.NONE]
    metadata: dict[str, Any] = {
        "resources compared": len(compared),
        "resources that agree": sum(report.certified for report in compared),
        "resources not granted": sum(not report.granted for report in reports),
        "rows expected": sum(report.source_count or 0 for report in compared),
        "rows observed": sum(report.warehouse_count for report in compared),
        "rows healed": sum(report.healed for report in compared),
        "rows marked as deleted": sum(report.deleted for report in compared),
        "rows parked": sum(report.parked for report in compared),
        "calls": sum(report.calls for report in reports),
        "seconds": round(sum(report.seconds for report in reports), 3),
    }
    worth_a_line = [report for report in reports if not report.certified or _differs(report)]
    if worth_a_line:
        metadata["what differed"] = dg.MetadataValue.md(
            _table(
                ("resource", "outcome"),
                [(report.resource, outcome_of(report)) for report in worth_a_line],
            )
        )
    if history:
        columns = ("at (UTC)", "method", "resources", "agree", "healed", "deleted", "parked", "calls")
        rows = [(f"{run['at']:%Y-%m-%d %H:%M}", *(run[column] for column in columns[1:])) for run in history]
        metadata["last runs"] = dg.MetadataValue.md(_table(columns, rows))
    if failures:
        metadata["could not be compared"] = dg.MetadataValue.md(
            _table(("resource", "why"), [(resource, str(error)) for resource, error in failures.items()])
        )
    return metadata


def _differs(report: ReconcileReport) -> bool:
    return bool(report.missing or report.stale or report.gone or report.parked)


def recent_runs(connection: psycopg.Connection, tenant_id: int) -> list[dict[str, Any]]:
    """The last runs over a tenant's resources, newest first: when, by what, and what came of them in all."""
    columns = ("at", "method", "resources", "agree", "healed", "deleted", "parked", "calls")
    rows = connection.execute(_RECENT, {"tenant": tenant_id, "limit": _RUNS_SHOWN}).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


_RECENT = """
SELECT
    max(at),
    CASE WHEN bool_or(method = 'keys') THEN CASE WHEN bool_or(method = 'count') THEN 'count, keys' ELSE 'keys' END
         ELSE 'count' END,
    count(DISTINCT resource), count(*) FILTER (WHERE certified),
    sum(healed)::bigint, sum(deleted)::bigint, sum(parked)::bigint, sum(calls)::bigint
FROM platform.reconciliations
WHERE tenant_id = %(tenant)s AND run_id IS NOT NULL
GROUP BY run_id
ORDER BY 1 DESC
LIMIT %(limit)s
"""


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [_row(columns), _row(["---"] * len(columns)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_text(cell) for cell in cells) + " |"


def _text(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    return " ".join(str(cell).replace("|", "/").split())

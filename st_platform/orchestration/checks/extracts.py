"""The checks of one extract as Dagster sees them: freshness, certificate, quarantine and reconciled.

One operation per extract evaluates those of the four that are selected from a single statement, so that a failed
extract takes no other extract's checks down with it. None blocks: a late feed is no reason to keep models from what
is there. What is good and what is not is `verdicts`' decision.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import dagster as dg

from st_platform.alerts.message import Severity
from st_platform.ingest.date_windows import stretch_of
from st_platform.ingest.windows import Window
from st_platform.orchestration.checks.health import Health, read_health
from st_platform.orchestration.checks.reconciled import judge_reconciliation
from st_platform.orchestration.checks.verdicts import Verdict, judge_certificate, judge_freshness, judge_quarantine
from st_platform.orchestration.naming import extract_key, reconciliation_key
from st_platform.orchestration.resources import WarehouseResource
from st_platform.servicetitan.catalog import LoadMode, Resource
from st_platform.servicetitan.tenant import Tenant

FRESHNESS = "freshness"
CERTIFICATE = "certificate"
QUARANTINE = "quarantine"
RECONCILED = "reconciled"

_COMPLETE = {
    LoadMode.DATED: "every day from the tenant's first partition to yesterday has a completed window",
    LoadMode.TAIL: "the last read reached its end",
    LoadMode.SNAPSHOT: "the last read proved the whole key set",
    LoadMode.WINDOW: "every day from the tenant's first partition to yesterday was read whole",
}


def extract_checks(tenant: Tenant, resources: Iterable[Resource]) -> list[dg.AssetChecksDefinition]:
    """The checks of one tenant's extracts."""
    return [_checks_of(tenant, resource) for resource in resources]


def _checks_of(tenant: Tenant, resource: Resource) -> dg.AssetChecksDefinition:
    name, tenant_id = tenant.name, tenant.tenant_id
    first_day = tenant.start_date if resource.is_dated else None
    since = _beginning(tenant, resource)
    specs = list(_specs(name, resource))

    @dg.multi_asset_check(name=f"{name}__{resource.name}__checks", specs=specs, can_subset=True)
    def evaluate(context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource) -> Iterable[dg.AssetCheckResult]:
        now = datetime.now(UTC)
        with warehouse.database.connection() as connection:
            health = read_health(connection, tenant_id, resource.name, first_day=first_day, since=since, now=now)
        judges: dict[str, Callable[[Health], Verdict]] = {
            FRESHNESS: lambda health: judge_freshness(health, resource, now),
            CERTIFICATE: lambda health: judge_certificate(health, name, resource, now),
            QUARANTINE: lambda health: judge_quarantine(health, tenant_id, resource),
            RECONCILED: lambda health: judge_reconciliation(health, name, resource, now),
        }
        for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
            yield _result(key, judges[key.name](health))

    return evaluate


def _beginning(tenant: Tenant, resource: Resource) -> datetime | None:
    """Where the history of a resource that is read by date begins; None for all others, which have no beginning."""
    if resource.window is None:
        return None
    return stretch_of(Window(None, None), resource.window, tenant, datetime.now(UTC)).start


def _specs(tenant: str, resource: Resource) -> Iterator[dg.AssetCheckSpec]:
    key = dg.AssetKey(extract_key(tenant, resource.name))
    warn, fail = resource.cadence.warn_after, resource.cadence.fail_after
    descriptions = {
        FRESHNESS: f"The source's present was reached within {warn} (warning) or {fail} (error), by the data itself.",
        CERTIFICATE: f"Proven complete: {_COMPLETE[resource.load_mode]}.",
        QUARANTINE: "Every row that came could be landed.",
        RECONCILED: "The last comparison with the source found the same rows; no removal waits for a person.",
    }
    compared_first = [dg.AssetKey(reconciliation_key(tenant))]
    for name, description in descriptions.items():
        after = compared_first if name == RECONCILED else None
        yield dg.AssetCheckSpec(name, asset=key, description=description, blocking=False, additional_deps=after)


def _result(key: dg.AssetCheckKey, verdict: Verdict) -> dg.AssetCheckResult:
    severe = dg.AssetCheckSeverity.ERROR if verdict.severity is Severity.ERROR else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=verdict.passed,
        severity=severe,
        description=verdict.reason,
        metadata=verdict.facts,
    )

"""`reconcile`: compare resources of a tenant with ServiceTitan and heal what differs, without Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from st_platform.cli.output import CommandFailed, Json, TenantName, error_line, note, print_json, print_table
from st_platform.cli.retries import announce_retries
from st_platform.cli.sync import find_resource, find_tenant

if TYPE_CHECKING:
    from st_platform.ingest.reconcile import ReconcileReport
    from st_platform.servicetitan.catalog import Resource
    from st_platform.servicetitan.tenant import Tenant


def register(app: typer.Typer) -> None:
    app.command()(reconcile)


def reconcile(
    tenant: TenantName,
    resources: Annotated[
        list[str] | None, typer.Argument(metavar="[RESOURCE]...", help="Only these; all of the catalog otherwise.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare keys and versions also where the counts agree.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare with the source by count, and by keys where that differs; read again what is missing or out of date.

    Exit 0 when everything that could be compared agrees now; 1 when something failed or waits for a person.
    """
    from st_platform.servicetitan.catalog import CATALOG

    account = find_tenant(tenant)
    entries = [find_resource(name) for name in resources] if resources else list(CATALOG.values())
    announce_retries()
    reports, failed = _compare(account, entries, deep=deep)
    if as_json:
        print_json(reports)
    else:
        from st_platform.orchestration.wording import outcome_of

        print_table(
            f"{account.name}, compared with the source",
            ("resource", "by", "outcome", "calls"),
            [(report.resource, report.method.value, outcome_of(report), report.calls) for report in reports],
        )
    _conclude(account, reports, failed)


def _compare(account: Tenant, entries: Sequence[Resource], *, deep: bool) -> tuple[list[ReconcileReport], list[str]]:
    """The reports, and the names of the resources that failed; each failure is told at once."""
    from st_platform.ingest.connect import open_client
    from st_platform.ingest.errors import IngestError
    from st_platform.ingest.reconcile import reconcile as compare
    from st_platform.servicetitan.errors import AuthenticationFailed, ServiceTitanError, Unreachable
    from st_platform.settings import database_url, load_settings, load_tenants
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.tenants import register as register_tenants

    settings = load_settings()
    reports: list[ReconcileReport] = []
    failed: list[str] = []
    with Database.prepare(database_url(settings)) as database:
        with database.connection() as connection:
            register_tenants(connection, load_tenants(settings).values())
        with open_client(account, database) as client:
            for entry in entries:
                try:
                    reports.append(compare(account, entry, client=client, database=database, deep=deep))
                except (AuthenticationFailed, Unreachable):
                    raise
                except (ServiceTitanError, IngestError) as error:
                    failed.append(entry.name)
                    error_line(f"{entry.name}: {error}")
    return reports, failed


def _conclude(account: Tenant, reports: Sequence[ReconcileReport], failed: Sequence[str]) -> None:
    """Say what is left to do; raises CommandFailed unless there is nothing."""
    from st_platform.ingest.reconcile import Method

    parked = [report.resource for report in reports if report.parked]
    for name in parked:
        note(
            f"{name}: `st-platform deletes list` shows the parked rows, `deletes accept {name} --tenant {account.name}`"
        )
    open_ = [
        report.resource
        for report in reports
        if report.granted and report.method is not Method.NONE and not report.certified
    ]
    if failed:
        raise CommandFailed(
            f"{len(failed)} of {len(failed) + len(reports)} resources could not be compared: {', '.join(failed)}",
            f"tenant {account.name}",
            "The lines above say why; run it again for these.",
        )
    if parked or open_:
        names = ", ".join(dict.fromkeys([*parked, *open_]))
        fix = "Decide on what is parked, or run it once more with --deep."
        raise CommandFailed(f"source and warehouse do not agree on {names}", f"tenant {account.name}", fix)

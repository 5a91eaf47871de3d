"""`sync`, `ingest-file` and `plan`: one read of one resource without Dagster, and what a first load would cost.

Shows progress on stderr and a summary on stdout. Everything that matters is done by the ingest floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from st_platform.cli.output import (
    CommandFailed,
    Json,
    TenantName,
    UsageProblem,
    duration,
    human_size,
    note,
    print_json,
    print_table,
    stderr,
    stdout,
)
from st_platform.cli.retries import announce_retries
from st_platform.cli.windows import From, To, as_instant, parse_window, reaches_back

if TYPE_CHECKING:
    from st_platform.ingest.plan import LoadEstimate
    from st_platform.ingest.report import PageDone, SyncReport
    from st_platform.ingest.windows import Window
    from st_platform.servicetitan.catalog import Resource
    from st_platform.servicetitan.tenant import Tenant

OUTCOMES = ("received", "inserted", "updated", "unchanged", "quarantined", "deleted")


def register(app: typer.Typer) -> None:
    app.command()(sync)
    app.command("ingest-file")(ingest_file)
    app.command()(plan)


ResourceName = Annotated[str, typer.Argument(metavar="RESOURCE", help="A name that `st-platform resources` lists.")]


def sync(
    resource: ResourceName,
    tenant: TenantName,
    start: From = None,
    end: To = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Read everything afresh instead of continuing where a read stopped.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read one window of one resource into the warehouse.

    Exit 0 only when the window is certified, or caught up for today; 1 when the sync failed; 2 for usage or settings.
    """
    entry, account = find_resource(resource), find_tenant(tenant)
    window = window_for(entry, account, start, end)

    from st_platform.ingest.connect import open_client
    from st_platform.ingest.report import Certificate
    from st_platform.ingest.sync import SyncRequest
    from st_platform.ingest.sync import sync as run_sync
    from st_platform.settings import database_url, load_settings, load_tenants
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.tenants import register as register_tenants

    announce_retries()
    settings = load_settings()
    with Database.prepare(database_url(settings)) as database:
        with database.connection() as connection:
            register_tenants(connection, load_tenants(settings).values())
        with open_client(account, database) as client, _progress(f"{account.name} {entry.name}") as on_page:
            request = SyncRequest(tenant=account, resource=entry, window=window, generation=None, refresh=refresh)
            report = run_sync(request, client=client, database=database, on_page=on_page)
    if report.certificate is Certificate.NOT_GRANTED:
        from st_platform.orchestration.grants import GRANT

        raise CommandFailed(f"{entry.name} is not granted: scope {entry.scope} is missing", account.name, GRANT)
    show_report(report, as_json)
    if report.certificate is Certificate.INCOMPLETE:
        raise CommandFailed(
            f"the read of {entry.name} ended without its certificate",
            f"tenant {account.name}, window {report.window or 'all'}",
            "Run the same command again: it continues at the last committed page.",
        )


def ingest_file(
    resource: ResourceName,
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One row of the API per line.")],
    tenant: TenantName,
    as_json: Json = False,
) -> None:
    """Land saved API rows through the same decode, merge and quarantine as a page of the API."""
    entry, account = find_resource(resource), find_tenant(tenant)
    if not file.is_file():
        raise UsageProblem("there is no such file", str(file), "Give a file with one JSON object per line.")

    from st_platform.ingest.files import ingest_file as land
    from st_platform.settings import database_url, load_settings, load_tenants
    from st_platform.warehouse.database import Database
    from st_platform.warehouse.tenants import register as register_tenants

    settings = load_settings()
    with Database.prepare(database_url(settings)) as database:
        with database.connection() as connection:
            register_tenants(connection, load_tenants(settings).values())
        report = land(entry, account, file, database=database)
    show_report(report, as_json)


def plan(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", "-t", help="Only these tenants.")] = None,
    resource: Annotated[list[str] | None, typer.Argument(metavar="[RESOURCE]...", help="Only these resources.")] = None,
    as_json: Json = False,
) -> None:
    """Estimate calls, time and disk of an initial load from the counts that the API gives."""
    from st_platform.ingest.connect import open_client
    from st_platform.ingest.plan import plan_initial_load
    from st_platform.servicetitan.catalog import CATALOG
    from st_platform.settings import database_url, load_settings, load_tenants
    from st_platform.warehouse.database import Database

    announce_retries()
    accounts = [find_tenant(name) for name in tenant] if tenant else list(load_tenants().values())
    entries = [find_resource(name) for name in resource] if resource else list(CATALOG.values())
    estimates: list[LoadEstimate] = []
    with Database.prepare(database_url(load_settings())) as database:
        for account in accounts:
            with open_client(account, database) as client:
                estimates += plan_initial_load(account, entries, client)
    if as_json:
        print_json(estimates)
        return
    rows = [_estimate_row(estimate) for estimate in estimates]
    print_table(None, ("tenant", "resource", "rows", "calls", "time", "disk", "estimated by"), rows)
    known = [estimate for estimate in estimates if estimate.rows is not None]
    seconds = max((sum(e.seconds or 0 for e in known if e.tenant == account.name) for account in accounts), default=0)
    stdout().print(
        f"in all {sum(e.rows or 0 for e in known):,} rows, {sum(e.calls or 0 for e in known):,} calls,"
        f" {duration(seconds)} with the tenants side by side, {human_size(sum(e.disk or 0 for e in known))}",
        markup=False,
        soft_wrap=True,
    )


def _estimate_row(estimate: LoadEstimate) -> tuple[object, ...]:
    time = None if estimate.seconds is None else duration(estimate.seconds)
    disk = None if estimate.disk is None else human_size(estimate.disk)
    return (estimate.tenant, estimate.resource, estimate.rows, estimate.calls, time, disk, estimate.basis)


def find_resource(name: str) -> Resource:
    from st_platform.servicetitan.catalog import UnknownResource, resource

    try:
        return resource(name)
    except UnknownResource as error:
        raise UsageProblem(str(error), "RESOURCE", "Use a name of the catalog.") from None


def find_tenant(name: str) -> Tenant:
    from st_platform.settings import load_settings, load_tenants

    settings = load_settings()
    tenants = load_tenants(settings)
    if name not in tenants:
        fix = f"It defines {', '.join(tenants)}."
        raise UsageProblem(f"no tenant is called {name!r}", str(settings.tenants_file), fix)
    return tenants[name]


def window_for(resource: Resource, tenant: Tenant, start: str | None, end: str | None) -> Window | None:
    """The window to read; None for a resource that is not read by window.

    A window that starts with the tenant's first partition reaches back to the beginning, as that partition does.

    Raises:
        UsageProblem: a resource with days without a usable window, or with a part of a day where days are whole.
    """
    from st_platform.ingest.windows import Window

    if not resource.is_dated:
        if start or end:
            note(f"{resource.name} is not read by window: --from and --to change nothing.")
        return None
    first, last = parse_window(start, end)
    if resource.window is not None and (isinstance(first, datetime) or isinstance(last, datetime)):
        fix = "Give dates: --from 2026-07-01 --to 2026-07-02."
        raise UsageProblem(f"{resource.name} is read by whole days", "--from, --to", fix)
    if reaches_back(tenant, first):
        note(f"{first} is the first partition of {tenant.name}: it reaches back {_how_far(resource)}.")
        return Window(None, as_instant(last))
    return Window(as_instant(first), as_instant(last))


def _how_far(resource: Resource) -> str:
    history = resource.window.history if resource.window else None
    return f"{history.days} days" if history else "to the beginning"


def show_report(report: SyncReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    rows: list[tuple[str, object]] = [(outcome, getattr(report, outcome)) for outcome in OUTCOMES]
    rows += [("pages", report.pages), ("calls", report.calls), ("lanes", report.lanes)]
    if report.lanes_skipped:
        rows.append(("lanes already done", report.lanes_skipped))
    print_table(f"{report.tenant} {report.resource} {report.window or ''}".rstrip(), ("rows by outcome", "count"), rows)
    seconds = max(report.seconds, 0.001)
    stdout().print(
        f"{report.certificate.value} in {report.seconds:.1f} s, {report.received / seconds:,.0f} rows/s", markup=False
    )
    if report.drift:
        note(f"unknown fields kept in _extra: {', '.join(report.drift)}")
    for line in report.notes:
        note(line)
    if report.quarantined:
        note("quarantined rows are in platform.quarantine, with pointer and reason")


@contextmanager
def _progress(title: str) -> Iterator[Callable[[PageDone], None]]:
    """A line on stderr that counts pages and rows while a sync runs; nothing where nobody watches."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    pages = rows = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True, disable=not stderr().is_terminal) as progress:
        task = progress.add_task(title, total=None)

        def on_page(page: PageDone) -> None:
            nonlocal pages, rows
            pages += 1
            rows += page.rows
            progress.update(task, description=f"{title}: {pages:,} pages, {rows:,} rows")

        yield on_page

"""`backfill`: a real Dagster backfill, launched through GraphQL, with its progress.

What is asked for is checked here; planning the runs is Dagster's, reading the windows the assets'.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from st_platform.cli.output import CommandFailed, Json, TenantName, UsageProblem, note, print_json, stderr, stdout
from st_platform.cli.windows import From, To, parse_window

if TYPE_CHECKING:
    from st_platform.orchestration.graphql import BackfillState, DagsterApi
    from st_platform.orchestration.naming import AssetPath
    from st_platform.servicetitan.catalog import Resource
    from st_platform.servicetitan.tenant import Tenant
    from st_platform.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(backfill)


def backfill(
    resources: Annotated[list[str], typer.Argument(metavar="RESOURCE...", help="Dated resources of the tenant.")],
    tenant: TenantName,
    start: From = None,
    end: To = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress; exit 1 unless all of it succeeds.")] = False,
    as_json: Json = False,
) -> None:
    """Read days again as a Dagster backfill that the UI shows; --to is exclusive."""
    from st_platform.cli.sync import find_resource, find_tenant
    from st_platform.settings import load_settings

    entries, account = [find_resource(name) for name in resources], find_tenant(tenant)
    days = days_of(entries, account, start, end, today=datetime.now(UTC).date())

    from st_platform.orchestration.graphql import DagsterApi
    from st_platform.orchestration.naming import extract_key

    settings = load_settings()
    skipped = _not_granted(settings, account, entries)
    if skipped:
        note(f"not granted when last asked, and skipped unless that has changed: {', '.join(skipped)}")
    with DagsterApi(settings.dagster_url) as dagster:
        paths = [extract_key(account.name, entry.name) for entry in entries]
        backfill_id = dagster.launch_backfill(paths, days=days, title=f"{account.name} {' '.join(resources)}"[:100])
        where = f"{dagster.url}/runs/b/{backfill_id}"
        if not wait:
            if as_json:
                print_json({"backfill_id": backfill_id, "url": where})
            else:
                stdout().print(f"backfill {backfill_id} is launched: {where}", markup=False, soft_wrap=True)
            return
        note(f"backfill {backfill_id}: {where}")
        state = follow(dagster, backfill_id)
        if as_json:
            print_json(state)
        withheld = {extract_key(account.name, name) for name in _not_granted(settings, account, entries)}
        require_success(dagster, state, not_granted=withheld)
        if not as_json:
            stdout().print(summary(state), markup=False, soft_wrap=True)


def _not_granted(settings: Settings, tenant: Tenant, entries: Iterable[Resource]) -> list[str]:
    """The names of those resources that the tenant did not let us read when last asked."""
    from st_platform.cli.database import running_url
    from st_platform.orchestration.grants import read_grants

    known = read_grants(running_url(settings))
    return [entry.name for entry in entries if known.get((tenant.tenant_id, entry.name)) is False]


def days_of(
    resources: Iterable[Resource], tenant: Tenant, start: str | None, end: str | None, *, today: date
) -> tuple[date, date]:
    """First and last date partition, both included, of `--from` and the exclusive `--to`.

    Raises:
        UsageProblem: an undated resource, an instant, or a day that is no partition of this tenant.
    """
    for resource in resources:
        if not resource.is_dated:
            fix = f"Materialize it in the UI, or run `st-platform sync {resource.name} --tenant {tenant.name}`."
            raise UsageProblem(f"{resource.name} has no days: it is always read as a whole", "RESOURCE", fix)
    first, beyond = parse_window(start, end)
    if isinstance(first, datetime) or isinstance(beyond, datetime):
        raise UsageProblem("a backfill reads whole days", "--from, --to", "Give dates: --from 2026-07-01.")
    last = beyond - timedelta(days=1)
    if first < tenant.start_date:
        fix = f"That day's partition reaches back to the beginning: --from {tenant.start_date}."
        raise UsageProblem(f"{tenant.name} has no days before {tenant.start_date}", "--from", fix)
    if last > today:
        raise UsageProblem(
            f"{last} is not a day yet", "--to", f"--to is exclusive: at most {today + timedelta(days=1)}."
        )
    return first, last


def follow(dagster: DagsterApi, backfill_id: str, *, title: str = "backfill", timeout: float = 86_400) -> BackfillState:
    """Show a backfill's progress on stderr until it is finished, and return its last state."""
    state = None
    with _bar(title) as bar:
        for state in dagster.follow_backfill(backfill_id, timeout=timeout):
            done, total = partitions(state)
            bar(done, total)
    assert state is not None
    return state


def partitions(state: BackfillState) -> tuple[int, int]:
    """Materialized and targeted partitions of all assets."""
    return sum(asset.materialized for asset in state.assets), sum(asset.targeted for asset in state.assets)


def summary(state: BackfillState) -> str:
    done, total = partitions(state)
    return f"{len(state.assets)} assets, {done:,} of {total:,} partitions in {len(state.runs)} runs: {state.status}"


def require_success(dagster: DagsterApi, state: BackfillState, *, not_granted: Container[AssetPath] = ()) -> None:
    """What `not_granted` names is skipped, which Dagster counts as partitions that never came.

    Raises:
        CommandFailed: naming the first failed step of each failed run.
    """
    absent = [asset.path for asset in state.assets if asset.materialized < asset.targeted]
    skipped = (
        state.finished and all(run.succeeded for run in state.runs) and all(path in not_granted for path in absent)
    )
    if state.succeeded or (skipped and state.error is None):
        return
    reasons = [state.error] if state.error else []
    for run in state.runs:
        if run.finished and not run.succeeded:
            reasons += [f"{failure.step}: {failure.message}" for failure in dagster.failures(run.run_id)[:1]]
    said = "; ".join(" ".join(reason.split())[:500] for reason in reasons) or summary(state)
    fix = "Repair the cause, then re-execute it there: finished lanes are skipped."
    raise CommandFailed(f"the backfill did not succeed: {said}", f"{dagster.url}/runs/b/{state.backfill_id}", fix)


@contextmanager
def _bar(title: str) -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True, disable=not stderr().is_terminal) as progress:
        task = progress.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None)

        yield show

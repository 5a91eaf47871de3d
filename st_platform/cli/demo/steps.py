"""The steps of the demo, in order. Each does what a team would do by hand, with the same commands and API.

Knows the order and what counts as good; processes and files are `stage.py`'s, tables `summary.py`'s.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from st_platform.cli.backfill import require_success
from st_platform.cli.demo.progress import Step, Steps
from st_platform.cli.demo.stage import Stage
from st_platform.cli.output import CommandFailed, note
from st_platform.cli.processes import answers, program, wait_until

if TYPE_CHECKING:
    from st_platform.orchestration.graphql import CheckState, DagsterApi, RunState
    from st_platform.orchestration.naming import AssetPath
    from st_platform.servicetitan.tenant import Tenant

T = TypeVar("T")

SEED = 7
SIZE = "small"
DAYS = 14
"""Date partitions of each tenant, today's included; all older history is in the first. Dagster writes two events for
each of each extract, some 10 ms a piece."""

WITHHELD: Mapping[str, str] = MappingProxyType({"northwind": "marketing_ads"})
"""Modules that a simulated tenant has not bought, to show what that looks like: the larger tenant lacks the one that
takes the most requests, so that both are read in about the same time."""

_START_SECONDS = 180.0
_RUN_SECONDS = 1800.0
_LOOK_SECONDS = 2.0
"""Counting the partitions of a backfill costs the UI most of a second."""


def play(stage: Stage, *, no_ui: bool) -> list[CheckState]:
    """All steps; returns the checks that are not good.

    Raises:
        CommandFailed: at the first step that does not succeed.
    """
    from st_platform.cli.demo.summary import show_summary
    from st_platform.orchestration.graphql import DagsterApi

    steps = Steps(total=7)
    with steps.step("Database") as step:
        start_database(stage, step)
    with steps.step("Simulated tenants") as step:
        tenants = start_tenants(stage, step)
    with DagsterApi(stage.url("ui")) as dagster:
        with steps.step("Dagster") as step:
            start_dagster(stage, dagster, step)
        with steps.step("History and days, as backfills") as step:
            backfills = load(stage, dagster, tenants, step)
        with steps.step("Models and reconciliation") as step:
            build_models(stage, dagster, tenants, step)
        with steps.step("Checks") as step:
            bad = judge_checks(stage, dagster, tenants, step)
            finish_backfills(stage, dagster, backfills, tenants)
    with steps.step("Summary") as step:
        show_summary(stage, tenants, no_ui=no_ui)
        step.detail = f"{steps.elapsed:.0f} s in all"
    return bad


def start_database(stage: Stage, step: Step) -> None:
    """The server, empty or as the last demo left it, and the warehouse in it."""
    from st_platform.cli.launch import environment

    refuse_other_tenants(stage)
    stage.variables = environment(stage.settings) | {"ST_DAGSTER_URL": stage.url("ui")}
    step.detail = "DATABASE_URL" if not stage.owns_database else f"PostgreSQL in {stage.settings.embedded_dir}"


def refuse_other_tenants(stage: Stage) -> None:
    """Simulated tenants never go into a warehouse that holds others.

    Raises:
        CommandFailed: DATABASE_URL names such a warehouse.
    """
    if stage.owns_database:
        return
    import psycopg

    with psycopg.connect(str(stage.settings.database_url), connect_timeout=10) as connection:
        found = connection.execute("SELECT to_regclass('platform.tenants') IS NOT NULL").fetchone()
        rows = connection.execute("SELECT name FROM platform.tenants").fetchall() if found and found[0] else []
    others = sorted({name for (name,) in rows} - set(stage.read_memory().get("tenants", ("northwind", "sunbelt"))))
    if others:
        what = f"the database already holds {', '.join(others)}"
        raise CommandFailed(what, "DATABASE_URL", "Unset it for the demo, or give it an empty database.")


def start_tenants(stage: Stage, step: Step) -> dict[str, Tenant]:
    """The simulator, and the tenants file that points at it.

    The start date is kept from the first demo on: it decides what the first partition holds.
    """
    import httpx

    from st_platform.cli.launch import prepare_database
    from st_platform.settings import load_tenants

    port, state = str(stage.ports["tenants"]), str(stage.root / "simulator")
    options = ("--port", port, "--seed", str(SEED), "--size", SIZE, "--state-dir", state)
    child = stage.start("tenants", program("st-platform"), "simulate", *options)
    url = stage.url("tenants")
    wait_until(
        lambda: child.listens(stage.ports["tenants"]) and answers(f"{url}/_sim/health"),
        "the simulator",
        child,
        seconds=_START_SECONDS,
        on_wait=lambda _: step.update("three years of business are being made"),
    )
    text = httpx.get(f"{url}/_sim/tenants.toml", timeout=30, trust_env=False).raise_for_status().text
    start = stage.read_memory().get("start_date") or (datetime.now(UTC).date() - timedelta(days=DAYS - 1)).isoformat()
    text = re.sub(r"(?m)^start_date = .*$", f"start_date = {date.fromisoformat(start)}", text)
    stage.settings.tenants_file.write_text(text, "utf-8")
    tenants = load_tenants(stage.settings)
    earliest = min(tenant.start_date for tenant in tenants.values())
    stage.remember(start_date=earliest.isoformat(), tenants=sorted(tenants))
    withhold(url, tenants)
    prepare_database(stage.settings, stage.variables["DATABASE_URL"])
    step.detail = f"{' and '.join(tenants)} at {url}"
    return tenants


def withhold(url: str, tenants: Mapping[str, Tenant]) -> None:
    """Grant each tenant's app every scope but those of the modules that the tenant has not bought."""
    import httpx

    from st_platform.servicetitan.catalog import CATALOG

    for name, tenant in tenants.items():
        scopes = {entry.scope for entry in CATALOG.values() if entry.module != WITHHELD.get(name)}
        body = {"tenant_id": tenant.tenant_id, "scopes": sorted(scopes)}
        httpx.post(f"{url}/_sim/scopes", json=body, timeout=30, trust_env=False).raise_for_status()


def start_dagster(stage: Stage, dagster: DagsterApi, step: Step) -> None:
    """A code server and the UI, each a process of its own, as one would run them for good."""
    from st_platform.cli.launch import prepare_dagster, prepare_manifest
    from st_platform.orchestration.naming import CODE_LOCATION

    prepare_dagster(stage.settings, stage.variables)
    step.update("reading the dbt project")
    prepare_manifest(stage.settings, stage.variables)
    port = stage.ports["code"]
    server = f"{{host: 127.0.0.1, port: {port}, location_name: {CODE_LOCATION}}}"
    stage.workspace.write_text(f"load_from:\n  - grpc_server: {server}\n", "utf-8")
    code = stage.start(
        "code",
        *(program("dagster"), "code-server", "start", "-m", "st_platform.definitions", "-d", str(stage.root)),
        *("-h", "127.0.0.1", "-p", str(port)),
    )
    ui = stage.start(
        *("ui", program("dagster-webserver"), "-h", "127.0.0.1", "-p", str(stage.ports["ui"])),
        *("-w", str(stage.workspace)),
    )
    for child, what, ready in (
        (ui, "the Dagster webserver", lambda: ui.listens(stage.ports["ui"]) and answers(f"{dagster.url}/server_info")),
        (code, "the code server", lambda: code.listens(port) and _code_is_loaded(dagster)),
    ):
        wait_until(
            ready, what, child, seconds=_START_SECONDS, on_wait=lambda _, what=what: step.update(f"{what} starts")
        )
    cancel_lost_runs(dagster)
    step.detail = f"{len(dagster.assets())} assets at {dagster.url}"


def cancel_lost_runs(dagster: DagsterApi) -> None:
    """What an earlier demo left running has no process any more, and would hold its place in the queue for hours."""
    backfills, runs = dagster.unfinished()
    for backfill in backfills:
        dagster.cancel_backfill(backfill)
    for run in runs:
        dagster.terminate_run(run.run_id, lost=True)
    if backfills or runs:
        note(f"canceled {len(backfills)} backfills and {len(runs)} runs that an earlier demo left unfinished")


def _code_is_loaded(dagster: DagsterApi) -> bool:
    state = dagster.location_state()
    if state.error and not state.loaded and "UNAVAILABLE" not in state.error:
        raise CommandFailed(f"the code does not load: {state.error}", dagster.url, "Repair it and start again.")
    return state.loaded


def load(stage: Stage, dagster: DagsterApi, tenants: dict[str, Tenant], step: Step) -> list[str]:
    """Read everything of every tenant once, a later demo only the days since; returns the backfills' ids.

    They are launched before the daemon starts, which looks for backfills at once and then only every 30 seconds; for
    the same reason their runs are waited for here, and the daemon's own verdict in `finish_backfills`.
    """
    from st_platform.orchestration.naming import extract_key
    from st_platform.servicetitan.catalog import CATALOG

    today = datetime.now(UTC).date()
    keys = {name: [extract_key(name, entry.name) for entry in CATALOG.values() if entry.is_dated] for name in tenants}
    whole = [extract_key(name, entry.name) for name in tenants for entry in CATALOG.values() if not entry.is_dated]
    withheld = not_granted(stage, tenants)
    needed = [path for path in (*whole, *(key for dated in keys.values() for key in dated)) if path not in withheld]
    first = first_day(stage, dagster, needed, tenants)
    backfills = [
        dagster.launch_backfill(dated, days=(first, today), title=f"Demo: {name}, {first} to {today}")
        for name, dated in keys.items()
    ]
    backfills.append(dagster.launch_backfill(whole, title="Demo: what has no days"))
    stage.start("daemon", program("dagster-daemon"), "run", "-w", str(stage.workspace))
    for states in _watch(stage, lambda: [dagster.backfill(backfill) for backfill in backfills]):
        runs = [run for state in states for run in state.runs]
        step.detail = f"{sum(run.succeeded for run in runs)} of {len(runs)} runs over {first} to {today} are done"
        step.update(step.detail if runs else "Dagster plans the runs")
        for state in states:
            if state.finished or any(run.finished and not run.succeeded for run in state.runs):
                require_success(dagster, state, not_granted=not_granted(stage, tenants))
        if all(state.runs and all(run.succeeded for run in state.runs) for state in states):
            break
    stage.remember(loaded_through=today.isoformat())
    return backfills


def finish_backfills(
    stage: Stage, dagster: DagsterApi, backfills: Sequence[str], tenants: Mapping[str, Tenant]
) -> None:
    """Dagster's own verdict on the backfills: every partition asked for is there, but for what is not granted."""
    withheld = not_granted(stage, tenants)
    for states in _watch(stage, lambda: [dagster.backfill(backfill) for backfill in backfills]):
        for state in states:
            if state.finished:
                require_success(dagster, state, not_granted=withheld)
        if all(state.finished for state in states):
            return


def not_granted(stage: Stage, tenants: Mapping[str, Tenant]) -> set[AssetPath]:
    """The extracts that a tenant does not let us read, as far as syncs have found."""
    from st_platform.orchestration.grants import read_grants
    from st_platform.orchestration.naming import extract_key

    names = {tenant.tenant_id: name for name, tenant in tenants.items()}
    known = read_grants(stage.variables["DATABASE_URL"])
    return {extract_key(names[tenant_id], resource) for (tenant_id, resource), may in known.items() if not may}


def first_day(stage: Stage, dagster: DagsterApi, paths: Sequence[AssetPath], tenants: dict[str, Tenant]) -> date:
    """Where to begin: the start date, or the last day an earlier demo has read if all of it is still there."""
    start = min(tenant.start_date for tenant in tenants.values())
    through = stage.read_memory().get("loaded_through")
    there = {asset.path for asset in dagster.assets() if asset.materialized_at}
    if through is None or not there.issuperset(paths):
        return start
    return max(start, date.fromisoformat(through))


def build_models(stage: Stage, dagster: DagsterApi, tenants: Iterable[str], step: Step) -> None:
    """Run dbt as Dagster assets, so that its tests are recorded as checks, and compare all extracts with the source."""
    from st_platform.orchestration.naming import MARTS_JOB, SOURCE, reconcile_job

    run_jobs(stage, dagster, [MARTS_JOB, *(reconcile_job(tenant) for tenant in tenants)], step)
    built = [asset for asset in dagster.assets() if asset.path[0] != SOURCE and asset.materialized_at]
    step.detail = f"{len(built)} models and seeds are built and tested"


def judge_checks(stage: Stage, dagster: DagsterApi, tenants: dict[str, Tenant], step: Step) -> list[CheckState]:
    """Evaluate what no run has evaluated yet; returns the checks that are not good. Warnings are told, and pass.

    Raises:
        CommandFailed: there is no check at all.
    """
    from st_platform.orchestration.naming import checks_job, extract_key

    open_ = {check.path[:2] for check in dagster.checks() if check.status in (None, "SKIPPED")}
    if open_:
        run_jobs(stage, dagster, [checks_job(name) for name in tenants if extract_key(name, "")[:2] in open_], step)
    checks = dagster.checks()
    if not checks:
        raise CommandFailed("there is no check", dagster.url, "The code location defines none; something is missing.")
    warned = [check for check in checks if is_warning(check)]
    bad = [check for check in checks if not check.passed and not is_warning(check)]
    step.detail = f"{len(checks) - len(bad) - len(warned)} of {len(checks)} checks are good, {len(warned)} warn"
    for check in (*warned, *bad):
        note(describe(check))
    return bad


def is_warning(check: CheckState) -> bool:
    """Whether the check was evaluated and found something that its owner wants to know, not to be stopped by."""
    return check.status == "FAILED" and check.severity == "WARN"


def describe(check: CheckState) -> str:
    """One line about a check that is not good."""
    word = "warns" if is_warning(check) else (check.status or "never evaluated").lower().replace("_", " ")
    reason = " ".join((check.description or "the UI shows the rows").split())
    return f"{'/'.join(check.path)} {check.name} {word}: {reason}"


def run_jobs(stage: Stage, dagster: DagsterApi, jobs: Sequence[str], step: Step) -> None:
    """Queue one run per job and wait for all.

    Raises:
        CommandFailed: naming the first failed steps of each failed run.
    """
    runs = [dagster.launch_job(job, tags={"demo": "true"}) for job in jobs]
    states: list[RunState] = []
    for states in _watch(stage, lambda: [dagster.run(run) for run in runs]):
        step.update(", ".join(f"{state.job} {state.status.lower()}" for state in states))
        if all(state.finished for state in states):
            break
    failed = [state for state in states if not state.succeeded]
    if failed:
        said = " | ".join(f"{state.job}: {_reasons(dagster, state.run_id)}" for state in failed)
        raise CommandFailed(
            f"a run failed: {said}", f"{dagster.url}/runs/{failed[0].run_id}", "Its log there says more."
        )


def _reasons(dagster: DagsterApi, run_id: str) -> str:
    failures = dagster.failures(run_id)[:3]
    return "; ".join(f"{failure.step}: {' '.join(failure.message.split())[:300]}" for failure in failures)


def _watch(stage: Stage, look: Callable[[], T]) -> Iterator[T]:
    """What `look` sees, every other second, as long as all children live and the patience lasts."""
    deadline = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < deadline:
        yield look()
        _require_children(stage)
        time.sleep(_LOOK_SECONDS)
    raise CommandFailed("it does not come to an end", stage.url("ui"), "Look at the runs there.")


def _require_children(stage: Stage) -> None:
    dead = stage.children.dead()
    if dead:
        fix = "Run the demo again, with --fresh if it persists."
        raise CommandFailed(f"{dead.name} ended: {dead.last_lines()}", str(dead.log), fix)


def wait_for_the_end(stage: Stage) -> None:
    """Keep everything running until Ctrl-C; raises CommandFailed when a child ends by itself."""
    note("Ctrl-C stops everything.")
    while True:
        _require_children(stage)
        time.sleep(1)

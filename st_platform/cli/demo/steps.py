"""The steps of the demo, in order. Each does what a team would do by hand, with the same commands and API.

Knows the order and what counts as good; processes and files are `stage.py`'s, tables `summary.py`'s.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from st_platform.cli.backfill import partitions, require_success
from st_platform.cli.demo.progress import Step, Steps
from st_platform.cli.demo.stage import Stage
from st_platform.cli.output import CommandFailed, note
from st_platform.cli.processes import answers, program, wait_until

if TYPE_CHECKING:
    from st_platform.orchestration.graphql import CheckState, DagsterApi
    from st_platform.orchestration.naming import AssetPath
    from st_platform.servicetitan.tenant import Tenant

SEED = 7
SIZE = "small"

_START_SECONDS = 180.0
_RUN_SECONDS = 1800.0


def play(stage: Stage) -> None:
    """All steps; raises CommandFailed at the first that is not good."""
    from st_platform.cli.demo.summary import show_summary
    from st_platform.orchestration.graphql import DagsterApi

    steps = Steps(total=7)
    with steps.step("Database") as step:
        start_database(stage, step)
    with steps.step("Simulated tenants") as step:
        tenants = start_tenants(stage, step)
    with steps.step("Dagster") as step:
        start_dagster(stage, step)
    with DagsterApi(stage.dagster_url) as dagster:
        with steps.step("History and days, as a backfill") as step:
            load(stage, dagster, tenants, step)
        with steps.step("Models") as step:
            build_models(dagster, step)
        with steps.step("Checks") as step:
            judge_checks(dagster, tenants, step)
    with steps.step("Summary") as step:
        show_summary(stage, tenants)
        step.detail = f"{steps.elapsed:.0f} s in all"


def start_database(stage: Stage, step: Step) -> None:
    """The server, empty or as the last demo left it, and the warehouse in it."""
    from st_platform.cli.launch import environment

    refuse_other_tenants(stage)
    stage.variables = environment(stage.settings) | {"ST_DAGSTER_URL": stage.dagster_url}
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
        lambda: answers(f"{url}/_sim/health"),
        "the simulator",
        child,
        seconds=_START_SECONDS,
        on_wait=lambda _: step.update("three years of business are being made"),
    )
    text = httpx.get(f"{url}/_sim/tenants.toml", timeout=30, trust_env=False).raise_for_status().text
    start = stage.read_memory().get("start_date")
    if start:
        text = re.sub(r"(?m)^start_date = .*$", f"start_date = {date.fromisoformat(start)}", text)
    stage.settings.tenants_file.write_text(text, "utf-8")
    tenants = load_tenants(stage.settings)
    earliest = min(tenant.start_date for tenant in tenants.values())
    stage.remember(start_date=earliest.isoformat(), tenants=sorted(tenants))
    prepare_database(stage.settings, stage.variables["DATABASE_URL"])
    step.detail = f"{' and '.join(tenants)} at {url}"
    return tenants


def start_dagster(stage: Stage, step: Step) -> None:
    """A code server, a daemon and the UI, as one would run them for good."""
    from st_platform.cli.launch import prepare_dagster, prepare_manifest
    from st_platform.orchestration.graphql import DagsterApi
    from st_platform.orchestration.naming import CODE_LOCATION

    prepare_dagster(stage.settings, stage.variables)
    step.update("reading the dbt project")
    prepare_manifest(stage.settings, stage.variables)
    code_port = stage.ports["code"]
    workspace = stage.root / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server:\n      host: 127.0.0.1\n      port: {code_port}\n"
        f"      location_name: {CODE_LOCATION}\n",
        "utf-8",
    )
    code = stage.start(
        "code",
        *(program("dagster"), "code-server", "start", "-m", "st_platform.definitions", "-d", str(stage.root)),
        *("-h", "127.0.0.1", "-p", str(code_port)),
    )
    ui = stage.start(
        "ui", program("dagster-webserver"), "-h", "127.0.0.1", "-p", str(stage.ports["ui"]), "-w", str(workspace)
    )
    daemon = stage.start("daemon", program("dagster-daemon"), "run", "-w", str(workspace))
    with DagsterApi(stage.dagster_url) as dagster:
        wait_until(
            lambda: answers(f"{stage.dagster_url}/server_info"),
            "the Dagster webserver",
            ui,
            seconds=_START_SECONDS,
            on_wait=lambda _: step.update("the webserver starts"),
        )
        wait_until(
            lambda: _code_is_loaded(dagster),
            "the code server",
            code,
            seconds=_START_SECONDS,
            on_wait=lambda _: step.update("the code is loaded"),
        )
        wait_until(
            lambda: not dagster.unhealthy_daemons(),
            "the Dagster daemon",
            daemon,
            seconds=_START_SECONDS,
            on_wait=lambda _: step.update("the daemon starts"),
        )
        step.detail = f"{len(dagster.assets())} assets at {stage.dagster_url}"


def _code_is_loaded(dagster: DagsterApi) -> bool:
    state = dagster.location_state()
    if state.error and not state.loaded and "UNAVAILABLE" not in state.error:
        raise CommandFailed(f"the code does not load: {state.error}", dagster.url, "Repair it and start again.")
    return state.loaded


def load(stage: Stage, dagster: DagsterApi, tenants: dict[str, Tenant], step: Step) -> None:
    """Read everything of every tenant once; a later demo reads only the days since."""
    from st_platform.orchestration.naming import extract_key
    from st_platform.servicetitan.catalog import CATALOG

    today = datetime.now(UTC).date()
    dated = [extract_key(tenant, entry.name) for tenant in tenants for entry in CATALOG.values() if entry.is_dated]
    whole = [extract_key(tenant, entry.name) for tenant in tenants for entry in CATALOG.values() if not entry.is_dated]
    first = first_day(stage, dagster, [*dated, *whole], tenants)
    backfills = [
        dagster.launch_backfill(dated, days=(first, today), title=f"Demo: {first} to {today}"),
        dagster.launch_backfill(whole, title="Demo: reference data"),
    ]
    done: dict[str, tuple[int, int]] = {}
    deadline = time.monotonic() + _RUN_SECONDS
    while len(done) < len(backfills) or any(backfill not in done for backfill in backfills):
        states = [dagster.backfill(backfill) for backfill in backfills]
        for state in states:
            if state.finished:
                require_success(dagster, state)
                done[state.backfill_id] = partitions(state)
        ready, total = (sum(column) for column in zip(*(partitions(state) for state in states), strict=True))
        runs = sum(len(state.runs) for state in states)
        step.detail = f"{ready:,} of {total:,} partitions of {len(dated) + len(whole)} assets in {runs} runs"
        step.update(step.detail)
        _require_children(stage)
        if time.monotonic() > deadline:
            raise CommandFailed("the backfill is not finished", stage.dagster_url, "Look at its runs there.")
        time.sleep(1)
    stage.remember(loaded_through=today.isoformat())


def first_day(stage: Stage, dagster: DagsterApi, paths: Sequence[AssetPath], tenants: dict[str, Tenant]) -> date:
    """Where to begin: the start date, or the last day an earlier demo has read if all of it is still there."""
    start = min(tenant.start_date for tenant in tenants.values())
    through = stage.read_memory().get("loaded_through")
    there = {asset.path for asset in dagster.assets() if asset.materialized_at}
    if through is None or not there.issuperset(paths):
        return start
    return max(start, date.fromisoformat(through))


def build_models(dagster: DagsterApi, step: Step) -> None:
    """Run dbt as Dagster assets, so that its tests are recorded as checks."""
    from st_platform.orchestration.naming import MARTS_JOB

    _run_jobs(dagster, [MARTS_JOB], step)
    models = [asset for asset in dagster.assets() if asset.path[0] != "servicetitan"]
    step.detail = f"{sum(asset.materialized_at is not None for asset in models)} of {len(models)} models built"


def judge_checks(dagster: DagsterApi, tenants: dict[str, Tenant], step: Step) -> None:
    """Evaluate what no run has evaluated yet, then require every check to be good."""
    from st_platform.orchestration.naming import checks_job

    _run_jobs(dagster, [checks_job(tenant) for tenant in tenants], step)
    checks = dagster.checks()
    bad = [check for check in checks if not check.passed]
    step.detail = f"{len(checks) - len(bad)} of {len(checks)} checks are good"
    for check in bad:
        note(describe(check))
    if not checks:
        raise CommandFailed("there is no check", dagster.url, "The code location defines none; something is missing.")
    if bad:
        fix = "Each is listed above and in the UI, with its reason."
        raise CommandFailed(f"{len(bad)} of {len(checks)} checks are not good", f"{dagster.url}/asset-health", fix)


def describe(check: CheckState) -> str:
    """One line about a check that is not good."""
    reason = " ".join((check.description or "no reason given").split())
    return f"{'/'.join(check.path)} {check.name}: {check.status or 'never evaluated'}, {reason}"


def _run_jobs(dagster: DagsterApi, jobs: Sequence[str], step: Step) -> None:
    """Queue one run per job and wait for all.

    Raises:
        CommandFailed: naming the first failed step of each failed run.
    """
    runs = [dagster.launch_job(job, tags={"demo": "true"}) for job in jobs]
    deadline = time.monotonic() + _RUN_SECONDS
    while True:
        states = [dagster.run(run) for run in runs]
        step.update(", ".join(f"{state.job} {state.status.lower()}" for state in states))
        if all(state.finished for state in states):
            break
        if time.monotonic() > deadline:
            raise CommandFailed("a run is not finished", dagster.url, "Look at it there.")
        time.sleep(1)
    failed = [state for state in states if not state.succeeded]
    if failed:
        reasons = [
            f"{state.job}: " + "; ".join(f"{it.step}: {' '.join(it.message.split())[:300]}" for it in failures[:3])
            for state in failed
            for failures in [dagster.failures(state.run_id)]
        ]
        where = f"{dagster.url}/runs/{failed[0].run_id}"
        raise CommandFailed(f"a run failed: {' | '.join(reasons)}", where, "Its log there says more.")


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

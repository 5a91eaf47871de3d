"""`make bench-dbt`: the seconds of every dbt model on the larger simulated tenants, and what dbt and Postgres need.

The first time the simulated business is read into a Postgres of its own, which is kept: a second run only builds. The
server has the settings of every embedded one. Never a test: no figure here decides whether code is right.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import postgres_behind
from benchmarks.processes import PeakMemory, Tree
from st_platform.settings import dagster_environment, load_settings
from st_platform.warehouse.database import LOADER, Database
from st_platform.warehouse.embedded import EmbeddedPostgres

NOW = datetime(2026, 6, 15, 14, 0, tzinfo=UTC)
"""The simulated clock; the models look at the business from its day, so that two runs build the same."""

PROJECT = Path(__file__).parents[1] / "dbt_project"
_LOADED = "loaded.json"
_TAKES_NO_TIME = {"exposure", "saved_query"}


@dataclass(frozen=True)
class Timing:
    """One node that was built or tested: seconds, and rows where dbt knows them."""

    name: str
    kind: str
    status: str
    seconds: float
    rows: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    folder = options.folder or load_settings().state_dir.absolute() / "bench-dbt" / options.size
    folder.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "postgres")
    url = postgres.start()
    try:
        if not (folder / _LOADED).is_file():
            _tell(f"reading two simulated tenants of size {options.size} into {folder}, once")
            rows = load(url, options.size)
            (folder / _LOADED).write_text(json.dumps(rows), "utf-8")
        rows = json.loads((folder / _LOADED).read_text("utf-8"))
        Database.prepare(url).close()  # what was read by older code gets the tables of this one
        _tell(f"{sum(rows.values()):,} source rows; the largest: {_largest(rows)}")
        return build(url, folder, options)
    finally:
        postgres.stop()


def load(url: str, size: str) -> dict[str, int]:
    """Read everything of both simulated tenants; answers rows by resource."""
    import httpx

    from st_platform.ingest.request import SyncRequest
    from st_platform.ingest.sync import sync
    from st_platform.servicetitan.catalog import CATALOG
    from st_platform.servicetitan.client import ServiceTitanClient
    from st_platform.servicetitan.rate_limit import Unlimited
    from st_platform.simulator import SimulatorServer
    from st_platform.warehouse.tenants import register

    rows = dict.fromkeys(CATALOG, 0)
    with SimulatorServer(size=size, now=NOW) as server, Database.prepare(url, role=LOADER) as database:
        httpx.post(f"{server.url}/_sim/options", json={"unlimited": True}, trust_env=False).raise_for_status()
        with database.connection() as connection:
            register(connection, server.tenants)
        for tenant in server.tenants:
            with ServiceTitanClient(tenant, Unlimited()) as client:
                for name, resource in CATALOG.items():
                    request = SyncRequest(tenant, resource, None, None, include_recent=True)
                    rows[name] += sync(request, client=client, database=database).received
                    _tell(f"  {tenant.name} {name}: {rows[name]:,} rows so far")
    return rows


def build(url: str, folder: Path, options: argparse.Namespace) -> int:
    """One `dbt build`, measured; prints the slowest nodes and what it took in all. Answers dbt's code."""
    target = folder / "target"
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--threads", str(options.threads)]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command += ["--target-path", str(target), "--log-path", str(folder)]
    command += ["--vars", json.dumps({"as_of_date": NOW.date().isoformat()})]
    for kind in ("unit_test",) if options.tests else ("unit_test", "test"):
        command += ["--exclude-resource-type", kind]
    command += [word for name in options.select or () for word in ("--select", name)]
    environment = {**os.environ, **dagster_environment(load_settings(), url)}
    started, before = time.monotonic(), postgres_behind(url).cpu_seconds()
    process = subprocess.Popen(command, env=environment)
    with PeakMemory(Tree(process.pid)) as ours, PeakMemory(postgres_behind(url)) as theirs:
        code = process.wait()
    seconds = time.monotonic() - started
    cpu = postgres_behind(url).cpu_seconds() - before
    results = json.loads((target / "run_results.json").read_text("utf-8"))["results"]
    timings = [timing for timing in map(timing_of, results) if timing.kind not in _TAKES_NO_TIME]
    sys.stdout.write(report(timings, options.most))
    sys.stdout.write(
        f"\n{seconds:.0f} s in all with {options.threads} threads, {cpu:.0f} s of CPU in Postgres;"
        f" peak {ours.megabytes:,.0f} MB dbt, {theirs.megabytes:,.0f} MB Postgres, shared pages counted"
        f" in every process\n"
    )
    return code


def timing_of(result: Mapping[str, Any]) -> Timing:
    """One entry of dbt's `run_results.json`."""
    kind, _, *rest = result["unique_id"].split(".")
    rows = (result.get("adapter_response") or {}).get("rows_affected")
    rows = rows if kind in {"model", "seed", "snapshot"} and isinstance(rows, int) and rows >= 0 else None
    return Timing(rest[0], kind, result["status"], result["execution_time"], rows)


def report(timings: Sequence[Timing], most: int) -> str:
    """The slowest nodes, then seconds by kind, which add up to more than the clock where threads work side by side."""
    slowest = sorted(timings, key=lambda timing: -timing.seconds)[:most]
    width = max((len(timing.name) for timing in slowest), default=4)
    lines = [f"{'node':{width}}  {'kind':8} {'status':8} {'seconds':>8} {'rows':>12}"]
    for timing in slowest:
        rows = "" if timing.rows is None else f"{timing.rows:,}"
        lines.append(f"{timing.name:{width}}  {timing.kind:8} {timing.status:8} {timing.seconds:8.2f} {rows:>12}")
    lines.append("")
    for kind in sorted({timing.kind for timing in timings}):
        those = [timing for timing in timings if timing.kind == kind]
        lines.append(f"{kind:10} {len(those):5,} nodes {sum(timing.seconds for timing in those):9.1f} s")
    return "\n".join(lines) + "\n"


def _largest(rows: Mapping[str, int]) -> str:
    largest = sorted(rows.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{name} {count:,}" for name, count in largest)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--size", default="medium", choices=["tiny", "small", "medium", "large"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--select", nargs="+", metavar="MODEL", help="as dbt's; everything unless told")
    parser.add_argument("--tests", action="store_true", help="build with data tests, as production does")
    parser.add_argument("--most", type=int, default=40, help="how many of the slowest to print")
    parser.add_argument("--folder", type=Path, help="where the database is kept; else below the state folder")
    return parser.parse_args(arguments)


def _tell(text: str) -> None:
    """One line on the way, for whoever waits."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

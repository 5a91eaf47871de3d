"""`make bench`: how fast a sync is beside what bounds it (HTTP alone, raw COPY) and what others do (dlt, pandas).

Without options everything is measured and `RESULTS.md` is written. A selection only prints, unless `--output` says
where to. Never a test: a busy machine is slow, and no figure here decides whether code is right.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from benchmarks.feed_of_jobs import ROWS, SHORT, serving
from benchmarks.measure import Bench, Run, measure, postgres_behind
from benchmarks.report import written
from benchmarks.ways import FAR_AWAY, WAYS, Way
from st_platform.warehouse.database import connect
from st_platform.warehouse.embedded import EmbeddedPostgres

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    options = _options()
    runs: list[Run] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="st-bench-")))
        folder.chmod(0o711)  # where we are root, Postgres runs as somebody else
        postgres = EmbeddedPostgres(folder / "postgres")
        stack.callback(postgres.stop)
        url = postgres.start()
        version, processes = _settle(url), postgres_behind(url)
        for rows in options.rows:
            peer_rounds = min(options.rounds, options.peer_rounds) if rows > min(options.rows) else options.rounds
            with serving(rows // ROWS, compressed=options.gzip) as feed:
                bench = Bench(feed, url, processes, folder, rows // ROWS)
                ways = [way for way in _chosen(options.only, WAYS) if options.only or rows <= (way.most_rows or rows)]
                for run in measure(bench, ways, rounds=options.rounds, peer_rounds=peer_rounds):
                    runs.append(_told(run))
            far = [way for way in _chosen(options.only, FAR_AWAY) if rows == max(options.rows) and options.delay]
            with serving(rows // SHORT, compressed=options.gzip, rows=SHORT) as feed:
                bench = Bench(feed, url, processes, folder, rows // SHORT, SHORT)
                for run in measure(bench, far, rounds=options.rounds, peer_rounds=0, delay=options.delay / 1000):
                    runs.append(_told(run))
    report = written(runs, " ".join(["python -m benchmarks", *sys.argv[1:]]), version)
    output = options.output or (RESULTS if len(sys.argv) == 1 else None)
    if output is None:
        sys.stdout.write(report)
    else:
        output.write_text(report)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 500_000], help="whole pages of 5,000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-rounds", type=int, default=1, help="of others' tools, beyond the smallest size")
    parser.add_argument("--only", nargs="+", metavar="WAY", help=", ".join(way.name for way in WAYS))
    parser.add_argument("--delay", type=int, default=300, help="ms of latency of a short page, at the largest size")
    parser.add_argument("--gzip", action="store_true", help="let the server compress, as the API does")
    parser.add_argument("--output", type=Path, help="file to write the report to")
    options = parser.parse_args()
    if wrong := [rows for rows in options.rows if rows < ROWS or rows % ROWS]:
        parser.error(f"--rows takes multiples of {ROWS}, not {wrong}")
    if unknown := set(options.only or ()) - {way.name for way in WAYS}:
        parser.error(f"no way is called {sorted(unknown)}; there are {[way.name for way in WAYS]}")
    if find_spec("dlt") is None and any(way.name.startswith("dlt") for way in _chosen(options.only, WAYS)):
        parser.error("dlt is not installed here; `make bench` runs in an environment that has it")
    return options


def _chosen(names: Sequence[str] | None, ways: Sequence[Way]) -> list[Way]:
    return [way for way in ways if names is None or way.name in names]


def _settle(url: str) -> str:
    """Let nothing run beside what is measured; answers Postgres's version."""
    with connect(url) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        found = connection.execute("SHOW server_version").fetchone()
    assert found is not None
    return f"PostgreSQL {found[0]}"


def _told(run: Run) -> Run:
    """One line on the way, for whoever waits."""
    away = f" {run.delay * 1000:.0f} ms" if run.delay else ""
    sys.stderr.write(
        f"{run.feed_rows:>9,}{away} round {run.round}  {run.way:18}{run.step:26}"
        f"{run.seconds:7.2f} s {run.speed:10,.0f} rows/s  CPU {run.client_cpu:6.2f} + {run.postgres_cpu:6.2f} s"
        f" {run.peak_mb:6.0f} MB  load {run.load:.1f}\n"
    )
    return run


if __name__ == "__main__":
    main()

"""How fast a sync is, as a share of the fastest that Postgres takes the same rows: COPY of bytes made beforehand.

Run `python -m benchmarks.sync_throughput`. Each round measures COPY and the syncs in turn, so that a busy machine
slows all of them alike. On a busy machine look at the CPU time (this process and Postgres, the server of the feed
apart), which does not depend on who else is running. Prints one JSON object at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil
from psycopg import sql

from benchmarks.feed_of_jobs import ROWS, page_of, serving, tenant_at, window_of
from st_platform.ingest.shapes import shape_of
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.client import ServiceTitanClient
from st_platform.servicetitan.rate_limit import Unlimited
from st_platform.warehouse._copy_text import DELIMITER, NULL, CopyBlock, render
from st_platform.warehouse.database import Database, connect
from st_platform.warehouse.embedded import EmbeddedPostgres

JOBS = CATALOG["jobs"]


class Figure(NamedTuple):
    """Rows per second, and CPU seconds of this process and of Postgres for so many rows."""

    speed: float
    client: float
    postgres: float
    rows: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10, help="pages of 5,000 rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gzip", action="store_true", help="let the server compress, as the API does")
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    blocks = [prepared(number, options.pages) for number in range(options.pages)]
    with tempfile.TemporaryDirectory(prefix="st-bench-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            url = server.start()
            with Database.prepare(url) as database:
                report(measure(database, url, blocks, options.pages, options.rounds, options.gzip))
        finally:
            server.stop()


def measure(
    database: Database, url: str, blocks: list[CopyBlock], pages: int, rounds: int, compressed: bool
) -> dict[str, list[Figure]]:
    """What each way takes, one figure a round."""
    found: dict[str, list[Figure]] = {}
    rows = pages * ROWS
    with serving(pages, compressed=compressed) as feed, serving(pages, changed=0.05, compressed=compressed) as newer:
        for number in range(rounds + 1):  # the first round warms up
            ways = {
                "copy": lambda: copy_prepared(url, blocks),
                "empty": lambda: read(database, feed, pages),
                "unchanged": lambda: read(database, feed, pages),
                "five_percent": lambda: read(database, newer, pages),
            }
            with connect(url) as connection:
                connection.execute("DROP TABLE IF EXISTS bench_copy")
                connection.execute("TRUNCATE servicetitan.jobs, platform.sync_lanes")
                connection.execute("CREATE TABLE bench_copy (LIKE servicetitan.jobs INCLUDING ALL)")
                connection.execute("CHECKPOINT")  # not between the ways: the next one would pay for whole page images
            for name, way in ways.items():
                began, client, postgres = time.perf_counter(), time.process_time(), cpu_of_postgres()
                way()
                seconds = time.perf_counter() - began
                figure = Figure(rows / seconds, time.process_time() - client, cpu_of_postgres() - postgres, rows)
                if number:
                    found.setdefault(name, []).append(figure)
    return found


def cpu_of_postgres() -> float:
    """CPU seconds of all server processes so far, those that have ended included."""
    total = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres" and _is_ours(process):
            times = process.cpu_times()
            total += times.user + times.system
            if not _is_ours(process.parent()):
                total += times.children_user + times.children_system
    return total


def _is_ours(process: psutil.Process | None) -> bool:
    try:
        return process is not None and "st-bench-" in process.cwd()
    except psutil.Error:
        return False


def read(database: Database, feed: str, pages: int) -> None:
    """One sync of the whole feed as a new request."""
    tenant = tenant_at(feed)
    with ServiceTitanClient(tenant, Unlimited()) as client:
        request = SyncRequest(tenant, JOBS, window_of(pages), f"bench {time.time_ns()}")
        sync(request, client=client, database=database)


def prepared(number: int, pages: int) -> CopyBlock:
    """A page as the bytes that COPY takes."""
    records = shape_of(JOBS.record).page.decode(page_of(number, pages)).data
    rows = [msgspec.structs.astuple(record) for record in records]
    constants = {"tenant_id": "1", "_fetched_at": "2026-01-01", "_fetch_seq": "1", "_changed_at": "2026-01-01"}
    return render(JOBS.columns, rows, constants=constants)


def copy_prepared(url: str, blocks: list[CopyBlock]) -> None:
    """COPY into a table with the same key and defaults, one transaction a page."""
    with connect(url) as connection:
        for block in blocks:
            command = sql.SQL("COPY bench_copy ({}) FROM STDIN WITH (DELIMITER {}, NULL {})").format(
                sql.SQL(", ").join(map(sql.Identifier, block.columns)), sql.Literal(DELIMITER), sql.Literal(NULL)
            )
            with connection.cursor() as cursor, cursor.copy(command) as copy:
                copy.write(block.data)


def report(found: dict[str, list[Figure]]) -> None:
    middle = {
        name: [statistics.median(column) for column in zip(*values, strict=True)] for name, values in found.items()
    }
    wall = {
        name: round(statistics.median(a.speed / b.speed for a, b in zip(values, found["copy"], strict=True)), 3)
        for name, values in found.items()
    }
    print(f"{'':14}{'rows/s':>10}{'of COPY':>9}   CPU µs/row: {'client':>7} {'Postgres':>9}   of COPY's CPU")
    for name, (speed, client, postgres, rows) in middle.items():
        of_copy = (middle["copy"][1] + middle["copy"][2]) / (client + postgres)
        per_row = 1e6 / rows
        print(
            f"{name:14}{speed:>10,.0f}{wall[name]:>9.0%}"
            f"{client * per_row:>22.1f}{postgres * per_row:>10.1f}{of_copy:>16.0%}"
        )
    figures = {name: dict(zip(Figure._fields, values, strict=True)) for name, values in middle.items()}
    print(json.dumps({"figures": figures, "of_copy": wall, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()

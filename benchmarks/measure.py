"""Runs the ways against one feed and one Postgres, in turns, and measures each step by process id.

A round takes all ways, each round in another order, so that a machine that is busy for a while slows no one way alone.
A run that does not leave behind what it should is an error, never a figure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from psycopg import sql

from benchmarks.checks import WrongResult, check, expected
from benchmarks.contestants.raw_copy import write_blocks
from benchmarks.feed_of_jobs import ROWS, url_of
from benchmarks.processes import PeakMemory, Tree
from benchmarks.ways import Step, Task, Way
from st_platform.warehouse.database import connect


class PostgresElsewhere(RuntimeError):
    """The server runs on another machine: nothing of it can be measured by process id."""


class ContestantFailed(RuntimeError):
    """A contestant's process ended with an error; the text is its own."""


@dataclass(frozen=True)
class Run:
    """One measured step of a feed of `feed_rows`, `rows` of which it read.

    Seconds of wall and of CPU (the contestant's processes, Postgres's, the feed server's), MB at the peak of the
    contestant's processes, and the load of the machine just before.
    """

    feed_rows: int
    rows: int
    delay: float
    round: int
    way: str
    step: str
    seconds: float
    client_cpu: float
    postgres_cpu: float
    server_cpu: float
    peak_mb: float
    load: float

    @property
    def speed(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    @property
    def cpu(self) -> float:
        """CPU of contestant and Postgres, seconds."""
        return self.client_cpu + self.postgres_cpu


@dataclass(frozen=True)
class Bench:
    """One feed, one Postgres and a folder, for all ways. `admin_url` names any database of the server, `postgres` are
    its processes."""

    feed: str
    admin_url: str
    postgres: Tree
    folder: Path
    pages: int
    rows_a_page: int = ROWS

    @cached_property
    def server(self) -> Tree:
        """The feed's process: whoever listens where it is."""
        port = urlsplit(self.feed).port
        own = psutil.Process().children(recursive=True)
        return next(
            Tree(each.pid) for each in own if any(c.laddr.port == port for c in each.net_connections() if not c.raddr)
        )

    @cached_property
    def prepared(self) -> Path:
        """The folder with the bytes for COPY."""
        folder = self.folder / f"copy-{self.pages}"
        folder.mkdir()
        write_blocks(folder, self.pages)
        return folder


def postgres_behind(url: str) -> Tree:
    """The server with all its backends.

    Raises:
        PostgresElsewhere: no process here is the one that answers.
    """
    with connect(url) as connection:
        found = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert found is not None
        try:
            backend = psutil.Process(found[0])
            if backend.name() == "postgres":
                return Tree(backend.ppid())
        except psutil.NoSuchProcess:
            pass
    raise PostgresElsewhere("the server's processes are not on this machine; measure with one that is")


def measure(bench: Bench, ways: Sequence[Way], *, rounds: int, peer_rounds: int, delay: float = 0.0) -> Iterator[Run]:
    """Each step of each way, round by round; the order moves on by one way each round."""
    for number in range(max(rounds, peer_rounds)):
        turn = number % max(1, len(ways))
        for way in (*ways[turn:], *ways[:turn]):
            if number < (peer_rounds if way.peer else rounds):
                yield from _one_way(bench, way, number + 1, delay)


def _one_way(bench: Bench, way: Way, number: int, delay: float) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        for first, steps in enumerate(_stretches(way.steps)):
            with _database(bench.admin_url, f"bench_{os.getpid()}_{way.module}_{number}_{first}") as url:
                for step in steps:
                    yield _one_step(bench, way, step, url, folder, number, delay, stray=steps[0].stray)


def _stretches(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps that follow each other in one database."""
    stretches: list[list[Step]] = []
    for step in steps:
        if step.fresh or not stretches:
            stretches.append([])
        stretches[-1].append(step)
    return stretches


def _one_step(
    bench: Bench, way: Way, step: Step, url: str, folder: str, number: int, delay: float, *, stray: bool
) -> Run:
    copies = bench.prepared if way.module == "raw_copy" else bench.folder
    feed = url_of(bench.feed, step.edition, delay)
    task = Task(
        way.module, step.name, step.edition, feed, bench.pages, url, folder, str(copies), step.stray, bench.rows_a_page
    )
    with _contestant(task) as process:
        tree = Tree(process.pid)
        load = os.getloadavg()[0]
        before = [each.cpu_seconds() for each in (tree, bench.postgres, bench.server)]
        with PeakMemory(tree) as memory:
            began = time.perf_counter()
            rows = _let_run(process)
            seconds = time.perf_counter() - began
        after = [each.cpu_seconds() for each in (tree, bench.postgres, bench.server)]
    wanted = step.rows(bench.pages, bench.rows_a_page)
    if rows < wanted:  # more is no mistake: lanes read a page or two at their edges twice
        raise WrongResult(f"{way.name}, {step.name}: read {rows} rows of {wanted}")
    if way.table is not None:
        with connect(url) as connection:
            check(connection, way.table, expected(bench.pages, step.expects_changed, stray, bench.rows_a_page))
    cpu = [end - start for start, end in zip(before, after, strict=True)]
    whole = bench.pages * bench.rows_a_page
    return Run(whole, wanted, delay, number, way.name, step.name, seconds, *cpu, memory.megabytes, load)


@contextmanager
def _contestant(task: Task) -> Iterator[subprocess.Popen[str]]:
    """The process of a step, imported and connected, waiting for its start."""
    command = [sys.executable, "-m", "benchmarks.contestants", task.to_json()]
    errors = Path(task.folder) / "errors.txt"
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=Path(__file__).parents[1],
        )
    try:
        if _heard(process, "ready") is None:
            raise ContestantFailed(f"{task.module}, {task.step}: {errors.read_text()[-3000:]}")
        yield process
    except BrokenPipeError as why:
        raise ContestantFailed(f"{task.module}, {task.step}: {errors.read_text()[-3000:]}") from why
    finally:
        process.kill()
        process.communicate()


def _let_run(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    line = _heard(process, '{"rows"')
    if line is None:
        raise BrokenPipeError
    return json.loads(line)["rows"]


def _heard(process: subprocess.Popen[str], beginning: str) -> str | None:
    """The first line that begins so; None when the process ended without it."""
    assert process.stdout is not None
    return next((line for line in process.stdout if line.startswith(beginning)), None)


@contextmanager
def _database(admin_url: str, name: str) -> Iterator[str]:
    """A database of its own for a while; the dirty pages of the one before are on disk when it begins."""
    with connect(admin_url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection.execute("CHECKPOINT")
    try:
        yield urlsplit(admin_url)._replace(path=f"/{name}").geturl()
    finally:
        with connect(admin_url) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

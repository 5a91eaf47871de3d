"""The benchmark measures what it says and believes no run that lost or spoiled a row. Nothing here is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from benchmarks.checks import WrongResult, check, expected
from benchmarks.contestants import http_alone
from benchmarks.feed_of_jobs import CHANGED, ROWS, Edition, day_after, page_of, serving, window_of
from benchmarks.measure import Bench, PostgresElsewhere, Run, measure, postgres_behind
from benchmarks.processes import PeakMemory, Tree
from benchmarks.report import written
from benchmarks.ways import WAYS, Step, Task, Way

BY_NAME = {way.name: way for way in WAYS}
PAGES = 1


@pytest.fixture(scope="module")
def feed() -> Iterator[str]:
    with serving(PAGES) as url:
        yield url


@pytest.fixture
def bench(feed: str, postgres_url: str, tmp_path: Path) -> Bench:
    try:
        processes = postgres_behind(postgres_url)
    except PostgresElsewhere:  # the tests may be given any server
        processes = Tree(0)
    return Bench(feed, postgres_url, processes, tmp_path, PAGES)


def rows_of(edition: Edition, pages: int = PAGES) -> dict[int, dict[str, object]]:
    pages_there = range(pages if edition is not Edition.INCREMENT else 1)
    return {row["id"]: row for number in pages_there for row in json.loads(page_of(number, pages, edition))["data"]}


def test_each_edition_tells_of_the_rows_that_it_says() -> None:
    full = rows_of(Edition.FULL)
    assert len(full) == PAGES * ROWS
    assert not any(str(row["summary"]).endswith(" changed") for row in full.values())
    for edition, changed in ((Edition.CHANGED, PAGES * CHANGED), (Edition.NEWER, PAGES * ROWS)):
        again = rows_of(edition)
        assert again.keys() == full.keys()
        newer = [number for number, row in again.items() if str(row["modifiedOn"]) > str(full[number]["modifiedOn"])]
        assert len(newer) == changed == sum(str(row["summary"]).endswith(" changed") for row in again.values())
    increment = rows_of(Edition.INCREMENT)
    assert len(increment) == PAGES * CHANGED
    assert increment.keys() <= full.keys()
    start = f"{day_after(PAGES).start:%Y-%m-%d}"
    assert all(str(row["modifiedOn"]).startswith(start) for row in increment.values())
    assert start == f"{window_of(PAGES).end:%Y-%m-%d}"


@pytest.mark.parametrize("name", ["http alone", "raw COPY", "ours"])
def test_a_way_runs_in_a_process_of_its_own_and_what_it_leaves_is_checked(bench: Bench, name: str) -> None:
    way = replace(BY_NAME[name], steps=BY_NAME[name].steps[-2:])
    runs = list(measure(bench, [way], rounds=1, peer_rounds=1))
    assert [run.step for run in runs] == [step.name for step in way.steps]
    for run in runs:
        assert run.rows == (PAGES * CHANGED if run.step == "increment" else PAGES * ROWS)
        assert run.peak_mb > 10
    if bench.postgres.members() and name != "http alone":
        assert runs[0].postgres_cpu > 0
    report = written(runs, "a test", "PostgreSQL")
    assert report.count(f"| {name} |") == 2 * len(runs)


def test_a_way_that_reads_only_a_part_is_an_error(bench: Bench) -> None:
    """The increment is all there is to read, and the step says that it is everything."""
    lazy = Way("lazy", "http_alone", (_Mislabelled("read", Edition.INCREMENT),))
    with pytest.raises(WrongResult, match=f"read {PAGES * CHANGED} rows of {PAGES * ROWS}"):
        list(measure(bench, [lazy], rounds=1, peer_rounds=1))


class _Mislabelled(Step):
    def rows(self, pages: int, rows_a_page: int = ROWS) -> int:
        return pages * rows_a_page


SPOILERS: dict[str, LiteralString] = {
    "a row less": "DELETE FROM jobs WHERE id = 700000007",
    "a row twice": "INSERT INTO jobs SELECT * FROM jobs WHERE id = 700000007",
    "one row for another": "UPDATE jobs SET id = 700000008 WHERE id = 700000007",
    "a change that did not arrive": "UPDATE jobs SET summary = replace(summary, ' changed', '') WHERE id = 700000007",
    "a wrong amount": "UPDATE jobs SET total = total + 0.01 WHERE id = 700000007",
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_a_table_with_anything_wrong_is_never_taken_for_a_result(empty_database_url: str, spoiler: str) -> None:
    rows = rows_of(Edition.CHANGED, pages=1)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE jobs (id bigint, summary text, total numeric)")
        with connection.cursor() as cursor, cursor.copy("COPY jobs FROM STDIN") as copy:
            for row in rows.values():
                copy.write_row((row["id"], row["summary"], row["total"]))
        wanted = expected(1, CHANGED)
        check(connection, ("public", "jobs"), wanted)
        connection.execute(SPOILERS[spoiler])
        with pytest.raises(WrongResult, match=r"public\.jobs holds"):
            check(connection, ("public", "jobs"), wanted)


def test_what_is_expected_of_a_long_feed_is_worked_out_from_its_first_ten_pages() -> None:
    cents = [expected(pages, 0).cents for pages in (1, 10, 11, 21)]
    assert cents[2] == cents[1] + cents[0]
    assert cents[3] == 2 * cents[1] + cents[0]
    assert expected(3, 7, stray=True).rows == 3 * ROWS + 1


def test_http_alone_counts_what_it_reads(feed: str, tmp_path: Path) -> None:
    task = Task("http_alone", "read", Edition.FULL, feed, PAGES, "", str(tmp_path), "")
    assert http_alone.prepare(task)() == PAGES * ROWS


def test_cpu_and_memory_are_those_of_a_process_and_all_below_it() -> None:
    child = "held = bytearray(60 * 2**20); print('held', flush=True); sum(range(10**7)); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        tree = Tree(process.pid)
        with PeakMemory(tree) as memory:
            process.stdout.readline()
            while tree.cpu_seconds() < 0.1:
                assert process.poll() is None
            assert len(tree.members()) == 2
        process.stdin.write("\n")
    assert memory.megabytes > 60
    assert Tree(process.pid).members() == []


def test_the_processes_of_a_local_postgres_are_found_and_work_done_there_is_counted(postgres_url: str) -> None:
    if "127.0.0.1" not in postgres_url:
        with pytest.raises(PostgresElsewhere):
            postgres_behind(postgres_url)
        return
    server = postgres_behind(postgres_url)
    assert len(server.members()) > 3
    before = server.cpu_seconds()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT count(*) FROM generate_series(1, 2000000)")
    assert server.cpu_seconds() >= before + 0.05, "also that of a backend that has ended"


def test_a_summary_compares_runs_of_the_same_round() -> None:
    def run(way: str, step: str, number: int, seconds: float) -> Run:
        return Run(10_000, 10_000, 0.0, number, way, step, seconds, seconds, 0.0, 0.0, 50.0, 1.0)

    slow_machine = [run("raw COPY", "initial", 1, 10), run("ours", "empty target", 1, 20)]
    fast_machine = [run("raw COPY", "initial", 2, 1), run("ours", "empty target", 2, 2)]
    alone = [run("dlt tuned", "initial", 2, 9)]
    report = written([*slow_machine, *fast_machine, *alone], "a test", "PostgreSQL")
    assert "ours, empty target: 50% the speed of raw COPY (by CPU 50%)" in report
    assert "dlt tuned, initial: 4.5× as long as ours" in report

"""Writes down what was measured: the machine, every run, and ratios of ways that ran in the same round."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

import psutil

from benchmarks.feed_of_jobs import SHORT
from benchmarks.measure import Run

_PACKAGES = ("st-platform", "httpx", "msgspec", "psycopg", "dlt", "pyarrow", "requests", "pandas", "sqlalchemy")
_TO_US = {"initial": "empty target", "increment": "increment"}
"""Which of our steps does what a step of another way does."""

_HOW = """
Each step of each way runs in a process of its own, started and connected before the clock starts, against one feed
server and one Postgres on the same machine. Ways take turns, in another order each round. After each run the rows,
their ids, the changed texts and the sum of the amounts are held against what the feed told: a run that lost or spoiled
a row is an error, not a figure. CPU is counted by process id: the way's process tree, Postgres with all its backends,
the feed's server. Peak is what the way's processes had resident together. Walls of different machines, or of a busy
and an idle one, do not compare; CPU seconds nearly do.
"""


def written(runs: Sequence[Run], command: str, postgres: str) -> str:
    """The whole report as Markdown."""
    parts = [
        "# What `make bench` measured\n",
        f"Written by `{command}`; do not edit.",
        *_HOW.splitlines(),
        "",
        "## Machine and versions\n",
        *_facts(postgres),
        "\n## Summary: medians and ratios\n",
        *_summary(runs),
        "\n## Every run\n",
        *_table(
            [
                "rows",
                "delay ms",
                "round",
                "way",
                "step",
                "s",
                "rows/s",
                "CPU s way",
                "Postgres",
                "feed",
                "peak MB",
                "load",
            ],
            ([*_cells(run)] for run in runs),
        ),
    ]
    return "\n".join(parts) + "\n"


def _facts(postgres: str) -> list[str]:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown",
    )
    return [
        f"- {os.cpu_count()} × {model}, {psutil.virtual_memory().total / 2**30:.0f} GB, {platform.platform()}",
        f"- Python {platform.python_version()}, {postgres}; autovacuum off, all else as installed",
        "- " + ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES if _is_installed(name)),
    ]


def _summary(runs: Sequence[Run]) -> Iterator[str]:
    for rows, delay in sorted({(run.feed_rows, run.delay) for run in runs}, key=lambda key: (key[1], key[0])):
        chosen = [run for run in runs if (run.feed_rows, run.delay) == (rows, delay)]
        away = f", each page of {SHORT:,} is {delay * 1000:.0f} ms away" if delay else ""
        yield f"\n### {rows:,} rows{away}\n"
        yield from _table(
            ["way", "step", "runs", "s", "rows/s", "CPU s a million rows", "peak MB"],
            (_middle(s) for s in _steps(chosen)),
        )
        yield from _ratios(chosen, delay)


def _steps(runs: Sequence[Run]) -> list[list[Run]]:
    names = dict.fromkeys((run.way, run.step) for run in runs)
    return [[run for run in runs if (run.way, run.step) == name] for name in names]


def _middle(runs: Sequence[Run]) -> list[str]:
    seconds = statistics.median(run.seconds for run in runs)
    cpu = statistics.median(run.cpu / run.rows for run in runs) * 1e6
    peak = max(run.peak_mb for run in runs)
    speed = f"{runs[0].rows / seconds:,.0f}"
    return [runs[0].way, runs[0].step, str(len(runs)), f"{seconds:.2f}", speed, f"{cpu:.1f}", f"{peak:.0f}"]


def _ratios(runs: Sequence[Run], delay: float) -> Iterator[str]:
    """Of runs of the same round, by wall and by CPU; the middle one of all rounds."""
    yield ""
    if delay:
        yield from _ratio(
            runs,
            ("http alone", "read"),
            ("ours", "empty target"),
            "one cursor that only reads takes {} as long as our lanes that load",
        )
        return
    for step in dict.fromkeys(run.step for run in runs if run.way == "ours"):
        if step != "increment":
            yield from _ratio(
                runs, ("raw COPY", "initial"), ("ours", step), f"ours, {step}: {{}} the speed of raw COPY", percent=True
            )
    for way in dict.fromkeys(run.way for run in runs if run.way not in ("ours", "raw COPY", "http alone")):
        for step, our in _TO_US.items():
            yield from _ratio(runs, (way, step), ("ours", our), f"{way}, {step}: {{}} as long as ours")


def _ratio(
    runs: Sequence[Run], numerator: tuple[str, str], denominator: tuple[str, str], words: str, *, percent: bool = False
) -> Iterator[str]:
    over = {run.round: run for run in runs if (run.way, run.step) == numerator}
    under = {run.round: run for run in runs if (run.way, run.step) == denominator}
    both = sorted(over.keys() & under.keys())
    if not both:
        return

    def middle(value: Callable[[Run], float]) -> str:
        ratio = statistics.median(value(over[number]) / max(value(under[number]), 1e-3) for number in both)
        return f"{ratio:.0%}" if percent else f"{ratio:.1f}×"

    yield f"- {words.format(middle(lambda run: run.seconds))} (by CPU {middle(lambda run: run.cpu)})"


def _cells(run: Run) -> Iterator[str]:
    yield from (f"{run.feed_rows:,}", f"{run.delay * 1000:.0f}", str(run.round), run.way, run.step)
    yield from (f"{run.seconds:.2f}", f"{run.speed:,.0f}")
    yield from (f"{run.client_cpu:.2f}", f"{run.postgres_cpu:.2f}", f"{run.server_cpu:.2f}")
    yield from (f"{run.peak_mb:.0f}", f"{run.load:.1f}")


def _table(heads: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _is_installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False

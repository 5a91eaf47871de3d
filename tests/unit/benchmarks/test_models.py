"""What `make bench-dbt` prints: the slowest first, rows where there are any, and each kind's seconds added up."""

from __future__ import annotations

from typing import Any

from benchmarks.models import Timing, report, timing_of


def result(unique_id: str, seconds: float, **response: Any) -> dict[str, Any]:
    return {
        "unique_id": unique_id,
        "status": "success",
        "execution_time": seconds,
        "adapter_response": response,
    }


def test_rows_are_told_of_tables_and_not_of_views_or_tests() -> None:
    assert timing_of(result("model.p.fct_calls", 2.0, rows_affected=7)) == Timing(
        "fct_calls", "model", "success", 2.0, 7
    )
    assert timing_of(result("model.p.stg_x", 0.1, rows_affected=-1)).rows is None
    assert timing_of(result("test.p.unique_key_x.abc", 0.1, rows_affected=1)).rows is None
    assert timing_of(result("model.p.stg_x", 0.1)).rows is None


def test_the_slowest_come_first_and_all_are_added_up() -> None:
    timings = [Timing(f"m{number}", "model", "success", float(number), 1000) for number in range(5)]

    lines = report(timings, 2).splitlines()

    assert [line.split()[0] for line in lines[1:3]] == ["m4", "m3"]
    assert lines[1].split()[-2:] == ["4.00", "1,000"]
    assert lines[-1].split() == ["model", "5", "nodes", "10.0", "s"]

"""Four processes on one tenant's budget, as the source sees them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import pytest

from st_platform.ingest.windows import Window
from tests.faults.children import Job, start
from tests.syncing import Bench

RATE, BURST = 10, 5


def most_in_a_second(arrivals: list[float]) -> int:
    """The largest number of requests in any one second."""
    arrivals = sorted(arrivals)
    return max(index + 1 - bisect_left(arrivals, moment - 1.0) for index, moment in enumerate(arrivals))


def arrivals_of_four(bench: Bench, database_url: str, variant: str | None) -> list[dict[str, object]]:
    bench.simulator.options(feed_page_size=10)
    tenant = replace(bench.simulator.tenant, requests_per_second=RATE)
    names = ("jobs", "customers", "invoices", "payments")
    window = Window(None, bench.today.start)
    jobs = [Job(tenant, name, window, "r", database_url, variant=variant) for name in names]
    children = [start(job) for job in jobs]
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    return [request for request in bench.simulator.requests() if request["resource"] in names]


def test_four_processes_together_never_exceed_the_limit_in_any_second(bench: Bench, database_url: str) -> None:
    requests = arrivals_of_four(bench, database_url, None)
    assert len(requests) > 2 * (RATE + BURST)
    assert {request["status"] for request in requests} == {200}
    assert most_in_a_second([float(str(request["arrived"])) for request in requests]) <= RATE + BURST + 1


def test_a_limiter_in_each_process_exceeds_it(bench: Bench, database_url: str) -> None:
    requests = arrivals_of_four(bench, database_url, "in_process_limiter")
    with pytest.raises(AssertionError):
        assert most_in_a_second([float(str(request["arrived"])) for request in requests]) <= RATE + BURST + 1

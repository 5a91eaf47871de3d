"""The shared limit: four processes together never pass it, and the checker sees one limiter per process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest

from st_platform.warehouse.database import Database
from st_platform.warehouse.rate_limit import MOST_PER_SECOND, SharedRateLimiter

API_LIMIT = 60

PROCESS = """
import json, sys, time
from st_platform.warehouse.database import Database
from st_platform.warehouse.rate_limit import SharedRateLimiter
url, bucket, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
granted = []
with Database(url, max_connections=2) as database:
    limiter = SharedRateLimiter(database, bucket, 60)
    with database.connection():
        print("ready", flush=True)
    sys.stdin.readline()
    end = time.time() + seconds
    while time.time() < end:
        limiter.acquire()
        granted.append(time.time())
print(json.dumps(granted))
"""


def granted_to_four_processes(url: str, buckets: Sequence[str], seconds: float = 2.5) -> list[float]:
    """When each request could go, all processes together."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, url, bucket, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for bucket in buckets
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(moment for process in processes for moment in json.loads(process.communicate(timeout=60)[0]))


def most_in_one_second(moments: Sequence[float]) -> int:
    """The largest number in any window of one second, half-open."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_four_processes_together_stay_within_the_limit_and_use_it(database_url: str) -> None:
    moments = granted_to_four_processes(database_url, ["api"] * 4)
    assert most_in_one_second(moments) <= API_LIMIT
    assert len(moments) >= 0.5 * 2.5 * MOST_PER_SECOND


def test_the_checker_sees_a_limiter_that_is_not_shared(database_url: str) -> None:
    """The same four processes, each with a bucket to itself."""
    moments = granted_to_four_processes(database_url, ["a", "b", "c", "d"], seconds=1.2)
    assert most_in_one_second(moments) > API_LIMIT


@pytest.mark.parametrize("setting", [1000, 60, 52, 50, 7.5, 1, 1 / 60])
def test_rate_and_burst_stay_below_what_the_api_allows_whatever_is_set(database: Database, setting: float) -> None:
    limiter = SharedRateLimiter(database, "api", setting)
    assert limiter.rate <= setting
    assert limiter.rate + limiter.burst <= API_LIMIT


def test_a_rate_of_zero_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="above zero"):
        SharedRateLimiter(database, "api", 0)


def test_a_burst_goes_at_once_and_then_the_rate_holds(database: Database) -> None:
    waits: list[float] = []
    limiter = SharedRateLimiter(database, "api", 2, sleep=waits.append)
    for _ in range(limiter.burst):
        limiter.acquire()
    assert waits == []
    limiter.acquire()
    assert [0 < wait <= 0.5 for wait in waits] == [True]


def test_buckets_are_independent(database: Database) -> None:
    waits: list[float] = []
    for name in ("one", "other"):
        SharedRateLimiter(database, name, 1 / 60, sleep=waits.append).acquire()
    assert waits == []


def test_a_pause_holds_everybody_also_those_already_waiting(database: Database) -> None:
    limiter = SharedRateLimiter(database, "api", 5)
    for _ in range(limiter.burst):
        limiter.acquire()
    granted: list[float] = []

    def wait() -> None:
        limiter.acquire()
        granted.append(time.monotonic())

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.05)
    paused = time.monotonic()
    limiter.pause(0.8)
    SharedRateLimiter(database, "api", 5).pause(0.1)  # a shorter pause does not end it
    for thread in waiting:
        thread.join()
    assert min(granted) >= paused + 0.79
    assert max(granted) <= paused + 3


def test_nobody_holds_a_session_while_waiting(database_url: str) -> None:
    with Database(database_url, max_connections=1) as narrow:
        limiter = SharedRateLimiter(narrow, "api", 1)
        limiter.acquire()
        waiting = threading.Thread(target=limiter.acquire)
        waiting.start()
        time.sleep(0.1)
        started = time.monotonic()
        with narrow.connection() as connection:
            connection.execute("SELECT 1")
        assert time.monotonic() - started < 0.5
        assert waiting.is_alive()
        waiting.join()

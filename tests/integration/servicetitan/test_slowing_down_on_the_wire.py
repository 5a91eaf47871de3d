"""429 and failing servers: how long we wait, who waits, and when we give up."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from st_platform.servicetitan.client import RetryPolicy
from st_platform.servicetitan.errors import BadRequest, RateLimited, ServerFailed
from st_platform.servicetitan.paging import FeedPager
from tests.integration.servicetitan.scripted_api import (
    FEED,
    FEED_PATH,
    QUICK,
    ScriptedApi,
    answer,
    page,
    problem,
)


class Bucket:
    """A limiter that only knows pauses, and keeps count."""

    def __init__(self) -> None:
        self.acquired = 0
        self.pauses: list[float] = []
        self._until = 0.0
        self._lock = threading.Lock()

    def acquire(self) -> None:
        with self._lock:
            self.acquired += 1
            until = self._until
        time.sleep(max(0.0, until - time.monotonic()))

    def pause(self, seconds: float) -> None:
        with self._lock:
            self.pauses.append(seconds)
            self._until = time.monotonic() + seconds


class DeafBucket(Bucket):
    """The broken variant: only the request that met the 429 waits."""

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def _in_two_seconds() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "Retry_After": format_datetime(now + timedelta(seconds=2), usegmt=True),
        "Date": format_datetime(now, usegmt=True),
    }


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (problem(429, "slow down", Retry_After="1"), 1.0),
        (problem(429, "slow down", **_in_two_seconds()), 2.0),
        (problem(429, "Rate limit is exceeded. Try again in 1 seconds."), 1.0),
        (problem(429, "Rate limit is exceeded. Try again in 1 seconds.", Retry_After="soon"), 1.0),
    ],
    ids=["header in seconds", "header as a date", "words of the title", "nonsense header, words of the title"],
)
def test_a_429_is_waited_out_to_the_letter(api: ScriptedApi, refusal: bytes, seconds: float) -> None:
    api.on(FEED_PATH, refusal, page([], more=False))
    bucket = Bucket()
    with api.client(bucket) as client:
        client.get(FEED)
    first, second = api.sent_to_api
    assert seconds <= second.at - first.at < seconds + 2
    assert bucket.pauses == [seconds]
    assert bucket.acquired == client.calls == 2


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": "-7"}, {"Retry_After": "0"}])
def test_a_429_that_says_nothing_sensible_is_backed_off_from(api: ScriptedApi, headers: dict[str, str]) -> None:
    api.on(FEED_PATH, problem(429, "slow down", **headers), page([], more=False))
    bucket = Bucket()
    with api.client(bucket) as client:
        client.get(FEED)
    assert len(bucket.pauses) == 1
    assert 0 <= bucket.pauses[0] <= QUICK.longest_backoff


def test_a_wait_of_a_day_is_told_instead_of_sat_through(api: ScriptedApi) -> None:
    api.on(FEED_PATH, problem(429, "slow down", Retry_After="86400"))
    bucket = Bucket()
    with api.client(bucket) as client, pytest.raises(RateLimited) as caught:
        client.get(FEED)
    assert caught.value.retry_after == 86400
    assert len(api.sent_to_api) == 1
    assert bucket.pauses == []


def _earliest_after_a_pause(api: ScriptedApi, bucket: Bucket) -> float:
    """Seconds between a 429 that asks for one second and the first request any of four threads sent after it."""
    api.on(FEED_PATH, problem(429, "slow down", Retry_After="1"), page([], more=False))
    with api.client(bucket) as client:
        client.scopes()
        first = threading.Thread(target=client.get, args=(FEED,))
        first.start()
        while not bucket.pauses:
            time.sleep(0.01)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(client.get, [FEED] * 4))
        first.join()
    refused, *others = sorted(request.at for request in api.sent_to_api)
    assert len(others) == 5
    return others[0] - refused


def test_a_429_stops_every_thread_not_only_the_one_that_met_it(api: ScriptedApi) -> None:
    assert _earliest_after_a_pause(api, Bucket()) >= 1.0


def test_the_check_above_notices_a_limiter_that_pauses_nobody_else(api: ScriptedApi) -> None:
    assert _earliest_after_a_pause(api, DeafBucket()) < 0.9


def test_a_429_that_never_ends_is_given_up_after_six_tries(api: ScriptedApi) -> None:
    api.on(FEED_PATH, problem(429, "slow down"))
    bucket = Bucket()
    with api.client(bucket) as client, pytest.raises(RateLimited, match="6 times"):
        client.get(FEED)
    assert len(api.sent_to_api) == client.calls == bucket.acquired == 6


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failing_server_gets_six_tries_and_then_a_clean_error(api: ScriptedApi, status: int) -> None:
    api.on(FEED_PATH, problem(status, "boom"))
    with api.client() as client, pytest.raises(ServerFailed, match=f"{status}: boom") as caught:
        client.get(FEED)
    assert len(api.sent_to_api) == 6
    assert caught.value.trace_id == "trace-77"


def test_a_burst_of_failures_in_mid_feed_costs_no_page(api: ScriptedApi) -> None:
    html = answer(b"<html>Bad gateway</html>", status=502, kind="text/html")
    api.on(
        FEED_PATH,
        page([{"id": 1}], more=True, token="a"),
        problem(500, "boom"),
        html,
        problem(503, "busy", Retry_After="0"),
        html,
        problem(504, "late"),
        page([{"id": 2}], more=False),
    )
    with api.client() as client:
        assert [bytes(row) for each in FeedPager(client, FEED).pages(start=None) for row in each.rows] == [
            b'{"id": 1}',
            b'{"id": 2}',
        ]
    assert client.calls == 7


def test_a_503_that_names_its_end_is_waited_for(api: ScriptedApi) -> None:
    api.on(FEED_PATH, problem(503, "busy", Retry_After="1"), page([], more=False))
    bucket = Bucket()
    with api.client(bucket) as client:
        client.get(FEED)
    first, second = api.sent_to_api
    assert second.at - first.at >= 1.0
    assert bucket.pauses == []


def test_closed_for_maintenance_is_retried_and_another_conflict_is_not(api: ScriptedApi) -> None:
    closed = problem(409, "The service is suspended for maintenance. Please try again later.")
    api.on(FEED_PATH, closed, page([], more=False))
    with api.client() as client:
        client.get(FEED)
    api.on(FEED_PATH, problem(409, "Already exists"))
    with api.client() as client, pytest.raises(BadRequest):
        client.get(FEED)
    assert client.calls == 1


def test_400_is_told_with_its_fields_and_not_retried(api: ScriptedApi) -> None:
    body = {"title": "Validation", "traceId": "t-1", "errors": {"from": ["not a token", "nor a date"], "x": None}}
    api.on(FEED_PATH, answer(body, status=400))
    with api.client() as client, pytest.raises(BadRequest) as caught:
        FeedPager(client, FEED).fetch("old-token")
    assert caught.value.errors == {"from": ("not a token", "nor a date"), "x": ()}
    assert "from: not a token nor a date" in str(caught.value)
    assert client.calls == 1


def test_waits_are_drawn_from_a_growing_range_that_starts_at_zero(api: ScriptedApi) -> None:
    """Full jitter: waits start at zero, so that many clients do not come back in step."""
    waits: list[float] = []
    for _ in range(12):
        api.on(FEED_PATH, problem(429, "slow down"))
        bucket = DeafBucket()
        policy = RetryPolicy(backoff=0.004, longest_backoff=0.01)
        with api.client(bucket, policy=policy) as client, pytest.raises(RateLimited):
            client.get(FEED)
        assert all(wait <= min(0.01, 0.004 * 2**number) for number, wait in enumerate(bucket.pauses))
        waits.extend(bucket.pauses)
    assert len(waits) == 72
    assert max(waits) <= 0.01
    assert min(waits) < 0.002
    assert len(set(waits)) > 60

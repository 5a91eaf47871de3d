"""Who we are: token requests, renewal, refusal, and what the errors tell."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from st_platform.servicetitan.auth import TokenCache
from st_platform.servicetitan.errors import (
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    NotGranted,
    RedirectRefused,
    ServerFailed,
)
from st_platform.servicetitan.paging import FeedPager
from tests.integration.servicetitan.scripted_api import (
    APP_KEY,
    CLIENT_SECRET,
    FEED,
    FEED_PATH,
    ScriptedApi,
    answer,
    cuts,
    page,
    problem,
)


def test_a_request_carries_token_and_app_key_and_the_token_request_the_credentials(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        client.get(FEED)
    token_request, request = api.requests
    assert token_request.method == "POST"
    assert dict(pair.split("=") for pair in token_request.body.decode().split("&")) == {
        "grant_type": "client_credentials",
        "client_id": "client-1",
        "client_secret": CLIENT_SECRET,
    }
    assert request.headers["authorization"] == f"Bearer {api.tokens[0]}"
    assert request.headers["st-app-key"] == APP_KEY
    assert "authorization" not in token_request.headers


def test_a_token_revoked_in_the_middle_of_a_feed_costs_one_refresh_and_no_page(api: ScriptedApi) -> None:
    def revoke_then_answer(connection: Any, request: Any) -> None:
        connection.sendall(page([{"id": 4}], more=True, token="t4"))
        api.revoke()

    api.on(
        FEED_PATH,
        *[page([{"id": number}], more=True, token=f"t{number}") for number in range(1, 4)],
        revoke_then_answer,
        page([{"id": 5}], more=False),
    )
    with api.client() as client:
        rows = [bytes(row) for each in FeedPager(client, FEED).pages(start=None) for row in each.rows]
    assert rows == [b'{"id": %d}' % number for number in range(1, 6)]
    assert len(api.token_requests) == 2
    assert api.refusals == 1
    assert [request.params.get("from") for request in api.sent_to_api] == [None, "t1", "t2", "t3", "t4", "t4"]


def test_eight_threads_that_meet_the_same_revoked_token_cause_exactly_one_refresh(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        client.get(FEED)
        api.revoke()
        barrier = threading.Barrier(8)

        def read(_: int) -> bytes:
            barrier.wait()
            return client.get(FEED)

        with ThreadPoolExecutor(8) as pool:
            assert len(list(pool.map(read, range(8)))) == 8
    assert len(api.token_requests) == 2
    assert client.calls == len(api.sent_to_api)
    assert api.refusals <= 8


def test_a_second_401_with_a_fresh_token_ends_it_and_points_at_the_app_key(api: ScriptedApi) -> None:
    api.on(FEED_PATH, page([], more=False))
    with api.client(tenant=api.tenant(app_key="another-key")) as client, pytest.raises(AuthenticationFailed) as caught:
        client.get(FEED)
    assert "app_key" in str(caught.value)
    assert "tenant acme" in str(caught.value)
    assert (len(api.sent_to_api), len(api.token_requests)) == (2, 2)


def test_invalid_client_is_not_retried_and_stops_only_its_tenant(api: ScriptedApi) -> None:
    def by_secret(connection: Any, request: Any) -> None:
        known = CLIENT_SECRET.encode() in request.body
        connection.sendall(answer(api.issue()) if known else answer({"error": "invalid_client"}, status=400))

    api.on("/connect/token", by_secret)
    api.on(FEED_PATH, page([], more=False))
    tokens = TokenCache()
    with (
        api.client(tenant=api.tenant("wrong", client_secret="not-the-secret"), tokens=tokens) as wrong,
        api.client(tenant=api.tenant("right"), tokens=tokens) as right,
    ):
        with pytest.raises(AuthenticationFailed, match="invalid_client") as caught:
            wrong.get(FEED)
        assert right.get(FEED)
        with pytest.raises(AuthenticationFailed):
            wrong.get(FEED)
    assert "client_secret" in caught.value.fix
    assert len(api.token_requests) == 3
    assert wrong.calls == 0


def test_a_token_service_that_comes_back_is_waited_for(api: ScriptedApi) -> None:
    api.on(
        "/connect/token",
        problem(503, "down"),
        cuts(answer(api.issue()), 40),
        answer(b"<html>login</html>", kind="text/html"),
        lambda connection, request: connection.sendall(answer(api.issue())),
    )
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        assert client.get(FEED)
    assert len(api.token_requests) == 4


def test_a_token_service_that_stays_down_is_asked_as_often_as_any_request_and_no_oftener(api: ScriptedApi) -> None:
    api.on("/connect/token", problem(500, "boom"))
    with api.client() as client, pytest.raises(ServerFailed) as caught:
        client.get(FEED)
    assert len(api.token_requests) == 6
    assert "6 times" in str(caught.value)
    assert "/connect/token" in str(caught.value)


def test_a_token_service_that_redirects_is_refused_because_the_secret_would_travel(api: ScriptedApi) -> None:
    api.on("/connect/token", answer(status=307, headers={"Location": "https://elsewhere.example/token"}))
    with api.client() as client, pytest.raises(RedirectRefused, match=r"elsewhere\.example"):
        client.get(FEED)
    assert len(api.requests) == 1


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": 7}, []])
def test_a_token_answer_without_a_usable_token_is_an_error(api: ScriptedApi, body: Any) -> None:
    api.on("/connect/token", answer(body))
    with api.client() as client, pytest.raises(InvalidResponse, match="access_token"):
        client.get(FEED)


@pytest.mark.parametrize("stated", [{"expires_in": 0}, {"expires_in": None}, {"expires_in": -5}, {"expires_in": "x"}])
def test_a_token_whose_life_is_stated_wrongly_still_serves_many_requests(
    api: ScriptedApi, stated: dict[str, Any]
) -> None:
    api.on("/connect/token", lambda connection, request: connection.sendall(answer(api.issue(**stated))))
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        for _ in range(5):
            client.get(FEED)
    assert len(api.token_requests) == 1


def test_a_token_that_lives_shorter_than_stated_is_renewed_when_the_api_refuses_it(api: ScriptedApi) -> None:
    api.on("/connect/token", lambda connection, request: connection.sendall(answer(api.issue(expires_in=10**9))))
    api.on(FEED_PATH, page([], more=False))
    with api.client() as client:
        for _ in range(3):
            client.get(FEED)
            api.revoke()
    assert len(api.token_requests) == 3


def test_403_is_not_granted_and_not_retried(api: ScriptedApi) -> None:
    api.on(FEED_PATH, problem(403, "Scope missing"))
    with api.client() as client, pytest.raises(NotGranted, match="Scope missing") as caught:
        client.get(FEED)
    assert caught.value.trace_id == "trace-77"
    assert "trace-77" in str(caught.value)
    assert "scope" in caught.value.fix
    assert (len(api.sent_to_api), len(api.token_requests)) == (1, 1)


def test_401_403_and_404_say_different_things_to_do(api: ScriptedApi) -> None:
    fixes: set[str] = set()
    for status, kind in ((401, AuthenticationFailed), (403, NotGranted), (404, NotFound)):
        api.on(FEED_PATH, problem(status, "no"))
        with api.client() as client, pytest.raises(kind) as caught:
            client.get(FEED)
        fixes.add(caught.value.fix)
    assert len(fixes) == 3


def test_scopes_come_from_the_token_and_clients_share_it(api: ScriptedApi) -> None:
    tokens = TokenCache()
    with api.client(tokens=tokens) as one, api.client(tokens=tokens) as other:
        assert one.scopes() == other.scopes() == {"tn.crm.customers:r", "tn.jpm.jobs:r"}
    assert len(api.token_requests) == 1
    assert one.calls == 0


def test_an_app_key_that_no_header_can_carry_is_refused_before_anything_is_sent(api: ScriptedApi) -> None:
    for app_key in ("", "two\nlines", " padded ", "schlüssel"):
        with pytest.raises(AuthenticationFailed, match="app_key"):
            api.client(tenant=api.tenant(app_key=app_key))
    assert not api.requests

"""Secrets leave the process only towards the host they were issued for, and show up in nothing we say."""

from __future__ import annotations

import logging
import pickle
import socket
import traceback
from collections.abc import Iterator

import pytest
import structlog

from st_platform.servicetitan.errors import (
    AuthenticationFailed,
    InvalidResponse,
    RedirectRefused,
    ServiceTitanError,
    Unreachable,
)
from st_platform.servicetitan.paging import FeedPager
from tests.integration.servicetitan.scripted_api import (
    APP_KEY,
    CLIENT_SECRET,
    FEED,
    FEED_PATH,
    Answer,
    Request,
    ScriptedApi,
    answer,
    cuts,
    page,
    problem,
    resets,
    running,
)

CANARIES = ("canary", "Y2FuYXJ5")  # the second is the first in the signature of a token


@pytest.fixture
def stranger() -> Iterator[ScriptedApi]:
    """Another host."""
    with running() as other:
        yield other


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused_and_the_host_never_hears_of_us(
    api: ScriptedApi, stranger: ScriptedApi, status: int
) -> None:
    api.on(FEED_PATH, answer(status=status, headers={"Location": f"{stranger.url}/steal"}))
    with api.client() as client, pytest.raises(RedirectRefused) as caught:
        client.get(FEED)
    assert stranger.requests == []
    assert client.calls == 1
    assert "http://127.0.0.1" in caught.value.what


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/x",
        "https://127.0.0.1:{port}/x",
        "http://127.0.0.1:1/x",
        "//elsewhere.example/x",
        "http://127.0.0.1:{port}@elsewhere.example/x",
        "http://me:secret@127.0.0.1:{port}/x",
        "ftp://127.0.0.1:{port}/x",
        "http://[",
        "",
    ],
)
def test_what_looks_like_the_same_host_but_is_not_is_refused(api: ScriptedApi, location: str) -> None:
    api.on(FEED_PATH, answer(status=302, headers={"Location": location.format(port=api.port)}))
    with api.client() as client, pytest.raises(RedirectRefused):
        client.get(FEED)
    assert len(api.sent_to_api) == 1


def test_a_redirect_within_the_host_is_followed_and_counted(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer(status=302, headers={"Location": "/moved?from=x"}))
    api.on("/moved", answer(status=307, headers={"Location": f"{api.url}/again"}))
    api.on("/again", page([], more=False))
    with api.client() as client:
        assert client.get(FEED)
    assert [request.target for request in api.sent_to_api] == [FEED_PATH, "/moved?from=x", "/again"]
    assert client.calls == 3


def test_redirects_in_a_circle_end(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer(status=302, headers={"Location": FEED_PATH}))
    with api.client() as client, pytest.raises(RedirectRefused, match="more than 3"):
        client.get(FEED)
    assert client.calls == 4


def _echo(status: int) -> Answer:
    """An answer that repeats every secret it was sent, in every field we read."""

    def write(connection: socket.socket, request: Request) -> None:
        told = f"{request.headers.get('authorization')} {request.headers.get('st-app-key')} {request.body.decode()}"
        body = {
            "title": told,
            "detail": told,
            "traceId": told,
            "errors": {told: [told]},
            "error": told,
            "error_description": told,
        }
        connection.sendall(answer(body, status=status))

    return write


CASES: dict[str, tuple[str, Answer | bytes]] = {
    "400": (FEED_PATH, _echo(400)),
    "401": (FEED_PATH, _echo(401)),
    "403": (FEED_PATH, _echo(403)),
    "404": (FEED_PATH, _echo(404)),
    "429": (FEED_PATH, _echo(429)),
    "500": (FEED_PATH, _echo(500)),
    "not a page": (FEED_PATH, _echo(200)),
    "reset": (FEED_PATH, resets()),
    "cut": (FEED_PATH, cuts(page([], more=False), 70)),
    "token refused": ("/connect/token", _echo(400)),
    "token service down": ("/connect/token", _echo(503)),
    "token answer odd": ("/connect/token", answer({"access_token": "canary with\nline", "scope": 7})),
}


@pytest.mark.parametrize("case", CASES)
def test_no_error_traceback_or_log_line_holds_a_secret(
    api: ScriptedApi, case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Everything at its most talkative: DEBUG of every library, tracebacks with the variables of each frame."""
    structlog.reset_defaults()
    api.on(*CASES[case])
    with caplog.at_level(logging.DEBUG), api.client() as client, pytest.raises(ServiceTitanError) as caught:
        FeedPager(client, FEED).fetch(None)
    printed = capfd.readouterr()
    told = [
        str(caught.value),
        repr(caught.value),
        repr(vars(caught.value)),
        str(pickle.loads(pickle.dumps(caught.value))),
        "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()),
        repr(client),
        repr(client.tenant),
        caplog.text,
        printed.out,
        printed.err,
    ]
    leaks = [line for text in told for line in text.splitlines() if any(canary in line for canary in CANARIES)]
    assert leaks == []


def test_the_check_above_notices_a_secret_that_is_not_cut_out(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("st_platform.servicetitan.answers.scrubbed", lambda text, secrets: text)
    api.on(FEED_PATH, _echo(400))
    with api.client() as client, pytest.raises(ServiceTitanError) as caught:
        client.get(FEED)
    assert APP_KEY in str(caught.value)


def test_a_secret_in_a_header_that_we_quote_is_cut_out(api: ScriptedApi) -> None:
    api.on(FEED_PATH, answer(b"<html>", kind=f"text/{APP_KEY}"))
    with api.client() as client, pytest.raises(InvalidResponse, match=r"text/\[redacted\]"):
        client.get(FEED)


def test_a_secret_with_odd_characters_is_cut_out_of_an_echoed_form_too(api: ScriptedApi) -> None:
    secret = f"{CLIENT_SECRET}+/=&%"
    api.on("/connect/token", _echo(400))
    with api.client(tenant=api.tenant(client_secret=secret)) as client, pytest.raises(AuthenticationFailed) as caught:
        client.get(FEED)
    assert "canary" not in str(caught.value)
    assert "[redacted]" in str(caught.value)


def test_no_error_quotes_a_body_which_may_hold_personal_data(api: ScriptedApi) -> None:
    for body in (b'{"hasMore": true, "data": [{"name": "Jane Roe"', b'{"hasMore": "Jane Roe", "data": []}'):
        api.on(FEED_PATH, answer(body))
        with api.client() as client, pytest.raises((InvalidResponse, Unreachable)) as caught:
            FeedPager(client, FEED).fetch(None)
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=False).format()
        assert "Jane" not in "".join(shown)


def test_errors_keep_what_they_know_through_pickling() -> None:
    error = AuthenticationFailed("it failed", where="GET /x, tenant acme", fix="Do this.", trace_id="t-9")
    error.tries = 3
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is AuthenticationFailed
    assert str(again) == str(error) == "it failed 3 times (GET /x, tenant acme, trace id t-9). Do this."


def test_the_app_key_goes_to_the_api_and_not_to_the_token_service(api: ScriptedApi) -> None:
    api.on(FEED_PATH, problem(404, "none"))
    with api.client() as client, pytest.raises(ServiceTitanError):
        client.get(FEED)
    assert "st-app-key" not in api.token_requests[0].headers
    assert APP_KEY not in api.token_requests[0].body.decode()

"""How long a token is trusted, what it grants, and that threads share one request for it."""

from __future__ import annotations

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from st_platform.servicetitan.auth import Token, TokenCache, token_from
from st_platform.servicetitan.clock import ServerClock
from st_platform.servicetitan.errors import AuthenticationFailed, UnreadableBody

KEY = ("https://auth.example/connect/token", "client-1", b"digest")


def _jwt(claims: Any) -> str:
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"eyJhbGciOiJSUzI1NiJ9.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2lnbmF0dXJl"


def _token(claims: Any = b"", **answer: Any) -> Token:
    return token_from(json.dumps({"access_token": _jwt(claims), **answer}).encode(), 1000.0, ServerClock())


def _plain(requested_at: float = 0.0, life: float = 900.0) -> Token:
    return Token("value", frozenset(), requested_at or time.monotonic(), time.monotonic() + life, ServerClock())


@pytest.mark.parametrize(
    ("stated", "life"),
    [(900, 840), ("900", 840), (3600.5, 3540.5), (90, 30), (60, 30), (1, 30), (0, 30), (-900, 30), ("soon", 30)],
)
def test_a_token_is_renewed_a_minute_early_but_never_lives_less_than_half_a_minute(stated: Any, life: float) -> None:
    assert _token(expires_in=stated).renew_at == 1000.0 + life


def test_a_token_without_a_stated_life_lives_as_long_as_its_claims_say() -> None:
    assert _token({"iat": 50, "exp": 950}).renew_at == 1840.0
    assert _token({"exp": 950}).renew_at == 1030.0
    assert _token({"iat": 50, "exp": 950}, expires_in=300).renew_at == 1240.0


@pytest.mark.parametrize(
    ("claims", "answer", "scopes"),
    [
        ({"scope": ["tn.crm.customers:r", "tn.jpm.jobs:r"]}, {}, {"tn.crm.customers:r", "tn.jpm.jobs:r"}),
        ({"scope": "tn.crm.customers:r tn.jpm.jobs:r"}, {}, {"tn.crm.customers:r", "tn.jpm.jobs:r"}),
        ({"scope": ["a"]}, {"scope": "b"}, {"a"}),
        ({}, {"scope": "b c"}, {"b", "c"}),
        ({"scope": 7}, {}, set[str]()),
        (b"not json", {"scope": "b"}, {"b"}),
        (b"", {}, set[str]()),
    ],
)
def test_scopes_are_read_from_the_token_else_from_the_answer(claims: Any, answer: Any, scopes: set[str]) -> None:
    assert _token(claims, **answer).scopes == scopes


@pytest.mark.parametrize("value", ["opaque", "two.parts", "a.!!!.c", "a.b.c.d", "..", "a.YQ.c"])
def test_a_token_that_is_not_readable_is_still_a_token(value: str) -> None:
    token = token_from(json.dumps({"access_token": value, "expires_in": 900}).encode(), 0.0, ServerClock())
    assert (token.value, token.scopes) == (value, frozenset())


@pytest.mark.parametrize("value", ["", " ", "a b ", "a\nb", "é", "a\x00"])
def test_a_token_that_no_header_can_carry_is_refused(value: str) -> None:
    with pytest.raises(UnreadableBody):
        token_from(json.dumps({"access_token": value}).encode(), 0.0, ServerClock())


def test_a_token_does_not_show_itself() -> None:
    assert "c2lnbmF0dXJl" not in repr(_token())


def _asked_by_threads(cache: TokenCache, request: Any, threads: int = 16) -> list[Any]:
    barrier = threading.Barrier(threads)

    def ask(_: int) -> Any:
        barrier.wait()
        try:
            return cache.token(KEY, request)
        except AuthenticationFailed as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, range(threads)))


def test_sixteen_threads_cause_one_request() -> None:
    requests: list[int] = []

    def request() -> Token:
        requests.append(1)
        time.sleep(0.1)
        return _plain()

    tokens = _asked_by_threads(TokenCache(), request)
    assert len(requests) == 1
    assert len({id(token) for token in tokens}) == 1


def test_threads_that_waited_for_a_request_share_its_failure_and_the_next_one_asks_anew() -> None:
    requests: list[int] = []

    def refuse() -> Token:
        requests.append(1)
        time.sleep(0.2)
        raise AuthenticationFailed("no", where="here", fix="None.")

    cache = TokenCache()
    outcomes = _asked_by_threads(cache, refuse)
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert len(requests) == 1
    assert cache.token(KEY, _plain).value == "value"


def test_the_checks_above_notice_a_cache_without_single_flight() -> None:
    class Eager(TokenCache):
        def token(self, key: Any, request: Any, *, asked_after: float = 0.0) -> Token:
            return request()

    requests: list[int] = []

    def request() -> Token:
        requests.append(1)
        return _plain()

    _asked_by_threads(Eager(), request)
    assert len(requests) == 16


def test_a_token_is_kept_until_its_time_and_replaced_after_it() -> None:
    cache = TokenCache()
    first = cache.token(KEY, lambda: _plain(life=0.15))
    assert cache.token(KEY, _plain) is first
    time.sleep(0.2)
    assert cache.token(KEY, _plain) is not first


def test_a_rejected_token_is_replaced_once_and_its_replacement_serves_everyone() -> None:
    cache = TokenCache()
    rejected = cache.token(KEY, _plain)
    replacement = cache.token(KEY, _plain, asked_after=rejected.requested_at)
    assert replacement is not rejected
    assert cache.token(KEY, _plain, asked_after=rejected.requested_at) is replacement


def test_clients_do_not_share_tokens_across_services_ids_or_secrets() -> None:
    cache = TokenCache()
    keys = [KEY, ("https://other.example/token", *KEY[1:]), (KEY[0], "client-2", KEY[2]), (*KEY[:2], b"other")]
    assert len({id(cache.token(key, _plain)) for key in keys}) == 4


def test_an_error_that_is_not_ours_frees_the_waiting_threads_too() -> None:
    def broken() -> Token:
        raise ZeroDivisionError

    cache = TokenCache()
    with pytest.raises(ZeroDivisionError):
        cache.token(KEY, broken)
    assert cache.token(KEY, _plain).value == "value"

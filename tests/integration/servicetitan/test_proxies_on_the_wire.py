"""The environment's proxies: used for the API, never for loopback, and told nothing over TLS."""

from __future__ import annotations

import base64
import socket

import httpx
import pytest

from st_platform.servicetitan.errors import Unreachable
from st_platform.servicetitan.transport import is_loopback, proxy_for
from tests.integration.servicetitan.scripted_api import FEED, FEED_PATH, ONCE, ScriptedApi, answer, page

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://api.servicetitan.io", {}, None),
        ("https://api.servicetitan.io", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://api.servicetitan.io", {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ("https://api.servicetitan.io", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("https://api.servicetitan.io", {"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://api.servicetitan.io", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "servicetitan.io"}, None),
        ("https://api.servicetitan.io", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:8000", {"HTTP_PROXY": "http://proxy:1", "ALL_PROXY": "http://proxy:1"}, None),
        ("http://127.9.9.9", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("http://[::1]:8000", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("http://localhost:8000", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("http://localhost.example", {"HTTP_PROXY": "http://proxy:1"}, "http://proxy:1"),
    ],
)
def test_the_environment_names_the_proxy(
    url: str, environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(httpx.URL(url)) == proxy


def test_only_this_machine_is_loopback() -> None:
    assert is_loopback("localhost")
    assert not is_loopback("128.0.0.1")
    assert not is_loopback("localhost.example")


def test_loopback_is_reached_directly_whatever_the_environment_says(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    api.on(FEED_PATH, page([], more=False))
    with api.client(policy=ONCE) as client:
        assert client.get(FEED)


def test_another_host_is_reached_through_the_proxy(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripted API stands for the proxy: a proxy is asked for whole addresses."""
    monkeypatch.setenv("HTTP_PROXY", f"http://user:word@127.0.0.1:{api.port}")
    api.on(FEED_PATH, page([], more=False))
    with api.client(tenant=api.tenant(api_url="http://api.example")) as client:
        assert client.get(FEED)
    (request,) = api.sent_to_api
    assert request.target == f"http://api.example{FEED_PATH}"
    assert request.headers["host"] == "api.example"
    assert request.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'user:word').decode()}"


def test_over_tls_a_proxy_learns_the_host_and_nothing_more(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{api.port}")

    def refuse(connection: socket.socket) -> None:
        connection.sendall(answer(b"", status=502))

    seen: list[tuple[str, str, dict[str, str]]] = []
    monkeypatch.setattr(
        api,
        "respond",
        lambda connection, request: (
            seen.append((request.method, request.target, dict(request.headers))),
            refuse(connection),
        ),
    )
    tenant = api.tenant(api_url="https://api.example", token_url="https://auth.example/connect/token")
    with api.client(tenant=tenant, policy=ONCE) as client, pytest.raises(Unreachable, match="502"):
        client.get(FEED)
    ((method, target, headers),) = seen
    assert (method, target) == ("CONNECT", "auth.example:443")
    assert "canary" not in str(headers)
    assert "authorization" not in headers

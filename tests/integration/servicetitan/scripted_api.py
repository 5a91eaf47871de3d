"""An API whose every answer a test writes, down to the byte and the way the connection ends, on a real socket.

It parses HTTP itself, so that no server library repairs what is meant to be broken.
"""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from st_platform.servicetitan.auth import TokenCache
from st_platform.servicetitan.client import RetryPolicy, ServiceTitanClient
from st_platform.servicetitan.rate_limit import RateLimiter, Unlimited
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

CLIENT_SECRET = "canary-client-secret-5d1f"
APP_KEY = "canary-app-key-9a3c"
FEED = "/crm/v2/tenant/{tenant}/export/customers"
FEED_PATH = "/crm/v2/tenant/1001/export/customers"
TOKEN_PATH = "/connect/token"

QUICK = RetryPolicy(backoff=0.01, longest_backoff=0.03, empty_page_wait=0.0)
ONCE = RetryPolicy(tries=1, invalid_tries=1, empty_page_wait=0.0)


@dataclass(frozen=True)
class Request:
    """A request as it arrived. `target` is undecoded; `at` is the monotonic clock."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


Answer = Callable[[socket.socket, Request], None]
"""Writes an answer to the socket. Raises `HangUp` to end the connection."""


class HangUp(Exception):
    """Ends the connection after what has been written."""


def answer(
    body: Any = b"", *, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = "application/json"
) -> bytes:
    """A whole HTTP answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {
        "Date": format_datetime(datetime.now(UTC), usegmt=True),
        "Content-Type": kind,
        "Content-Length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Something\r\n{head}\r\n".encode() + content


def page(rows: Iterable[Any], *, more: bool, token: str | None = "end", **fields: Any) -> bytes:
    """A page of a feed."""
    return answer({"hasMore": more, "continueFrom": token, "data": list(rows), **fields})


def problem(status: int, title: str, *, trace_id: str = "trace-77", **headers: str) -> bytes:
    """An error as the API words it (RFC 7807)."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer({"title": title, "status": status, "traceId": trace_id}, status=status, headers=names)


def sends(data: bytes) -> Answer:
    return lambda connection, _: connection.sendall(data)


def drips(data: bytes, *, every: float) -> Answer:
    """One byte at a time."""

    def write(connection: socket.socket, _: Request) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return write


def cuts(data: bytes, at: int) -> Answer:
    """The first `at` bytes, then the end of the connection."""

    def write(connection: socket.socket, _: Request) -> None:
        connection.sendall(data[:at])
        raise HangUp

    return write


def resets(data: bytes = b"") -> Answer:
    """`data`, then a TCP reset."""

    def write(connection: socket.socket, _: Request) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HangUp

    return write


def jwt(number: int, scopes: Iterable[str] = ("tn.crm.customers:r", "tn.jpm.jobs:r"), life: int = 900) -> str:
    """A token as the portal issues it, with a signature nobody checks."""
    now = int(time.time())
    claims = {"exp": now + life, "iat": now, "scope": list(scopes), "tenant": "1001", "jti": number}
    parts = (json.dumps({"alg": "RS256"}), json.dumps(claims), f"canary-signature-{number}")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


@dataclass(repr=False)
class ScriptedApi:
    """The server. Answers of a path are used one after the other, the last one for ever."""

    host: str
    port: int
    script: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict[str, list[Answer]](list))
    requests: list[Request] = field(default_factory=list[Request])
    tokens: list[str] = field(default_factory=list[str])
    valid: set[str] = field(default_factory=set[str])
    refusals: int = 0
    scopes: tuple[str, ...] = ("tn.crm.customers:r", "tn.jpm.jobs:r")
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def sent_to_api(self) -> list[Request]:
        return [request for request in self.requests if request.path != TOKEN_PATH]

    @property
    def token_requests(self) -> list[Request]:
        return [request for request in self.requests if request.path == TOKEN_PATH]

    def on(self, path: str, *answers: bytes | Answer) -> None:
        self.script[path] = [sends(each) if isinstance(each, bytes) else each for each in answers]

    def revoke(self) -> None:
        """No token issued so far is accepted any more."""
        with self.lock:
            self.valid.clear()

    def tenant(self, name: str = "acme", **changes: str) -> Tenant:
        secret, app_key = changes.get("client_secret", CLIENT_SECRET), changes.get("app_key", APP_KEY)
        url = changes.get("api_url", self.url)
        return Tenant(
            name=name,
            tenant_id=1001,
            environment=Environment.CUSTOM,
            endpoints=Endpoints(url, changes.get("token_url", f"{self.url}{TOKEN_PATH}")),
            credentials=Credentials("client-1", secret, app_key),
            timezone=ZoneInfo("America/New_York"),
            start_date=date(2026, 7, 1),
        )

    def client(self, limiter: RateLimiter | None = None, **settings: Any) -> ServiceTitanClient:
        """A client of this API with waits that suit a test and a token cache of its own."""
        tenant = settings.pop("tenant", None) or self.tenant()
        settings = {"policy": QUICK, "tokens": TokenCache(), "deadline": 5.0, **settings}
        return ServiceTitanClient(tenant, limiter or Unlimited(), **settings)

    def respond(self, connection: socket.socket, request: Request) -> None:
        with self.lock:
            self.requests.append(request)
            if refused := request.path != TOKEN_PATH and not self._knows(request):
                self.refusals += 1
            answers = self.script[request.path]
            chosen = None if refused or not answers else answers.pop(0) if len(answers) > 1 else answers[0]
        if refused:
            connection.sendall(problem(401, "unauthorized"))
        elif chosen is not None:
            chosen(connection, request)
        elif request.path == TOKEN_PATH:
            connection.sendall(answer(self.issue()))
        else:
            connection.sendall(problem(404, "no such path"))

    def issue(self, **changes: Any) -> dict[str, Any]:
        """A new valid token, as the token service answers it."""
        with self.lock:
            token = jwt(len(self.tokens) + 1, self.scopes)
            self.tokens.append(token)
            self.valid.add(token)
        return {"access_token": token, "expires_in": 900, "token_type": "Bearer", **changes}

    def _knows(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return token in self.valid and request.headers.get("st-app-key") == APP_KEY


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    api: ScriptedApi


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        api = cast("_Server", self.server).api
        try:
            while (request := self._read_request()) is not None:
                api.respond(self.connection, request)
        except (HangUp, ConnectionError):
            return

    def _read_request(self) -> Request | None:
        line = self.rfile.readline().decode("latin-1").split()
        if not line:
            return None
        headers: dict[str, str] = {}
        while field_line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = field_line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(line[0], line[1], headers, body, time.monotonic(), self.client_address[1])


class running:  # noqa: N801
    """Context manager: a scripted API on a free port of `host`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._server = _Server((host, 0), _Handler)
        self._server.api = ScriptedApi(host, self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ScriptedApi:
        self._thread.start()
        return self._server.api

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

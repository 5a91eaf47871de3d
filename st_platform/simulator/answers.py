"""Builds the API's answers: token, feed page, list page, and the errors in the API's own form.

Synchronous and free of sockets: from a request's facts to status and body. The shell is `api.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from uuid import uuid4

from st_platform.simulator import instants
from st_platform.simulator.endpoints import ENDPOINTS, Endpoint
from st_platform.simulator.instants import NotAnInstant
from st_platform.simulator.query import InvalidQuery, read_list_query
from st_platform.simulator.store import FeedPosition
from st_platform.simulator.tokens import BEARER_LIFETIME, InvalidToken
from st_platform.simulator.universe import APP_KEY, SimulatedTenant, Universe
from st_platform.simulator.windows import read_window

_PATH = re.compile(r"/(?P<module>[a-z-]+)/v2/tenant/(?P<tenant>\d+)/(?P<rest>.+?)/?")


@dataclass(frozen=True)
class Request:
    """What an answer depends on."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """A status with either a ready `body` or an envelope of JSON texts around `rows`."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    envelope: dict[str, str] = field(default_factory=dict)
    rows: list[str] | None = None

    def payload(self) -> bytes:
        if self.rows is None:
            return self.body
        parts = [f"{json.dumps(name)}:{value}" for name, value in self.envelope.items()]
        parts.append('"data":[' + ",".join(self.rows) + "]")
        return ("{" + ",".join(parts) + "}").encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Target:
    """What a path points at; `endpoint` is None for a path that the API does not have."""

    tenant_id: int
    endpoint: Endpoint | None
    is_feed: bool


_ROUTES: dict[tuple[str, str], tuple[Endpoint, bool]] = {
    (endpoint.module, path): (endpoint, is_feed)
    for endpoint in ENDPOINTS
    for path, is_feed in ((endpoint.feed, True), (endpoint.list, False))
    if path is not None
}


def locate(path: str) -> Target | None:
    """The tenant and endpoint behind an API path, None when it is no API path at all."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    endpoint, is_feed = _ROUTES.get((match["module"], match["rest"]), (None, False))
    return Target(int(match["tenant"]), endpoint, is_feed)


def error(status: int, title: str, errors: dict[str, list[str]] | None = None) -> Answer:
    """An `ApiErrorResponse` (RFC 7807) with a trace id."""
    body = {
        "type": f"https://httpstatuses.io/{status}",
        "title": title,
        "status": status,
        "traceId": uuid4().hex,
        "errors": errors or {},
        "data": {},
    }
    return Answer(status, json.dumps(body).encode(), "application/problem+json; charset=utf-8")


def too_many(wait: float, *, header: bool) -> Answer:
    """429 with the wait where the API puts it: in the title."""
    seconds = max(1, int(-(-wait // 1)))
    answer = error(429, f"Rate limit is exceeded. Try again in {seconds} seconds.")
    if header:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def answer_token(universe: Universe, request: Request) -> Answer:
    """`POST /connect/token`, client credentials only."""
    if request.method != "POST":
        return _oauth_error(405, "invalid_request")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if form.get("grant_type") != "client_credentials":
        return _oauth_error(400, "unsupported_grant_type")
    for tenant in universe.tenants.values():
        if (form.get("client_id"), form.get("client_secret")) == (tenant.client_id, tenant.client_secret):
            token = universe.mint.bearer(
                tenant.tenant_id,
                tenant.client_id,
                tenant.scopes,
                now=universe.clock.now(),
                generation=universe.token_generation,
            )
            granted = {
                "access_token": token,
                "expires_in": BEARER_LIFETIME,
                "token_type": "Bearer",
                "scope": " ".join(sorted(tenant.scopes)),
            }
            return Answer(200, json.dumps(granted).encode())
    return _oauth_error(400, "invalid_client")


def answer_api(universe: Universe, request: Request, target: Target) -> Answer:
    """Any call under `/{module}/v2/tenant/{tenant}/`."""
    if request.headers.get("st-app-key") != APP_KEY:
        return error(401, "Access denied: invalid or missing ST-App-Key.")
    scheme, _, token = request.headers.get("authorization", "").rpartition(" ")
    try:
        grant = universe.mint.read_bearer(token, now=universe.clock.now())
    except InvalidToken as why:
        return error(401, f"Unauthorized: {why}.")
    if scheme.lower() != "bearer" or grant.generation != universe.token_generation:
        return error(401, "Unauthorized: the token is not valid.")
    tenant = universe.tenants.get(target.tenant_id)
    if tenant is None or target.endpoint is None or request.method != "GET" or not tenant.has(target.endpoint):
        return error(404, "The requested resource was not found.")
    if grant.tenant_id != target.tenant_id:
        return error(403, "The application is not connected to this tenant.")
    if target.endpoint.scope not in grant.scopes:
        return error(403, f"The application lacks the scope {target.endpoint.scope}.")
    read = _feed if target.is_feed else _list
    return read(universe, tenant, target.endpoint, request.params)


def _feed(universe: Universe, tenant: SimulatedTenant, endpoint: Endpoint, params: Mapping[str, str]) -> Answer:
    now = universe.clock.now()
    name = f"{tenant.tenant_id}/{endpoint.resource}"
    recent = params.get("includeRecentChanges", "false").lower() == "true"
    try:
        since = _position(universe, name, params.get("from"), now)
    except InvalidToken as why:
        return error(400, "One or more validation errors occurred.", {"from": [f"Invalid 'from' value: {why}."]})
    shelf = tenant.shelves[endpoint.resource]
    page = shelf.feed(
        since,
        now=now,
        recent=recent,
        size=universe.options.feed_page_size,
        hides=universe.options.feed_hides_changed_rows,
    )
    envelope = {
        "hasMore": json.dumps(page.has_more),
        "continueFrom": json.dumps(universe.mint.place(name, page.position, now=now)),
    }
    return Answer(200, envelope=envelope, rows=page.rows)


def _position(universe: Universe, name: str, since: str | None, now: int) -> FeedPosition:
    if not since:
        return FeedPosition(0)
    try:
        return FeedPosition(instants.parse(since))
    except NotAnInstant:
        return universe.mint.read_place(name, since, now=now, lifetime=universe.feed_token_lifetime())


def _list(universe: Universe, tenant: SimulatedTenant, endpoint: Endpoint, params: Mapping[str, str]) -> Answer:
    now, shelf = universe.clock.now(), tenant.shelves.get(endpoint.resource)
    try:
        if endpoint.window:
            query, page = read_window(endpoint, shelf, tenant.view, params, now)
        else:
            query = read_list_query(endpoint, params)
            shelf = tenant.shelves[endpoint.resource]
            page = shelf.list(query, now=now, hides_deleted=universe.options.lists_hide_deleted)
    except InvalidQuery as refused:
        return error(400, "One or more validation errors occurred.", refused.errors)
    envelope = {
        "page": str(query.page),
        "pageSize": str(query.page_size),
        "hasMore": json.dumps(page.has_more),
        "totalCount": str(page.total) if query.include_total else "null",
    }
    return Answer(200, envelope=envelope, rows=page.rows)


def _oauth_error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": code}).encode())

"""The HTTP surface of the simulated API: an ASGI application on a real socket.

Logs each request as it arrives, asks `answers.py` what to say, lets the fault plan spoil it and sends it. The
`Date` header is the simulated clock. The control plane under `/_sim/` is mounted beside it and never logged.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from st_platform.simulator.answers import Answer, Request, answer_api, answer_token, error, locate, too_many
from st_platform.simulator.control import control_app
from st_platform.simulator.editing import apply_edit
from st_platform.simulator.edits import UnknownRow
from st_platform.simulator.faults import Rule
from st_platform.simulator.instants import text
from st_platform.simulator.journal import Entry
from st_platform.simulator.spoil import ConnectionCut, body_pieces, spoil
from st_platform.simulator.universe import Universe

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TOKEN_PATH = "/connect/token"  # noqa: S105 - a path
_GZIP_FROM = 1024


class SimulatedApi:
    """ASGI application over one universe. `abort` closes the connection of a client address with a reset."""

    def __init__(self, universe: Universe, abort: Callable[[tuple[str, int]], None]) -> None:
        self._universe = universe
        self._control = control_app(universe)
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/_sim/"):
            await self._control(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        universe = self._universe
        params = _params(scope["query_string"].decode("latin-1"))
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        target = locate(scope["path"])
        resource = target.endpoint.resource if target and target.endpoint else None
        client = scope.get("client") or ("", 0)
        entry = universe.requests.open(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            params=params,
            tenant_id=target.tenant_id if target else None,
            resource=resource,
            client=f"{client[0]}:{client[1]}",
            simulated=text(universe.clock.now()),
            user_agent=headers.get("user-agent"),
        )
        wait = 0.0 if entry.tenant_id not in universe.tenants else universe.limit.wait_for(entry.tenant_id)
        request = Request(scope["method"], scope["path"], params, headers, await _body(receive))
        rule = universe.faults.choose(scope["path"], entry.tenant_id, resource, params)
        if rule is not None:
            entry.fault = rule.name or "unnamed"
            if rule.delay:
                await asyncio.sleep(rule.delay)
        answer, payload = await asyncio.to_thread(self._answer, request, rule, wait)
        entry.status, entry.rows, entry.bytes = answer.status, _count(answer), len(payload)
        await self._deliver(answer, payload, rule, client, send)
        if rule is not None:
            self._aftermath(rule, entry)

    def _answer(self, request: Request, rule: Rule | None, wait: float) -> tuple[Answer, bytes]:
        universe = self._universe
        if rule is not None and rule.revoke_tokens:
            universe.token_generation += 1
        target = locate(request.path)
        if rule is not None and rule.status is not None and rule.body is not None:
            answer = Answer(rule.status, rule.body.encode("utf-8", "surrogatepass"), rule.content_type)
        elif rule is not None and rule.status is not None:
            answer = error(rule.status, "A planned fault.")
        elif request.path == TOKEN_PATH:
            answer = answer_token(universe, request)
        elif target is None:
            answer = error(404, "The requested resource was not found.")
        elif wait:
            answer = too_many(wait, header=universe.options.retry_after_header)
        else:
            answer = answer_api(universe, request, target)
        if rule is not None:
            spoil(answer, rule)
        answer.headers["Date"] = format_datetime(universe.clock.moment(), usegmt=True)
        payload = answer.payload()
        if rule is not None and rule.replace:
            payload = _replaced(payload, rule)
        wanted = "gzip" in request.headers.get("accept-encoding", "")
        if rule is not None and rule.encoding is not None:
            return answer, body_pieces(answer, payload, rule)
        if wanted and universe.options.gzip and len(payload) >= _GZIP_FROM:
            answer.headers["Content-Encoding"] = "gzip"
            payload = gzip.compress(payload, compresslevel=1)
        return answer, payload

    async def _deliver(
        self, answer: Answer, payload: bytes, rule: Rule | None, client: tuple[str, int], send: Send
    ) -> None:
        headers = {"content-type": answer.content_type, "content-length": str(len(payload))} | answer.headers
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
                ],
            }
        )
        if rule is not None and rule.bytes_per_second:
            step = max(1, rule.bytes_per_second // 10)
            for start in range(0, len(payload), step):
                await send({"type": "http.response.body", "body": payload[start : start + step], "more_body": True})
                await asyncio.sleep(step / rule.bytes_per_second)
            payload = b""
        if rule is not None and rule.cut_after is not None:
            await send({"type": "http.response.body", "body": payload[: rule.cut_after], "more_body": True})
            await asyncio.sleep(0.01)
            if rule.reset:
                self._abort(client)
            raise ConnectionCut
        await send({"type": "http.response.body", "body": payload})

    def _aftermath(self, rule: Rule, entry: Entry) -> None:
        for edit in rule.edits:
            try:
                apply_edit(self._universe, edit)
            except (UnknownRow, ValueError) as failed:
                entry.fault = f"{entry.fault}: {failed}"
        if rule.advance:
            self._universe.clock.advance(rule.advance)


def _params(query: str) -> dict[str, str]:
    """Parameters by name; one that is repeated, as the API takes arrays, is one with commas."""
    params: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        params[name] = f"{params[name]},{value}" if name in params else value
    return params


def _count(answer: Answer) -> int | None:
    return None if answer.rows is None else len(answer.rows)


def _replaced(payload: bytes, rule: Rule) -> bytes:
    for old, new in rule.replace:
        payload = payload.replace(old.encode("utf-8", "surrogatepass"), new.encode("utf-8", "surrogatepass"))
    return payload


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(pieces)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

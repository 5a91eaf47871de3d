"""The control plane under `/_sim/`: clock, truth, edits, faults, request log, options. JSON over HTTP, for tests.

Not part of the API that is simulated; nothing here is logged, limited or spoiled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from st_platform.simulator import instants
from st_platform.simulator.editing import apply_edit, make_random_edits, shelf_of, tenant_of
from st_platform.simulator.edits import UnknownRow
from st_platform.simulator.faults import Rule
from st_platform.simulator.revenue_report import revenue_report
from st_platform.simulator.rows.truths import attribution_lines, hazard_lines
from st_platform.simulator.rows.view import View
from st_platform.simulator.store import Shelf
from st_platform.simulator.universe import APP_KEY, SimulatedTenant, Universe

_BATCH = 5000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockBody(_Strict):
    now: str | None = None
    advance_seconds: float | None = None
    ticking: bool | None = None


class OptionsBody(_Strict):
    feed_page_size: int | None = Field(default=None, ge=1)
    requests_per_second: int | None = Field(default=None, ge=1)
    unlimited: bool = False
    feed_token_seconds: int | None = None
    gzip: bool | None = None
    retry_after_header: bool | None = None
    feed_hides_changed_rows: bool | None = None
    lists_hide_deleted: bool | None = None


class ScopesBody(_Strict):
    tenant_id: int
    scopes: list[str]


def control_app(universe: Universe) -> Starlette:
    """The control plane over one universe."""
    plane = _ControlPlane(universe)
    routes = [
        Route("/_sim/health", plane.health),
        Route("/_sim/clock", plane.clock, methods=["GET", "POST"]),
        Route("/_sim/truth/{tenant_id:int}/{resource}", plane.truth),
        Route("/_sim/changes/{tenant_id:int}/{resource}", plane.changes),
        Route("/_sim/attribution/{tenant_id:int}", plane.attribution),
        Route("/_sim/hazard/{tenant_id:int}", plane.hazard),
        Route("/_sim/revenue_report/{tenant_id:int}/{month}", plane.revenue_report),
        Route("/_sim/edit", plane.edit, methods=["POST"]),
        Route("/_sim/random_edits", plane.random_edits, methods=["POST"]),
        Route("/_sim/faults", plane.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sim/requests", plane.requests, methods=["GET", "DELETE"]),
        Route("/_sim/options", plane.options, methods=["GET", "POST"]),
        Route("/_sim/scopes", plane.scopes, methods=["POST"]),
        Route("/_sim/revoke", plane.revoke, methods=["POST"]),
        Route("/_sim/reset", plane.reset, methods=["POST"]),
        Route("/_sim/tenants.toml", plane.tenants_toml),
    ]
    return Starlette(
        routes=routes, exception_handlers={ValidationError: _refused, ValueError: _refused, LookupError: _refused}
    )


class _ControlPlane:
    def __init__(self, universe: Universe) -> None:
        self._universe = universe

    async def health(self, _: Request) -> Response:
        universe = self._universe
        tenants = {
            tenant.name: {
                "tenant_id": tenant.tenant_id,
                "timezone": tenant.timezone,
                "rows": {
                    name: len(shelf.table.existing(universe.clock.now())) for name, shelf in tenant.shelves.items()
                },
            }
            for tenant in universe.tenants.values()
        }
        clock = {"now": instants.text(universe.clock.now()), "start": instants.text(universe.start)}
        return JSONResponse({"status": "ok", "seed": universe.seed, **clock, "tenants": tenants})

    async def clock(self, request: Request) -> Response:
        universe = self._universe
        if request.method == "POST":
            body = ClockBody.model_validate(await request.json())
            now = universe.clock.now()
            target = now if body.now is None else instants.parse(body.now)
            target += round((body.advance_seconds or 0) * instants.SECOND)
            if target < now:
                raise ValueError("the clock only moves forward; POST /_sim/reset starts over")
            if target > universe.end:
                raise ValueError(f"this world has been generated up to {instants.text(universe.end)}")
            if body.now is not None:
                universe.clock.set(target)
            elif body.advance_seconds:
                universe.clock.advance(body.advance_seconds)
            if body.ticking is not None:
                universe.clock.ticking = body.ticking
        now = universe.clock.now()
        return JSONResponse({"now": instants.text(now), "ticking": universe.clock.ticking})

    async def truth(self, request: Request) -> Response:
        """The rows, or with `numbered=true` each as `{"number", "row"}`, the number being the `id` of an edit."""
        shelf = self._shelf(request)
        numbered = request.query_params.get("numbered", "").lower() == "true"
        rows = (row for chunk in shelf.truth(self._universe.clock.now()) for row in chunk)
        lines = (f'{{"number":{number},"row":{row}}}' if numbered else row for number, row in rows)
        return StreamingResponse(_lines(lines), media_type="application/x-ndjson")

    async def changes(self, request: Request) -> Response:
        shelf = self._shelf(request)
        entries = (
            json.dumps(
                {
                    "number": number,
                    "at": instants.text(change.happened),
                    "modifiedOn": instants.text(change.modified),
                    "id": change.id,
                    "op": change.op,
                }
            )
            for number, change in enumerate(shelf.changes(self._universe.clock.now()), start=1)
        )
        return StreamingResponse(_lines(iter(entries)), media_type="application/x-ndjson")

    async def attribution(self, request: Request) -> Response:
        lines = attribution_lines(self._view(request), self._universe.clock.now())
        return StreamingResponse(_lines(lines), media_type="application/x-ndjson")

    async def hazard(self, request: Request) -> Response:
        lines = hazard_lines(self._view(request), self._universe.clock.now())
        return StreamingResponse(_lines(lines), media_type="application/x-ndjson")

    async def revenue_report(self, request: Request) -> Response:
        tenant = tenant_of(self._universe, request.path_params["tenant_id"])
        month = request.path_params["month"]
        if not re.fullmatch(r"\d{4}-\d{2}", month):
            raise ValueError(f"{month!r} is no month; example: 2026-05")
        report = revenue_report(tenant.shelves, tenant.timezone, month, self._universe.clock.now())
        return PlainTextResponse(report, media_type="text/csv")

    async def edit(self, request: Request) -> Response:
        body = await request.json()
        edits = body if isinstance(body, list) else [body]
        rows = [apply_edit(self._universe, edit) for edit in edits]
        answers = [
            "null"
            if row is None
            else f'{{"id":{row.id},"modifiedOn":"{instants.text(max(row.modified, 0))}","row":{json.dumps(row.json)}}}'
            for row in rows
        ]
        text = f"[{','.join(answers)}]" if isinstance(body, list) else answers[0]
        return Response(text, media_type="application/json")

    async def random_edits(self, request: Request) -> Response:
        return JSONResponse(make_random_edits(self._universe, await request.json()))

    async def faults(self, request: Request) -> Response:
        plan = self._universe.faults
        if request.method == "POST":
            body = await request.json()
            for rule in body if isinstance(body, list) else [body]:
                plan.add(Rule.model_validate(rule))
        elif request.method == "DELETE":
            plan.clear()
        return JSONResponse(plan.report())

    async def requests(self, request: Request) -> Response:
        log = self._universe.requests
        if request.method == "DELETE":
            log.clear()
        tenant = request.query_params.get("tenant_id")
        return JSONResponse(
            log.entries(
                tenant_id=None if tenant is None else int(tenant), resource=request.query_params.get("resource")
            )
        )

    async def options(self, request: Request) -> Response:
        options = self._universe.options
        if request.method == "POST":
            body = OptionsBody.model_validate(await request.json())
            for name, value in body.model_dump(exclude_unset=True, exclude={"unlimited"}).items():
                setattr(options, name, value)
            if body.unlimited:
                options.requests_per_second = None
            self._universe.limit.per_second = options.requests_per_second
        return JSONResponse(vars(options))

    async def scopes(self, request: Request) -> Response:
        body = ScopesBody.model_validate(await request.json())
        tenant = tenant_of(self._universe, body.tenant_id)
        tenant.scopes = set(body.scopes)
        return JSONResponse({"tenant_id": tenant.tenant_id, "scopes": sorted(tenant.scopes)})

    async def revoke(self, _: Request) -> Response:
        self._universe.token_generation += 1
        return JSONResponse({"revoked": True})

    async def reset(self, _: Request) -> Response:
        self._universe.reset()
        return JSONResponse({"now": instants.text(self._universe.clock.now())})

    async def tenants_toml(self, request: Request) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}"
        start = self._universe.first_partition.isoformat()
        blocks = [_toml(tenant, base, start) for tenant in self._universe.tenants.values()]
        return PlainTextResponse("\n".join(blocks), media_type="application/toml")

    def _view(self, request: Request) -> View:
        view = tenant_of(self._universe, request.path_params["tenant_id"]).view
        if view is None:
            raise UnknownRow("this tenant is no generated business")
        return view

    def _shelf(self, request: Request) -> Shelf:
        return shelf_of(self._universe, request.path_params["tenant_id"], request.path_params["resource"])


def _toml(tenant: SimulatedTenant, base: str, start: str) -> str:
    return (
        f"[tenants.{tenant.name}]\n"
        f"tenant_id = {tenant.tenant_id}\n"
        f'api_url = "{base}"\n'
        f'auth_url = "{base}"\n'
        f'client_id = "{tenant.client_id}"\n'
        f'client_secret = "{tenant.client_secret}"\n'
        f'app_key = "{APP_KEY}"\n'
        f'timezone = "{tenant.timezone}"\n'
        f"start_date = {start}\n"
        "requests_per_second = 50\n"
    )


def _lines(pieces: Iterator[str]) -> Iterator[bytes]:
    """Lines in large pieces: each costs a change of thread."""
    while batch := list(islice(pieces, _BATCH)):
        yield ("\n".join(batch) + "\n").encode("utf-8", "surrogatepass")


async def _refused(_: Request, why: Exception) -> Response:
    if isinstance(why, HTTPException):
        return JSONResponse({"error": why.detail}, status_code=why.status_code)
    return JSONResponse({"error": str(why)}, status_code=404 if isinstance(why, LookupError) else 400)

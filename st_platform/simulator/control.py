"""The control plane under `/_sim/`: clock, truth, edits, faults, request log, options. JSON over HTTP, for tests.

Not part of the API that is simulated; nothing here is logged, limited or spoiled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from st_platform.simulator import instants
from st_platform.simulator.edits import EditedRow, UnknownRow, json_fields, modified_from
from st_platform.simulator.faults import Rule
from st_platform.simulator.random_edits import random_edits
from st_platform.simulator.rows.truths import attribution_lines, hazard_lines
from st_platform.simulator.rows.view import View
from st_platform.simulator.store import Shelf
from st_platform.simulator.universe import APP_KEY, SimulatedTenant, Universe

_BATCH = 5000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EditBody(_Strict):
    """`op`: touch (new modifiedOn only), set (fields), deactivate (active=false), delete (deactivate where a feed
    shows it, else remove), remove (gone for good), restore (active again, a merge or removal by hand undone), merge
    (`into`), insert (copy of `like` with `fields`).

    `fields` are plain values, `raw` JSON texts; both by API names. `id` is the row's number, which for rows without
    an `id` of their own `/_sim/truth/…?numbered=true` tells; it defaults to the first row there is. `modified_on` is
    an exact instant, up to seven digits. What a row cannot show is refused: deactivation where neither rows nor list
    know the word, insertion of a row under the key of another. The rows of `job_history` are jobs with all their
    events.
    """

    tenant_id: int
    resource: str
    op: Literal["touch", "set", "deactivate", "delete", "remove", "restore", "merge", "insert"] = "touch"
    id: int | None = None
    into: int | None = None
    like: int | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    raw: dict[str, str] = Field(default_factory=dict)
    modified_on: str | None = None


class RandomEditsBody(_Strict):
    """`count` edits in `resource`, or in each resource that has rows. They happen now; `hours` spreads what they say
    about when they were made over so many hours before."""

    tenant_id: int
    resource: str | None = None
    count: int = Field(ge=0)
    seed: int
    hours: float = Field(default=0, ge=0)


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


def apply_edit(universe: Universe, body: dict[str, Any]) -> EditedRow | None:
    """Carry out one edit now, and note it in the journal; answers the row, None when it is gone.

    Raises:
        UnknownRow, ValueError: nothing was changed.
    """
    now = universe.clock.now()
    row = _carry_out(universe, body, now)
    if universe.journal is not None:
        with universe.journal.open("a") as journal:
            journal.write(json.dumps({"now": now, "edit": body}) + "\n")
    return row


def replay_edits(universe: Universe) -> int:
    """Repeat the edits of earlier processes at the instants they were made; answers how many there were."""
    if universe.journal is None or not universe.journal.exists():
        return 0
    entries = [json.loads(line) for line in universe.journal.read_text().splitlines()]
    for entry in entries:
        _carry_out(universe, entry["edit"], entry["now"])
    return len(entries)


def make_random_edits(universe: Universe, body: dict[str, Any]) -> list[dict[str, Any]]:
    """A day of random edits, each made and noted as one by hand; answers their bodies with the `id` of each row.

    Raises:
        UnknownRow, NothingToEdit: the tenant or resource is not there, or empty.
    """
    wanted = RandomEditsBody.model_validate(body)
    shelves = _tenant(universe, wanted.tenant_id).shelves
    chosen = (
        [shelf for shelf in shelves.values() if len(shelf.table.existing(universe.clock.now()))]
        if wanted.resource is None
        else [_shelf(universe, wanted.tenant_id, wanted.resource)]
    )
    return [
        edit
        for shelf in chosen
        for edit in random_edits(
            shelf,
            wanted.tenant_id,
            count=wanted.count,
            seed=wanted.seed,
            hours=wanted.hours,
            now=universe.clock.now(),
            apply=partial(apply_edit, universe),
        )
    ]


def _carry_out(universe: Universe, body: dict[str, Any], now: int) -> EditedRow | None:
    edit = EditBody.model_validate(body)
    shelf = _shelf(universe, edit.tenant_id, edit.resource)
    modified = modified_from(edit.modified_on)
    fields = json_fields(edit.fields, edit.raw)
    if edit.op == "insert":
        _check_key(shelf, fields)
        return shelf.edits.insert(fields, now=now, like=edit.like, row_id=edit.id, modified=modified)
    row_id = shelf.table.first_id if edit.id is None else edit.id
    if edit.op == "merge":
        if edit.into is None:
            raise ValueError("merge needs `into`, the id that survives")
        fields |= {"mergedToId": str(edit.into)}
    shown = _shows_activity(shelf, row_id, now)
    removes = edit.op == "remove" or (edit.op == "delete" and (shelf.endpoint.feed is None or not shown))
    if edit.op == "deactivate" and not shown and shelf.endpoint.activity is None:
        raise ValueError(f"nothing shows that a row of {edit.resource} is inactive; remove it")
    if edit.op == "delete" and not removes and edit.resource == "memberships":
        fields |= {"status": '"Deleted"'}
    if edit.op == "restore":
        fields = _undone(shelf, row_id, now) | fields
    active = {"deactivate": False, "delete": False, "merge": False, "restore": True}.get(edit.op)
    return shelf.edits.change(
        row_id,
        fields,
        op=edit.op,
        now=now,
        modified=modified,
        active=None if removes else active,
        removes=removes,
        restores=edit.op == "restore",
    )


def _shows_activity(shelf: Shelf, row_id: int, now: int) -> bool:
    row = shelf.edits.read(row_id, now)
    return row is not None and "active" in row.fields


def _undone(shelf: Shelf, row_id: int, now: int) -> dict[str, str]:
    """What a row loses that is brought back: the row it was merged into, the status of a deleted one."""
    row = shelf.edits.read(row_id, now)
    undone = {"mergedToId": "null", "status": '"Active"'}
    gone = {"status": '"Deleted"'}
    fields = {} if row is None else row.fields
    return {
        name: text for name, text in undone.items() if name in fields and fields[name] == gone.get(name, fields[name])
    }


def _check_key(shelf: Shelf, fields: dict[str, str]) -> None:
    """Rows are told apart by their key, so a copy needs another one."""
    key = shelf.endpoint.key
    if key and key != ("id",) and not any(name in fields for name in key):
        raise ValueError(f"a new row of {shelf.endpoint.resource} needs its own {' and '.join(key)}")


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
        tenant = _tenant(self._universe, body.tenant_id)
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
        view = _tenant(self._universe, request.path_params["tenant_id"]).view
        if view is None:
            raise UnknownRow("this tenant is no generated business")
        return view

    def _shelf(self, request: Request) -> Shelf:
        return _shelf(self._universe, request.path_params["tenant_id"], request.path_params["resource"])


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


def _tenant(universe: Universe, tenant_id: int) -> SimulatedTenant:
    try:
        return universe.tenants[tenant_id]
    except KeyError:
        raise UnknownRow(f"no tenant {tenant_id}; there are {sorted(universe.tenants)}") from None


def _shelf(universe: Universe, tenant_id: int, resource: str) -> Shelf:
    shelves = _tenant(universe, tenant_id).shelves
    if resource not in shelves:
        raise UnknownRow(f"no resource {resource!r}; there are {sorted(shelves)}")
    return shelves[resource]


def _lines(pieces: Iterator[str]) -> Iterator[bytes]:
    """Lines in large pieces: each costs a change of thread."""
    while batch := list(islice(pieces, _BATCH)):
        yield ("\n".join(batch) + "\n").encode("utf-8", "surrogatepass")


async def _refused(_: Request, why: Exception) -> Response:
    if isinstance(why, HTTPException):
        return JSONResponse({"error": why.detail}, status_code=why.status_code)
    return JSONResponse({"error": str(why)}, status_code=404 if isinstance(why, LookupError) else 400)

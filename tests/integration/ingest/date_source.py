"""A source that is asked by date: rows about instants, cut into pages, changing while it is read if a test wants so."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from st_platform.ingest.sync import SyncReport, SyncRequest, sync
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from tests.integration.servicetitan.scripted_api import TOKEN_PATH, Request, ScriptedApi, answer, problem, running

NOW = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)

Key = tuple[datetime, str | None, str]


@dataclass
class DateSource:
    """`rows` are (what it is about, segment, body). `before` is called with the number of each request, from 1, before
    it is answered; it may change rows, or give an answer of its own."""

    api: ScriptedApi
    resource: Resource
    rows: list[tuple[datetime, str | None, dict[str, Any]]] = field(
        default_factory=list[tuple[datetime, str | None, dict[str, Any]]]
    )
    now: datetime = NOW
    before: Callable[[int, dict[str, str]], bytes | None] = lambda *_: None
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def __post_init__(self) -> None:
        assert self.resource.window is not None
        self.api.scopes = (self.resource.scope,)
        self.api.on(TOKEN_PATH, self._token)
        self.api.on(self.resource.window.path.replace("{tenant}", "1001"), self._answer)

    @property
    def tenant(self) -> Tenant:
        """Its first partition is 2026-07-01."""
        return self.api.tenant()

    def add(self, moment: datetime, segment: str | None = None, **body: Any) -> None:
        self.rows.append((moment, segment, body))

    def _token(self, connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(self.api.issue(), headers=self._date()))

    def _answer(self, connection: socket.socket, request: Request) -> None:
        params = request.params
        self.asked.append(params)
        assert self.resource.window is not None
        own = self.before(len(self.asked), params)
        start, end = (_instant(params[name]) for name in (self.resource.window.start, self.resource.window.end))
        segments = self.resource.window.segments
        segment = params[segments[0]] if segments else None
        size, number = int(params["pageSize"]), int(params["page"])
        found = [body for moment, of, body in list(self.rows) if start <= moment < end and of == segment]
        page = found[(number - 1) * size : number * size]
        body = {
            "page": number,
            "pageSize": size,
            "hasMore": len(found) > number * size,
            "totalCount": len(found),
            "data": page,
        }
        connection.sendall(own or answer(body, headers=self._date()))

    def _date(self) -> dict[str, str]:
        return {"Date": format_datetime(self.now, usegmt=True)}


class DateBench:
    """A source by date on one side, a warehouse on the other."""

    def __init__(self, source: DateSource, database: Database) -> None:
        self.source = source
        self.database = database

    def sync(self, window: Window | None, *, page_size: int = 5000, **more: Any) -> SyncReport:
        entry = self.source.resource
        assert entry.window is not None
        entry = replace(entry, window=replace(entry.window, page_size=page_size))
        request = SyncRequest(self.source.tenant, entry, window, more.pop("generation", None), **more)
        self.source.asked.clear()
        with self.source.api.client(tenant=self.source.tenant) as client:
            return sync(request, client=client, database=self.database, patience=1)

    def rows(self) -> list[dict[str, Any]]:
        name = self.source.resource.name
        query = sql.SQL("SELECT * FROM {} ORDER BY 2, 3, 4").format(sql.Identifier("servicetitan", name))
        with self.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def keys(self, *, deleted: bool = False) -> list[str]:
        """The last part of the keys of living rows, or of the marked ones."""
        name = self.source.resource.key[-1]
        return sorted(row[name] for row in self.rows() if (row["_deleted_at"] is not None) == deleted)

    def query(self, text: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text.encode(), list(values)).fetchall()


@contextmanager
def source_of(name: str) -> Iterator[DateSource]:
    with running() as api:
        yield DateSource(api, CATALOG[name])


def refusal() -> bytes:
    return problem(403, "forbidden")


def empty() -> bytes:
    return answer(json.dumps({"page": 1, "hasMore": False, "totalCount": 0, "data": []}).encode())


def days(first: int, last: int) -> Window:
    """July 2026, both included."""
    return Window(at(first), at(last) + timedelta(days=1))


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, tzinfo=UTC)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

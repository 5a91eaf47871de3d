"""A jobs feed of any length out of memory, on a real socket, in a process of its own.

Pages of 5,000 rows of about 1.1 kB, or the first rows of each, are rendered once and stamped with ids and dates per
request, so the server costs next to nothing beside what is measured. One page is one day; a token is a page number. The
address chooses the edition that is read and how far away it is.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate
from enum import StrEnum
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from st_platform.ingest.windows import Window
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

ROWS = 5000
FIRST_DAY = date(2022, 1, 1)
FIRST_MOMENT = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
SHORT = 1000
"""Rows of a page where pages are short: a feed that is far away has many of them."""

CHANGED = ROWS // 20
"""How many rows of each page of `ROWS` change: five in a hundred."""

DISTINCT = 10
"""After so many pages the rows repeat, under other ids and on other days."""

_PAGES_IN_ONE = ROWS // CHANGED
_STATUSES = ("Completed", "Canceled", "Scheduled", "InProgress", "Hold")
_WORDS = ("replace", "repair", "inspect", "install", "tune", "water", "heater", "furnace", "drain", "valve", "leak")


class Edition(StrEnum):
    """What the feed tells. All but the first tell of changes to rows that the first has told of."""

    FULL = "full"
    CHANGED = "changed"
    """Everything again, five rows in a hundred of it newer."""
    NEWER = "newer"
    """Everything again, all of it newer."""
    INCREMENT = "increment"
    """Only what changed on the day after: five rows in a hundred."""

    def changes(self, place: int) -> bool:
        """Whether the row at a place of its page is told of in a newer version."""
        if self is Edition.NEWER:
            return True
        return self is not Edition.FULL and place < CHANGED


@contextmanager
def serving(pages: int, *, compressed: bool = False, rows: int = ROWS) -> Iterator[str]:
    """The URL of a feed with so many pages of so many rows: the first edition, as `url_of` names the others."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, pages, compressed, rows), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def url_of(feed: str, edition: Edition, delay: float = 0.0) -> str:
    """Where an edition is, each page of it `delay` seconds away."""
    return f"{feed}/{edition}-{round(delay * 1000)}ms"


def tenant_at(url: str) -> Tenant:
    """A tenant whose API is the feed."""
    return Tenant(
        name="bench",
        tenant_id=1,
        environment=Environment.CUSTOM,
        endpoints=Endpoints(url, f"{url}/connect/token"),
        credentials=Credentials("id", "secret", "key"),
        timezone=ZoneInfo("UTC"),
        start_date=FIRST_DAY,
        requests_per_second=50,
    )


def window_of(pages: int) -> Window:
    """The window that holds exactly so many pages."""
    return Window(None, FIRST_MOMENT + timedelta(days=pages))


def day_after(pages: int) -> Window:
    """The day on which what the increment tells of has happened."""
    return Window(FIRST_MOMENT + timedelta(days=pages), FIRST_MOMENT + timedelta(days=pages + 1))


def pages_of(edition: Edition, pages: int) -> int:
    """How many pages an edition has of a feed of so many."""
    return -(-pages // _PAGES_IN_ONE) if edition is Edition.INCREMENT else pages


def page_of(number: int, pages: int, edition: Edition = Edition.FULL, rows_a_page: int = ROWS) -> bytes:
    """The answer to one request; empty behind the last page. Short pages are for the first edition."""
    last = pages_of(edition, pages)
    if number >= last:
        return b'{"hasMore":false,"continueFrom":"page-%d","data":[]}' % last
    if edition is Edition.INCREMENT:
        told = range(number * _PAGES_IN_ONE, min(pages, (number + 1) * _PAGES_IN_ONE))
        moments = [FIRST_MOMENT + timedelta(days=pages, seconds=page) for page in told]
        rows = b",".join(
            _stamped(page, edition, moment.strftime("%Y-%m-%dT%H:%M:%S"), ROWS)
            for page, moment in zip(told, moments, strict=True)
        )
    else:
        rows = _stamped(number, edition, (FIRST_DAY + timedelta(days=number)).isoformat(), rows_a_page)
    more = b"true" if number + 1 < last else b"false"
    return b'{"hasMore":%s,"continueFrom":"page-%d","data":[%s]}' % (more, number + 1, rows)


def _stamped(page: int, edition: Edition, when: str, rows_a_page: int) -> bytes:
    """The rows of one page of the first edition, as an edition tells of them."""
    rows = _rows(page % DISTINCT, edition, rows_a_page)
    return rows.replace(b'"id":7000', b'"id":7%03d' % (page // DISTINCT)).replace(b"WHEN", when.encode())


@lru_cache(maxsize=DISTINCT * len(Edition))
def _rows(number: int, edition: Edition, rows_a_page: int) -> bytes:
    random_ = random.Random(number)
    rows = [_row(random_, number * ROWS + place, place, edition) for place in range(rows_a_page)]
    if edition is Edition.INCREMENT:
        rows = rows[:CHANGED]
    return ",".join(json.dumps(row, separators=(",", ":")) for row in rows).encode()


def _row(random_: random.Random, number: int, place: int, edition: Edition) -> dict[str, object]:
    created = f"WHENT{place // 210:02d}:{place % 60:02d}:{random_.randrange(60):02d}.{place:07d}Z"
    instant = created
    words = " ".join(random_.choices(_WORDS, k=20))
    fields = [{"typeId": 10 + n, "name": f"Field {n}", "value": random_.choice(_WORDS)} for n in range(3)]
    if edition is Edition.INCREMENT:
        created, instant = f"2022-01-01T{place // 210:02d}:00:00Z", f"WHEN.{place:07d}Z"
    elif edition.changes(place):
        instant = f"WHENT23:59:58.{place:07d}Z"
    if edition.changes(place):
        words += " changed"
    return {
        "id": 7_000_00000 + number,
        "jobNumber": str(number),
        "projectId": None,
        "customerId": random_.randrange(10**8),
        "locationId": random_.randrange(10**8),
        "jobStatus": random_.choice(_STATUSES),
        "completedOn": instant if place % 3 else None,
        "businessUnitId": random_.randrange(50),
        "jobTypeId": random_.randrange(200),
        "priority": "Normal",
        "campaignId": random_.randrange(300),
        "appointmentCount": 1,
        "firstAppointmentId": random_.randrange(10**8),
        "lastAppointmentId": random_.randrange(10**8),
        "recallForId": None,
        "warrantyId": None,
        "jobGeneratedLeadSource": {"jobId": None, "employeeId": None},
        "noCharge": False,
        "notificationsEnabled": True,
        "createdOn": created,
        "createdById": random_.randrange(10**6),
        "modifiedOn": instant,
        "tagTypeIds": [random_.randrange(100) for _ in range(random_.randrange(4))],
        "leadCallId": None,
        "partnerLeadCallId": None,
        "bookingId": None,
        "soldById": random_.randrange(10**6) if place % 4 == 0 else None,
        "customerPo": None,
        "invoiceId": random_.randrange(10**8),
        "membershipId": None,
        "total": f"{random_.randrange(10**6) / 100:.2f}",
        "createdFromEstimateId": None,
        "estimateIds": [],
        "equipmentIds": [],
        "isAutoDispatched": False,
        "active": True,
        "summary": words,
        "summaryOfWork": None,
        "customFields": fields,
        "externalData": [],
    }


def _serve(ready: Connection, pages: int, compressed: bool, rows: int) -> None:
    for edition in Edition:
        for number in range(min(pages, DISTINCT)):
            _rows(number, edition, rows)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b'{"access_token":"e30.e30.e30","expires_in":86400,"token_type":"Bearer"}')

        def do_GET(self) -> None:
            edition, delay = _edition_at(self.path)
            start = parse_qs(urlsplit(self.path).query).get("from", [None])[0]
            time.sleep(delay)
            number = _page_at(start, edition)
            self._answer((_packed if compressed else page_of)(number, pages, edition, rows))

        def _answer(self, body: bytes) -> None:
            self.send_response_only(200)
            self.send_header("Date", formatdate(usegmt=True))
            self.send_header("Content-Type", "application/json")
            if compressed and body.startswith(b"\x1f\x8b"):
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


@lru_cache(maxsize=400)
def _packed(number: int, pages: int, edition: Edition, rows: int) -> bytes:
    return gzip.compress(page_of(number, pages, edition, rows), 4)


def _edition_at(path: str) -> tuple[Edition, float]:
    """What an address says: the first edition at once, unless it begins otherwise."""
    named = re.match(r"/(\w+)-(\d+)ms/", path)
    return (Edition(named[1]), int(named[2]) / 1000) if named else (Edition.FULL, 0.0)


def _page_at(start: str | None, edition: Edition) -> int:
    """The page behind a token or an instant; the few rows before midnight that a margin asks for are left out."""
    if start is None:
        return 0
    if start.startswith("page-"):
        return int(start.removeprefix("page-"))
    if edition is Edition.INCREMENT:
        return 0
    moment = datetime.fromisoformat(start.replace("Z", "+00:00")) + timedelta(minutes=10)
    return max(0, (moment - FIRST_MOMENT).days)

"""A jobs feed of any length out of memory, on a real socket, in a process of its own.

Pages of 5,000 rows of about 1.1 kB are rendered once and stamped with ids and dates per request, so the server costs
next to nothing beside what is measured. One page is one day; a token is a page number.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from st_platform.ingest.windows import Window
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

ROWS = 5000
FIRST_DAY = date(2022, 1, 1)

_DISTINCT = 10
_STATUSES = ("Completed", "Canceled", "Scheduled", "InProgress", "Hold")
_WORDS = ("replace", "repair", "inspect", "install", "tune", "water", "heater", "furnace", "drain", "valve", "leak")


@contextmanager
def serving(pages: int, *, changed: float = 0.0, compressed: bool = False, delay: float = 0.0) -> Iterator[str]:
    """The URL of a feed with so many pages, each `delay` seconds away.

    `changed` is the share of rows that carry a newer version.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, pages, changed, compressed, delay), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


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
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return Window(None, start + timedelta(days=pages))


def page_of(number: int, pages: int, changed: float = 0.0) -> bytes:
    """The answer to one request; empty behind the last page."""
    if number >= pages:
        return b'{"hasMore":false,"continueFrom":"page-%d","data":[]}' % pages
    day = (FIRST_DAY + timedelta(days=number)).isoformat().encode()
    rows = _rows(number % _DISTINCT, changed)
    rows = rows.replace(b'"id":7000', b'"id":7%03d' % (number // _DISTINCT)).replace(b"DAYOFTHEPAGE", day)
    more = b"true" if number + 1 < pages else b"false"
    return b'{"hasMore":%s,"continueFrom":"page-%d","data":[%s]}' % (more, number + 1, rows)


@lru_cache(maxsize=_DISTINCT)
def _rows(number: int, changed: float) -> bytes:
    random_ = random.Random(number)
    return ",".join(
        json.dumps(_row(random_, number * ROWS + place, place, place < ROWS * changed), separators=(",", ":"))
        for place in range(ROWS)
    ).encode()


def _row(random_: random.Random, number: int, place: int, is_changed: bool) -> dict[str, object]:
    instant = f"DAYOFTHEPAGET{place // 210:02d}:{place % 60:02d}:{random_.randrange(60):02d}.{place:07d}Z"
    words = " ".join(random_.choices(_WORDS, k=20))
    fields = [{"typeId": 10 + n, "name": f"Field {n}", "value": random_.choice(_WORDS)} for n in range(3)]
    if is_changed:
        instant = f"DAYOFTHEPAGET23:59:58.{place:07d}Z"
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
        "createdOn": instant,
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


def _serve(ready: Connection, pages: int, changed: float, compressed: bool, delay: float) -> None:
    for number in range(min(pages, _DISTINCT)):
        _rows(number, changed)
    packed: dict[int, bytes] = {}
    if compressed:
        packed = {number: gzip.compress(page_of(number, pages, changed), 4) for number in range(pages)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b'{"access_token":"e30.e30.e30","expires_in":86400,"token_type":"Bearer"}')

        def do_GET(self) -> None:
            start = parse_qs(urlsplit(self.path).query).get("from", [None])[0]
            number = _page_at(start)
            time.sleep(delay)
            self._answer(page_of(number, pages, changed), packed.get(number))

        def _answer(self, body: bytes, compressed_body: bytes | None = None) -> None:
            self.send_response_only(200)
            self.send_header("Date", formatdate(usegmt=True))
            self.send_header("Content-Type", "application/json")
            if compressed_body is not None:
                self.send_header("Content-Encoding", "gzip")
            body = compressed_body or body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


def _page_at(start: str | None) -> int:
    """The page behind a token or an instant; the few rows before midnight that a margin asks for are left out."""
    if start is None:
        return 0
    if start.startswith("page-"):
        return int(start.removeprefix("page-"))
    moment = datetime.fromisoformat(start.replace("Z", "+00:00")) + timedelta(minutes=10)
    return max(0, (moment - datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)).days)

"""Landing saved API rows: the same decode, merge and quarantine as a page, from a file of one row per line.

A file proves nothing about what else there is: it certifies no window, moves no position and infers no deletes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from st_platform.ingest.crew import Desk
from st_platform.ingest.decode import Decoder
from st_platform.ingest.errors import SyncFailed
from st_platform.ingest.landing import LaneWriter, Site
from st_platform.ingest.lane_task import hold
from st_platform.ingest.lanes import Times
from st_platform.ingest.report import Certificate, Outcome, SyncReport, Tally, report_of
from st_platform.servicetitan.catalog import Resource
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from st_platform.warehouse.progress import LaneKey, add_lanes, finish_lane, resource_state

_ROWS = 5000
_LONGEST = 64 * 2**20


def ingest_file(resource: Resource, tenant: Tenant, path: Path, *, database: Database) -> SyncReport:
    """Land the rows of a file, in pages of 5,000. The certificate says only that the file was read to its end.

    Raises:
        SyncFailed: the file cannot be read, or a line is longer than 64 MiB.
        QuarantineThresholdExceeded: too many rows of a page are broken; the pages before it stay.
    """
    if resource.filled:
        raise SyncFailed(
            f"rows of {resource.name} do not say what was asked for when they came",
            str(path),
            "Read the resource from the API; a file cannot stand for it.",
        )
    began, now = time.perf_counter(), datetime.now(UTC)
    tally = Tally()
    name = f"file {path.name} {uuid4()}"
    key = LaneKey(tenant.tenant_id, resource.name, name, None, None)
    with ExitStack() as stack:
        desk = stack.enter_context(Desk())
        site = Site(tenant, resource, database, None, None, tally, Decoder(resource), desk)
        lease = stack.enter_context(hold(site, name, patience=0))
        file = stack.enter_context(_opened(path))
        with database.connection() as connection:
            (lane,) = add_lanes(connection, key, [(None, None)], lease=lease)
        writer = LaneWriter(site, lane, lease)
        for rows in _pages(file, path):
            seq = writer.draw()
            decoded = site.decoder.rows(rows)
            times = Times.of(site.decoder.versions(decoded))
            writer.commit(decoded, fetch_seq=seq, at=datetime.now(UTC), position=None, times=times)
        with database.connection() as connection:
            finish_lane(connection, lane.lane_id, lease=lease, at=now, certified=False)
    with database.connection() as connection:
        version = resource_state(connection, tenant.tenant_id, resource.name).last_changed_seq
    return report_of(
        tenant.name,
        resource.name,
        None,
        tally,
        Outcome(Certificate.CAUGHT_UP, lanes=1, lanes_skipped=0, known_until=now),
        calls=0,
        data_version=version,
        started_at=now,
        seconds=time.perf_counter() - began,
    )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SyncFailed(f"the file cannot be read: {error.strerror}", str(path), "Give a readable file.") from None


def _pages(file: BinaryIO, path: Path) -> Iterator[list[bytes]]:
    """Lines that are not empty, by the page."""
    lines = (line for number, text in enumerate(_lines(file)) if (line := _checked(text, number, path)))
    while page := list(islice(lines, _ROWS)):
        yield page


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_LONGEST + 1):
        yield line


def _checked(line: bytes, number: int, path: Path) -> bytes:
    if len(line) > _LONGEST:
        raise SyncFailed(
            f"line {number + 1} is longer than {_LONGEST // 2**20} MiB",
            str(path),
            "The file needs one JSON object per line.",
        )
    return line.removeprefix(b"\xef\xbb\xbf").strip() if number == 0 else line.strip()

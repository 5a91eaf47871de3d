"""Syncs in processes of their own, to be killed, crowded or measured, and the broken variants that must be caught.

A fork server that has the platform's modules loaded starts a child in a few milliseconds.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import sql

from st_platform.ingest import failpoints, landing
from st_platform.ingest.connect import open_client
from st_platform.ingest.reconcile import reconcile
from st_platform.ingest.sync import SyncRequest, sync
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.envelope import Page
from st_platform.servicetitan.paging import FeedPager
from st_platform.servicetitan.tenant import Tenant
from st_platform.warehouse.database import Database
from tests.syncing import QUICK

KILLED = -signal.SIGKILL

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.children"])


@dataclass(frozen=True)
class Job:
    """What a child does: `task` is sync or reconcile (deep). `failpoint` as in `ST_FAILPOINT`; `variant` names one of
    `VARIANTS`."""

    tenant: Tenant
    resource: str
    window: Window | None
    generation: str | None
    database_url: str
    failpoint: str = ""
    variant: str | None = None
    page_size: int | None = None
    include: dict[str, Any] = field(default_factory=dict[str, Any])
    task: str = "sync"

    @property
    def entry(self) -> Resource:
        entry = CATALOG[self.resource]
        if self.page_size is None or entry.list is None:
            return entry
        return replace(entry, list=replace(entry.list, page_size=self.page_size))


def start(job: Job) -> BaseProcess:
    """Start a child; it exits with 0 when its sync came to the end."""
    process = _context.Process(target=run, args=(job,), daemon=True)
    process.start()
    return process


def finished(job: Job, *, seconds: float = 60) -> int | None:
    """Run a child to its end; its exit code, negative for the signal that ended it."""
    process = start(job)
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"the child did not end within {seconds} seconds: {job}")
    return process.exitcode


def run(job: Job) -> None:
    """One sync or comparison under the shared rate limit, in this process."""
    failpoints.arm(job.failpoint)
    request = SyncRequest(job.tenant, job.entry, job.window, job.generation, **job.include)
    with ExitStack() as stack:
        if job.variant:
            stack.enter_context(VARIANTS[job.variant]())
        database = stack.enter_context(Database(job.database_url, role="st_loader"))
        client = stack.enter_context(open_client(job.tenant, database))
        client.policy = QUICK  # children do not wait for real
        if job.task == "reconcile":
            reconcile(job.tenant, job.entry, client=client, database=database, deep=True)
        else:
            sync(request, client=client, database=database)


# -- broken variants -----------------------------------------------------------------------------------------------


@contextmanager
def cursor_before_rows() -> Iterator[None]:
    """The position of a page is committed on its own, before the page's rows."""
    honest = landing.LaneWriter.commit

    def commit(self: landing.LaneWriter, decoded: Any, *, position: str | None, **more: Any) -> Any:
        with self.site.database.connection() as connection:
            connection.execute(
                "UPDATE platform.sync_lanes SET position = %s WHERE lane_id = %s", [position, self.lane.lane_id]
            )
        return honest(self, decoded, position=position, **more)

    with patch.object(landing.LaneWriter, "commit", commit):
        yield


@contextmanager
def lane_done_before_rows() -> Iterator[None]:
    """A lane is finished in a transaction of its own, ahead of its last page."""
    honest = landing.LaneWriter.commit

    def commit(self: landing.LaneWriter, decoded: Any, *, also: Any = None, **more: Any) -> Any:
        if also is not None:
            with self.site.database.connection() as connection:
                also(connection)
        return honest(self, decoded, **more)

    with patch.object(landing.LaneWriter, "commit", commit):
        yield


@contextmanager
def no_version_guard() -> Iterator[None]:
    """Whatever is read replaces what is there."""
    honest = landing.merge_page

    def merge_page(connection: psycopg.Connection, resource: Resource, tenant_id: int, rows: Any, **more: Any) -> Any:
        ids = [getattr(row, "record", row).id for row in rows]
        table = sql.Identifier("servicetitan", resource.name)
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE tenant_id = %s AND id = ANY (%s)").format(table), [tenant_id, ids]
        )
        return honest(connection, resource, tenant_id, rows, **more)

    with patch.object(landing, "merge_page", merge_page):
        yield


@contextmanager
def has_more_ignored() -> Iterator[None]:
    """Every page is taken for the last one."""
    honest = FeedPager.fetch

    def fetch(self: FeedPager, start: str | None) -> Page:
        return replace(honest(self, start), has_more=False)

    with patch.object(FeedPager, "fetch", fetch):
        yield


@contextmanager
def last_row_dropped() -> Iterator[None]:
    """The last row of every page is lost on the way."""
    honest = landing.Decoder.page

    def page(self: Any, body: bytes, rows: Any) -> Any:
        decoded = honest(self, body, rows)
        return replace(decoded, rows=list(decoded.rows)[:-1])

    with patch.object(landing.Decoder, "page", page):
        yield


@contextmanager
def in_process_limiter() -> Iterator[None]:
    """Each process has a rate limit of its own."""

    class Alone:
        def __init__(self, database: Database, bucket: str, rate: float) -> None:
            self._pause = 1 / rate
            self._next = 0.0
            self._lock = Lock()

        def acquire(self) -> None:
            with self._lock:
                time.sleep(max(0.0, self._next - time.monotonic()))
                self._next = time.monotonic() + self._pause

        def pause(self, seconds: float) -> None: ...

    with patch("st_platform.ingest.connect.SharedRateLimiter", Alone):
        yield


VARIANTS: dict[str, Callable[[], Any]] = {
    variant.__name__: variant
    for variant in (
        cursor_before_rows,
        lane_done_before_rows,
        no_version_guard,
        has_more_ignored,
        last_row_dropped,
        in_process_limiter,
    )
}

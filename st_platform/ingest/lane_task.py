"""A lane to read, and the lease that lets us. Values, and the wait for a lease that somebody else holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from st_platform.ingest.errors import WindowBusy
from st_platform.ingest.failpoints import Failpoint, reach
from st_platform.ingest.landing import Site
from st_platform.ingest.windows import Window
from st_platform.warehouse.errors import LeaseHeld
from st_platform.warehouse.progress import Lane, Lease, holding

_PAUSE = 0.2

AtEnd = Callable[[psycopg.Connection, str], None]
"""What else the end of a lane means; gets the position it ended at, in the transaction of its last page."""


@dataclass(frozen=True)
class LaneTask:
    """One lane to read.

    `closes`: the lane is done at its end; otherwise it stays open and the next run goes on from there.
    `include_recent` shows changes that a feed still hides; the position then stays where it is, because the plain
    feed has not shown them yet.
    """

    lane: Lane
    lease: Lease
    closes: bool
    include_recent: bool = False
    at_end: AtEnd | None = None

    @property
    def bounds(self) -> Window:
        return Window(self.lane.lane_start, self.lane.lane_end)


@contextmanager
def hold(site: Site, scope: str, *, patience: float) -> Generator[Lease]:
    """Hold the lease on a part of the resource, waiting up to `patience` seconds for its holder to finish.

    Raises:
        WindowBusy: somebody who is alive still holds it.
    """
    deadline = time.monotonic() + patience
    with ExitStack() as stack:
        while True:
            try:
                lease = stack.enter_context(holding(site.database, site.tenant.tenant_id, site.resource.name, scope))
                break
            except LeaseHeld as error:
                if time.monotonic() + _PAUSE > deadline:
                    raise WindowBusy(
                        f"another process is reading the same rows: {error.what}",
                        f"{site.where}, {scope}",
                        "Wait for it to finish, or end it; then run this again.",
                    ) from None
            time.sleep(_PAUSE)
        reach(Failpoint.AFTER_LEASE)
        yield lease

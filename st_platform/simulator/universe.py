"""Everything one simulator holds: the clock, the tenants with their shelves, the fault plan and the logs.

The state behind the HTTP surface, and itself free of HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from st_platform.simulator.clock import Clock
from st_platform.simulator.endpoints import BY_RESOURCE, SCOPES, Endpoint
from st_platform.simulator.faults import FaultPlan
from st_platform.simulator.instants import SECOND, to_ticks
from st_platform.simulator.journal import ArrivalLimit, RequestLog
from st_platform.simulator.rows.view import View
from st_platform.simulator.store import Shelf
from st_platform.simulator.table import Table
from st_platform.simulator.tokens import TokenMint

APP_KEY = "sim-app-key"
PARTITION_DAYS = 120


@dataclass
class Options:
    """What tests may turn while the simulator runs. Sizes in rows, lifetimes in seconds.

    `feed_hides_changed_rows`: which rows a feed shows of the last fifteen minutes is not documented. Off, it shows
    them as they were before; on, not at all until the time has passed.
    `lists_hide_deleted`: whether a list whose rows do not say that they are active (that of jobs, say) leaves deleted
    ones out is not documented either. On, it does.
    """

    feed_page_size: int = 5000
    requests_per_second: int | None = 60
    feed_token_seconds: int | None = None
    gzip: bool = True
    retry_after_header: bool = False
    feed_hides_changed_rows: bool = False
    lists_hide_deleted: bool = True


@dataclass
class SimulatedTenant:
    """One tenant as the API sees it. `view` is the business behind the shelves, None where there is none."""

    name: str
    tenant_id: int
    timezone: str
    shelves: Mapping[str, Shelf]
    view: View | None = None
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))

    def has(self, endpoint: Endpoint) -> bool:
        return endpoint.resource in self.shelves or (endpoint.window and self.view is not None)

    @property
    def client_id(self) -> str:
        return f"sim-{self.name}"

    @property
    def client_secret(self) -> str:
        return f"sim-{self.name}-secret"


class Universe:
    """`start` is where the clock begins and where `reset` takes it back to; `end` is as far as it may go. `journal` is
    the file in which edits by hand outlive the process."""

    def __init__(
        self,
        tables: Mapping[tuple[str, int, str], list[Table]],
        *,
        views: Mapping[int, View] | None = None,
        seed: int,
        start: datetime,
        ticking: bool,
        end: int,
        anchor: date,
        journal: Path | None = None,
    ) -> None:
        self.seed = seed
        self.start = to_ticks(start)
        self.end = end
        self.anchor = anchor
        self.journal = journal
        self.clock = Clock(start, ticking=ticking)
        self._ticking = ticking
        self.mint = TokenMint(seed)
        self.faults = FaultPlan()
        self.requests = RequestLog()
        self.limit = ArrivalLimit(Options().requests_per_second)
        self.options = Options()
        self.token_generation = 0
        self.tenants = {
            tenant_id: SimulatedTenant(
                name,
                tenant_id,
                timezone,
                {table.resource: Shelf(table, BY_RESOURCE[table.resource]) for table in tenant_tables},
                (views or {}).get(tenant_id),
            )
            for (name, tenant_id, timezone), tenant_tables in tables.items()
        }

    def reset(self) -> None:
        """Back to the state after start: clock, edits, faults, logs, options, scopes."""
        self.clock.ticking = self._ticking
        self.clock.set(self.start)
        self.faults.clear()
        self.requests.clear()
        self.options = Options()
        self.limit.per_second = self.options.requests_per_second
        self.limit.clear()
        self.token_generation = 0
        if self.journal is not None:
            self.journal.unlink(missing_ok=True)
        for tenant in self.tenants.values():
            tenant.scopes = set(SCOPES)
            for shelf in tenant.shelves.values():
                shelf.edits.clear()

    @property
    def first_partition(self) -> date:
        """From which day on the ready-made tenants keep days of their own. Does not move when time passes."""
        return self.anchor - timedelta(days=PARTITION_DAYS)

    def feed_token_lifetime(self) -> int | None:
        seconds = self.options.feed_token_seconds
        return None if seconds is None else seconds * SECOND

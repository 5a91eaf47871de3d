"""Date partitions of an extract, and what a run over them asks the ingest for.

Knows which days exist as partitions and how a run's keys become one window and one generation; reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import dagster as dg

from st_platform.ingest.windows import Window, window_of_days
from st_platform.orchestration.naming import day_of
from st_platform.servicetitan.tenant import Tenant

_BACKFILL_TAG = "dagster/backfill"


def day_partitions(start: date) -> dg.DailyPartitionsDefinition:
    """One partition per UTC day of modification from `start` to today, today included: its window is still open."""
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=1, timezone="UTC")


def window_of_keys(tenant: Tenant, keys: Sequence[str]) -> Window:
    """The one window of a run over date partitions: a single day or a range, in whatever order the keys come.

    The tenant's first day reaches back to the beginning of time.
    """
    days = sorted(day_of(key) for key in keys)
    return window_of_days(tenant, days[0], days[-1])


def generation_of(run: dg.DagsterRun, find_run: Callable[[str], dg.DagsterRun | None]) -> str:
    """The request a run belongs to, which the ledger resumes: its backfill, or the run it is a retry of, or itself.

    A retry names its root run but loses the backfill's tag once that backfill is finished, hence the look at the
    root run. A new backfill or run of the same days is a new request and reads them again.
    """
    root_id = run.root_run_id
    root = find_run(root_id) if root_id else None
    tags: Mapping[str, str] = (root or run).tags
    return tags.get(_BACKFILL_TAG) or root_id or run.run_id

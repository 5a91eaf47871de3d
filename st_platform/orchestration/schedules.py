"""When extracts and their checks run by themselves. All times are UTC.

Minutes are spread over the tenants by their names, so that many tenants neither start together nor move when one
is added. A tick is skipped while the previous run of the same job has not ended: two would read the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from st_platform.orchestration.assets.reconciliation import deep_reconciliation
from st_platform.orchestration.naming import (
    AssetPath,
    checks_job,
    close_day_job,
    extract_job,
    extract_key,
    partition_key,
    reconcile_job,
    reconcile_keys_schedule,
)
from st_platform.servicetitan.catalog import Cadence, LoadMode, Resource
from st_platform.servicetitan.tenant import Tenant

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def extract_schedules(
    tenant: Tenant, resources: Iterable[Resource], *, status: dg.DefaultScheduleStatus
) -> list[dg.ScheduleDefinition]:
    """The schedules of a tenant: its cadences, the nightly completion, the checks, and the reconciliation."""
    entries, name, first_day = list(resources), tenant.name, tenant.start_date
    schedules: list[dg.ScheduleDefinition] = []

    def add(job: str, cron: str, asks: Sequence[Ask], schedule: str | None = None) -> None:
        schedules.append(_schedule(schedule or job, job, cron, status, first_day, asks))

    for cadence in Cadence:
        chosen = [entry for entry in entries if entry.cadence is cadence]
        if chosen:
            add(extract_job(name, cadence), cadence_cron(cadence, name), cadence_runs(name, chosen))
    if any(entry.load_mode is LoadMode.DATED for entry in entries):
        add(close_day_job(name), close_day_cron(name), [Ask(days_back=1)])
    add(checks_job(name), checks_cron(name), [Ask(days_back=None)])
    add(reconcile_job(name), reconcile_cron(name), [Ask(days_back=None)])
    deep = Ask(days_back=None, config=deep_reconciliation(name))
    add(reconcile_job(name), reconcile_keys_cron(name), [deep], reconcile_keys_schedule(name))
    return schedules


@dataclass(frozen=True)
class Ask:
    """One run of a tick: `days_back` of the tick's day as a partition, with the days since if `to_today`.

    `days_back` None asks for no partition; `paths` are the assets, None for all of the job.
    """

    days_back: int | None
    to_today: bool = False
    paths: tuple[AssetPath, ...] | None = None
    config: Mapping[str, Any] | None = None


def cadence_runs(tenant: str, resources: Sequence[Resource]) -> list[Ask]:
    """The runs of one cadence: today for all of it; what is read by window in a run of its own over its last days."""
    windows: dict[int, list[AssetPath]] = {}
    others: list[Resource] = []
    for entry in resources:
        if entry.window is not None:
            windows.setdefault(entry.window.look_back.days, []).append(extract_key(tenant, entry.name))
        else:
            others.append(entry)
    asks = []
    if others:
        paths = tuple(extract_key(tenant, entry.name) for entry in others) if windows else None
        asks.append(Ask(0 if any(entry.is_dated for entry in others) else None, paths=paths))
    asks += [Ask(days, to_today=True, paths=tuple(paths)) for days, paths in windows.items()]
    return asks


def cadence_cron(cadence: Cadence, tenant: str) -> str:
    """When a cadence's resources are read: every 15 minutes, hourly, daily or weekly after 05:00 UTC."""
    minute = _spread(tenant)
    match cadence:
        case Cadence.HOT:
            return f"{minute}-59/15 * * * *"
        case Cadence.HOURLY:
            return f"{minute + 7} * * * *"
        case Cadence.DAILY:
            return f"{minute + 20} 5 * * *"
        case Cadence.WEEKLY:
            return f"{minute + 40} 5 * * 1"


def close_day_cron(tenant: str) -> str:
    """Between 00:25 and 00:39: a day's last changes are visible 15 minutes after midnight."""
    return f"{25 + _spread(tenant)} 0 * * *"


def reconcile_cron(tenant: str) -> str:
    """Daily between 03:10 and 03:24, when the night's completion is done and the daily reads have not begun."""
    return f"{10 + _spread(tenant)} 3 * * *"


def reconcile_keys_cron(tenant: str) -> str:
    """Sundays between 07:10 and 07:24, when tenants are quiet: reading every key costs as many calls as it takes."""
    return f"{10 + _spread(tenant)} 7 * * 0"


def checks_cron(tenant: str) -> str:
    """Every quarter of an hour, some minutes after the extracts started."""
    minute = (_spread(tenant) + 6) % 15
    return f"{minute}-59/15 * * * *"


def _spread(tenant: str) -> int:
    return crc32(tenant.encode()) % 15


def _schedule(
    name: str, job: str, cron: str, status: dg.DefaultScheduleStatus, first_day: date, asks: Sequence[Ask]
) -> dg.ScheduleDefinition:
    """A schedule of one job that starts the runs of `asks` at each tick, unless the last ones have not ended."""

    @dg.schedule(name=name, job_name=job, cron_schedule=cron, execution_timezone="UTC", default_status=status)
    def tick(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        unfinished = context.instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=_UNFINISHED, created_after=_recently()), limit=1
        )
        if unfinished:
            return dg.SkipReason(f"run {unfinished[0].dagster_run.run_id} of this job has not ended")
        today = context.scheduled_execution_time.astimezone(UTC).date()
        requests = [request for ask in asks if (request := _request(ask, today, first_day)) is not None]
        return requests or dg.SkipReason(f"what {today} asks for is before the first partition, {first_day}")

    return tick


def _request(ask: Ask, today: date, first_day: date) -> dg.RunRequest | None:
    """The run of an ask on a day; None where its days lie before the first partition."""
    keys = None if ask.paths is None else [dg.AssetKey(path) for path in ask.paths]
    # One tick may ask for several runs, which Dagster tells apart by their keys.
    run_key = None if ask.paths is None else f"{today}/{ask.days_back}"
    if ask.days_back is None:
        return dg.RunRequest(run_key=run_key, asset_selection=keys, run_config=ask.config)
    first = today - timedelta(days=ask.days_back)
    if not ask.to_today:
        if first < first_day:
            return None
        return dg.RunRequest(run_key=run_key, asset_selection=keys, partition_key=partition_key(first))
    if today < first_day:
        return None
    days = {
        ASSET_PARTITION_RANGE_START_TAG: partition_key(max(first, first_day)),
        ASSET_PARTITION_RANGE_END_TAG: partition_key(today),
    }
    return dg.RunRequest(run_key=run_key, asset_selection=keys, tags=days)


def _recently() -> datetime:
    """A run that is older than this and has not ended is a dead one, and must not stop the clock for ever."""
    return datetime.now(UTC) - timedelta(days=1)

"""When extracts and their checks run by themselves. All times are UTC.

Minutes are spread over the tenants by their names, so that many tenants neither start together nor move when one
is added. A tick is skipped while the previous run of the same job has not ended: two would read the same.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

import dagster as dg

from st_platform.orchestration.naming import checks_job, close_day_job, extract_job, partition_key
from st_platform.servicetitan.catalog import Cadence, Resource
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
    """One schedule per job of the tenant: its cadences, the nightly completion and the checks."""
    entries = list(resources)
    schedules = []
    for cadence in Cadence:
        chosen = [entry for entry in entries if entry.cadence is cadence]
        if chosen:
            first_day = tenant.start_date if any(entry.is_dated for entry in chosen) else None
            cron = cadence_cron(cadence, tenant.name)
            schedules.append(_schedule(extract_job(tenant.name, cadence), cron, status, first_day, days_back=0))
    if any(entry.is_dated for entry in entries):
        cron = close_day_cron(tenant.name)
        schedules.append(_schedule(close_day_job(tenant.name), cron, status, tenant.start_date, days_back=1))
    schedules.append(_schedule(checks_job(tenant.name), checks_cron(tenant.name), status, None, days_back=0))
    return schedules


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


def checks_cron(tenant: str) -> str:
    """Every quarter of an hour, some minutes after the extracts started."""
    minute = (_spread(tenant) + 6) % 15
    return f"{minute}-59/15 * * * *"


def _spread(tenant: str) -> int:
    return crc32(tenant.encode()) % 15


def _schedule(
    job: str, cron: str, status: dg.DefaultScheduleStatus, first_day: date | None, *, days_back: int
) -> dg.ScheduleDefinition:
    """A schedule whose run takes the day `days_back` before the tick, or no partition if there is no first day."""

    @dg.schedule(name=job, job_name=job, cron_schedule=cron, execution_timezone="UTC", default_status=status)
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        unfinished = context.instance.get_run_records(
            dg.RunsFilter(job_name=job, statuses=_UNFINISHED, created_after=_recently()), limit=1
        )
        if unfinished:
            return dg.SkipReason(f"run {unfinished[0].dagster_run.run_id} of this job has not ended")
        if first_day is None:
            return dg.RunRequest()
        day = context.scheduled_execution_time.astimezone(UTC).date() - timedelta(days=days_back)
        if day < first_day:
            return dg.SkipReason(f"{day} is before the first partition, {first_day}")
        return dg.RunRequest(partition_key=partition_key(day))

    return tick


def _recently() -> datetime:
    """A run that is older than this and has not ended is a dead one, and must not stop the clock for ever."""
    return datetime.now(UTC) - timedelta(days=1)

"""When extracts run by themselves, and which day they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import is_valid_cron_schedule

from st_platform.orchestration.schedules import (
    cadence_cron,
    checks_cron,
    close_day_cron,
    extract_schedules,
)
from st_platform.servicetitan.catalog import CATALOG, Cadence
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

NAMES = [f"tenant_{number}" for number in range(40)]
ACME = Tenant(
    name="acme",
    tenant_id=1,
    environment=Environment.CUSTOM,
    endpoints=Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1/connect/token"),
    credentials=Credentials("id", "secret", "key"),
    timezone=ZoneInfo("America/New_York"),
    start_date=date(2026, 7, 1),
)
SCHEDULES = {
    schedule.name: schedule
    for schedule in extract_schedules(ACME, CATALOG.values(), status=dg.DefaultScheduleStatus.RUNNING)
}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as local:
        yield local


def tick(name: str, at: datetime, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """What the schedule asks for at `at`."""
    answer = SCHEDULES[name](dg.build_schedule_context(instance=instance, scheduled_execution_time=at))
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def test_every_cron_line_is_one() -> None:
    lines = [cadence_cron(cadence, name) for cadence in Cadence for name in NAMES]
    lines += [checks_cron(name) for name in NAMES] + [close_day_cron(name) for name in NAMES]

    assert [line for line in lines if not is_valid_cron_schedule(line)] == []


def test_tenants_do_not_all_start_in_the_same_minute() -> None:
    assert len({cadence_cron(Cadence.HOT, name) for name in NAMES}) > 8


def test_hot_runs_every_quarter_of_an_hour() -> None:
    minutes = {cadence_cron(Cadence.HOT, name).split("-")[0] for name in NAMES}

    assert all(0 <= int(minute) < 15 for minute in minutes)


def test_the_day_is_completed_after_its_last_changes_are_visible() -> None:
    minutes = [int(close_day_cron(name).split()[0]) for name in NAMES]

    assert min(minutes) >= 20
    assert {tuple(close_day_cron(name).split()[1:]) for name in NAMES} == {("0", "*", "*", "*")}


def test_a_hot_tick_asks_for_today_in_utc(instance: dg.DagsterInstance) -> None:
    request = tick("acme__hot", datetime(2026, 7, 9, 23, 59, tzinfo=UTC), instance)
    tomorrow = tick("acme__hot", datetime(2026, 7, 9, 20, 14, tzinfo=ZoneInfo("America/New_York")), instance)

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-07-09"
    assert isinstance(tomorrow, dg.RunRequest)
    assert tomorrow.partition_key == "2026-07-10"


def test_the_nightly_tick_asks_for_yesterday(instance: dg.DagsterInstance) -> None:
    request = tick("acme__close_day", datetime(2026, 7, 9, 0, 30, tzinfo=UTC), instance)

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-07-08"


def test_nothing_is_asked_for_before_the_first_partition(instance: dg.DagsterInstance) -> None:
    skipped = tick("acme__close_day", datetime(2026, 7, 1, 0, 30, tzinfo=UTC), instance)

    assert isinstance(skipped, dg.SkipReason)
    assert "2026-06-30" in (skipped.skip_message or "")


def test_what_has_no_days_is_asked_for_without_one(instance: dg.DagsterInstance) -> None:
    request = tick("acme__daily", datetime(2026, 7, 9, 5, 30, tzinfo=UTC), instance)

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key is None


def test_a_tick_is_skipped_while_the_previous_run_has_not_ended(instance: dg.DagsterInstance) -> None:
    now = datetime.now(UTC)
    instance.add_run(dg.DagsterRun(job_name="acme__hot", run_id="slow", status=dg.DagsterRunStatus.STARTED))
    instance.add_run(dg.DagsterRun(job_name="acme__hourly", run_id="done", status=dg.DagsterRunStatus.SUCCESS))

    skipped = tick("acme__hot", now, instance)

    assert isinstance(skipped, dg.SkipReason)
    assert "slow" in (skipped.skip_message or "")
    assert isinstance(tick("acme__hourly", now, instance), dg.RunRequest)

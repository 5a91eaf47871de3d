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
    cadence_runs,
    checks_cron,
    close_day_cron,
    extract_schedules,
    reconcile_cron,
    reconcile_keys_cron,
)
from st_platform.servicetitan.catalog import CATALOG, Cadence, LoadMode
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
WINDOWS = [name for name, entry in CATALOG.items() if entry.load_mode is LoadMode.WINDOW]
SCHEDULES = {
    schedule.name: schedule
    for schedule in extract_schedules(ACME, CATALOG.values(), status=dg.DefaultScheduleStatus.RUNNING)
}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as local:
        yield local


def ticks(name: str, at: datetime, instance: dg.DagsterInstance) -> list[dg.RunRequest] | dg.SkipReason:
    """What the schedule asks for at `at`."""
    answer = SCHEDULES[name](dg.build_schedule_context(instance=instance, scheduled_execution_time=at))
    assert isinstance(answer, list | dg.SkipReason)
    return answer


def tick(name: str, at: datetime, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """The only run that the schedule asks for, or why it asks for none."""
    answer = ticks(name, at, instance)
    if isinstance(answer, dg.SkipReason):
        return answer
    [request] = answer
    return request


def test_every_cron_line_is_one() -> None:
    lines = [cadence_cron(cadence, name) for cadence in Cadence for name in NAMES]
    for line in (checks_cron, close_day_cron, reconcile_cron, reconcile_keys_cron):
        lines += [line(name) for name in NAMES]

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
    assert "before the first partition, 2026-07-01" in (skipped.skip_message or "")


def test_what_has_no_days_is_asked_for_without_one(instance: dg.DagsterInstance) -> None:
    request = tick("acme__weekly", datetime(2026, 7, 13, 5, 50, tzinfo=UTC), instance)

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key is None


def days_of_windows(requests: list[dg.RunRequest] | dg.SkipReason) -> tuple[str, str]:
    """First and last day of the run over what is read by window; every other run of the tick asks for one day."""
    assert isinstance(requests, list)
    assert len({request.run_key for request in requests}) == len(requests)
    windows = {dg.AssetKey(["servicetitan", "acme", name]) for name in WINDOWS}
    [run] = [request for request in requests if windows & set(request.asset_selection or ())]
    assert set(run.asset_selection or ()) == windows
    assert run.partition_key is None
    return run.tags["dagster/asset_partition_range_start"], run.tags["dagster/asset_partition_range_end"]


def test_what_is_read_by_window_is_read_again_over_its_last_days_in_one_run(instance: dg.DagsterInstance) -> None:
    requests = ticks("acme__daily", datetime(2026, 9, 9, 5, 30, tzinfo=UTC), instance)

    assert days_of_windows(requests) == ("2026-08-10", "2026-09-09")
    assert isinstance(requests, list)
    [today] = [request for request in requests if request.partition_key]
    assert today.partition_key == "2026-09-09"
    asked = [key.path[-1] for request in requests for key in request.asset_selection or ()]
    assert sorted(asked) == sorted(name for name, entry in CATALOG.items() if entry.cadence is Cadence.DAILY)


def test_the_last_days_of_a_window_begin_no_earlier_than_the_first_partition(instance: dg.DagsterInstance) -> None:
    requests = ticks("acme__daily", datetime(2026, 7, 9, 5, 30, tzinfo=UTC), instance)

    assert days_of_windows(requests) == ("2026-07-01", "2026-07-09")


def test_a_cadence_without_windows_asks_for_all_of_its_job(instance: dg.DagsterInstance) -> None:
    request = tick("acme__hourly", datetime(2026, 7, 9, 5, 30, tzinfo=UTC), instance)

    assert isinstance(request, dg.RunRequest)
    assert request.asset_selection is None


def test_every_resource_is_read_by_exactly_one_run_of_its_cadence() -> None:
    for cadence in Cadence:
        chosen = [entry for entry in CATALOG.values() if entry.cadence is cadence]
        asks = cadence_runs("acme", chosen)
        if len(asks) == 1:
            assert asks[0].paths is None
        else:
            asked = [path[-1] for ask in asks for path in ask.paths or ()]
            assert sorted(asked) == sorted(entry.name for entry in chosen)
        for ask in asks:
            for path in ask.paths or ():
                window = CATALOG[path[-1]].window
                assert ask.to_today == (window is not None)
                assert ask.days_back == (window.look_back.days if window else 0)


def test_there_is_one_schedule_per_tenant_and_purpose() -> None:
    assert set(SCHEDULES) == {
        "acme__hot",
        "acme__hourly",
        "acme__daily",
        "acme__weekly",
        "acme__close_day",
        "acme__checks",
        "acme__reconcile",
        "acme__reconcile_keys",
    }


def test_reconciliation_counts_every_day_and_compares_keys_every_week(instance: dg.DagsterInstance) -> None:
    at = datetime(2026, 7, 12, 7, 12, tzinfo=UTC)
    counts, keys = tick("acme__reconcile", at, instance), tick("acme__reconcile_keys", at, instance)

    assert isinstance(counts, dg.RunRequest)
    assert isinstance(keys, dg.RunRequest)
    assert counts.run_config == {}
    assert keys.run_config == {"ops": {"servicetitan__acme__reconciliation": {"config": {"deep": True}}}}
    assert SCHEDULES["acme__reconcile_keys"].job_name == "acme__reconcile"
    assert SCHEDULES["acme__reconcile"].cron_schedule == reconcile_cron("acme")
    assert reconcile_keys_cron("acme").endswith(" 7 * * 0")


def test_a_tick_is_skipped_while_the_previous_run_has_not_ended(instance: dg.DagsterInstance) -> None:
    now = datetime.now(UTC)
    instance.add_run(dg.DagsterRun(job_name="acme__hot", run_id="slow", status=dg.DagsterRunStatus.STARTED))
    instance.add_run(dg.DagsterRun(job_name="acme__hourly", run_id="done", status=dg.DagsterRunStatus.SUCCESS))

    skipped = tick("acme__hot", now, instance)

    assert isinstance(skipped, dg.SkipReason)
    assert "slow" in (skipped.skip_message or "")
    assert isinstance(tick("acme__hourly", now, instance), dg.RunRequest)

"""What breaks in Dagster reaches the alert channel: failed checks of green runs, failed runs, failed backfills."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
import time_machine
from dagster import AssetKey
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from st_platform.alerts import DeliveryFailed, InvalidChannel
from st_platform.orchestration.sensors.alerts import alerts
from tests.alert_sink import Sink, sink

__all__ = ["sink"]

JOBS = AssetKey(["servicetitan", "acme", "jobs"])
INVOICES = AssetKey(["servicetitan", "zen", "invoices"])
DASHBOARD = "https://dagster.example.com"


class World:
    """Two extracts with a check each, and a switch for what goes wrong."""

    def __init__(self, instance: dg.DagsterInstance, sink: Sink) -> None:
        self.instance = instance
        self.sink = sink
        self.passes = True
        self.severity = dg.AssetCheckSeverity.ERROR
        self.breaks: Exception | None = None
        self.cursor: str | None = None
        world = self

        @dg.asset(key=JOBS, owners=["team:operations"])
        def jobs() -> None:
            if world.breaks:
                raise world.breaks

        @dg.asset(key=INVOICES, owners=["team:finance"])
        def invoices() -> None: ...

        def judge() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(
                passed=world.passes, severity=world.severity, description="nothing came since 08:00"
            )

        checks = [dg.asset_check(asset=key, name="freshness")(judge) for key in (JOBS, INVOICES)]
        self.definitions = dg.Definitions(assets=[jobs, invoices], asset_checks=checks, executor=dg.in_process_executor)
        self.repository = self.definitions.get_repository_def()

    def run(self, *keys: AssetKey, tags: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance, asset_selection=list(keys or (JOBS, INVOICES)), raise_on_error=False, tags=tags
        )

    def tick(self) -> dg.SensorResult:
        """One look of the sensor; its cursor is kept, unless it fails."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, repository_def=self.repository)
        result = alerts(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.tick()


@pytest.fixture
def world(instance: dg.DagsterInstance, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("ST_ALERT_URL", sink.url)
    monkeypatch.setenv("ST_DAGSTER_URL", DASHBOARD)
    return World(instance, sink)


def test_a_failed_check_of_a_green_run_is_told_with_asset_tenant_reason_owner_and_link(world: World) -> None:
    world.passes = False

    result = world.run(JOBS)
    world.tick()

    assert result.success
    [message] = world.sink.received
    assert message["title"] == "ERROR: servicetitan/acme/jobs: freshness (acme)"
    assert "Reason: nothing came since 08:00" in message["message"]
    assert "Owner: team:operations" in message["message"]
    assert f"Link: {DASHBOARD}/assets/servicetitan/acme/jobs?view=checks" in message["message"]


def test_a_sensor_of_failed_runs_alone_would_not_have_noticed(world: World) -> None:
    """Why check evaluations are read: this is all that such a sensor gets to see."""
    world.passes = False
    world.run(JOBS)

    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    assert world.instance.get_run_records(failed) == []


def test_one_incident_is_one_message_however_often_it_is_evaluated(world: World) -> None:
    world.passes = False
    for _ in range(4):
        world.run(JOBS)
        world.ticks(2)

    assert len(world.sink.received) == 1


def test_a_second_failure_after_a_recovery_is_told(world: World) -> None:
    for passes in (False, True, False):
        world.passes = passes
        world.run(JOBS)
        world.tick()

    assert len(world.sink.received) == 2


def test_a_failure_that_recovered_before_anyone_looked_is_told_once_and_over(world: World) -> None:
    for passes in (False, True):
        world.passes = passes
        world.run(JOBS)
    world.ticks(2)
    assert len(world.sink.received) == 1

    world.passes = False
    world.run(JOBS)
    world.tick()
    assert len(world.sink.received) == 2


def test_a_warning_that_becomes_an_error_is_told_again(world: World) -> None:
    world.passes = False
    for severity in (dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN):
        world.severity = severity
        world.run(JOBS)
        world.tick()

    assert [title.split(":")[0] for title in world.sink.titles] == ["WARNING", "ERROR"]


def test_each_tenant_gets_its_own_message(world: World) -> None:
    world.passes = False
    world.run()
    world.tick()

    assert sorted(world.sink.titles) == [
        "ERROR: servicetitan/acme/jobs: freshness (acme)",
        "ERROR: servicetitan/zen/invoices: freshness (zen)",
    ]


def test_a_failed_run_is_told_in_the_words_of_its_failure(world: World) -> None:
    world.breaks = dg.Failure("the API refused (acme, jobs). Grant tn.jpm.jobs:r to the app.")

    run = world.run(JOBS)
    world.ticks(3)

    [message] = world.sink.received
    assert message["title"] == "ERROR: servicetitan/acme/jobs (acme)"
    assert "Reason: the API refused (acme, jobs). Grant tn.jpm.jobs:r to the app." in message["message"]
    assert f"Link: {DASHBOARD}/runs/{run.run_id}" in message["message"]


def test_an_unexpected_error_is_told_by_its_cause(world: World) -> None:
    world.breaks = ZeroDivisionError("division by zero")
    world.run(JOBS)
    world.tick()

    assert "division by zero" in world.sink.received[0]["message"]


def test_a_run_that_is_retried_by_itself_is_not_told(world: World) -> None:
    world.breaks = dg.Failure("worker lost")
    world.run(JOBS, tags={"dagster/will_retry": "true"})
    world.tick()

    assert world.sink.received == []


def test_a_run_that_failed_because_of_a_blocking_check_is_told_once(instance: dg.DagsterInstance, world: World) -> None:
    @dg.asset(key=["marts", "fct_jobs"])
    def mart() -> None: ...

    @dg.asset_check(asset=mart, blocking=True)
    def sums_match() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="1.00 is missing")

    definitions = dg.Definitions(assets=[mart], asset_checks=[sums_match], executor=dg.in_process_executor)
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance, raise_on_error=False)
    world.ticks(2)

    assert world.sink.titles == ["ERROR: marts/fct_jobs: sums_match (all tenants)"]


def test_a_backfill_that_dagster_gave_up_is_told(world: World) -> None:
    world.instance.add_backfill(
        PartitionBackfill(
            backfill_id="abc",
            status=BulkActionStatus.FAILED,
            from_failure=False,
            tags={"tenant": "acme"},
            backfill_timestamp=time.time(),
            title="jobs of July",
            asset_selection=[JOBS],
            serialized_asset_backfill_data=None,
        )
    )
    world.ticks(2)

    assert world.sink.titles == ["ERROR: backfill jobs of July (acme)"]


def test_a_channel_that_is_down_loses_nothing(world: World) -> None:
    world.passes = False
    world.run(JOBS)
    world.sink.statuses = [500] * 6

    for _ in range(2):
        with pytest.raises(DeliveryFailed):
            world.tick()
    assert world.sink.received == []
    world.sink.statuses = []
    world.ticks(2)

    assert len(world.sink.received) == 1


def test_what_was_delivered_before_the_channel_broke_is_not_sent_again(world: World) -> None:
    world.passes = False
    world.run()
    world.sink.statuses = [200, 500, 500, 500]

    first = world.tick()
    world.ticks(2)

    assert "could not be delivered" in ((first.skip_reason and first.skip_reason.skip_message) or "")
    assert len(world.sink.titles) == 2
    assert len(set(world.sink.titles)) == 2


def test_old_trouble_is_not_told_when_a_channel_is_set_up(world: World) -> None:
    world.passes = False
    world.run(JOBS)

    with time_machine.travel(timedelta(days=2)):
        world.tick()

    assert world.sink.received == []


def test_without_a_channel_the_sensor_says_so(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ST_ALERT_URL", raising=False)

    skipped = alerts(dg.build_sensor_context(instance=instance))

    assert isinstance(skipped, dg.SkipReason)
    assert "ST_ALERT_URL is not set" in (skipped.skip_message or "")


def test_a_channel_that_cannot_be_understood_fails_the_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ST_ALERT_URL", "carrier-pigeon://loft")

    with pytest.raises(InvalidChannel):
        world.tick()


@pytest.fixture(autouse=True)
def _quick_channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """No waiting between attempts."""
    import stamina

    with stamina.set_testing(True, attempts=3, cap=True):
        yield

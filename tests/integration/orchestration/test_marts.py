"""When models are built: on the hour, together, and only if an extract they read has other data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import time_machine
from dagster import AssetKey
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor

from st_platform.orchestration.assets.dbt import on_cadence
from st_platform.orchestration.sensors.marts import marts_sensor

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
FIRST_TICK = datetime(2026, 7, 1, 12, 7, 30, tzinfo=UTC)

JOBS = AssetKey(["servicetitan", "acme", "jobs"])
TAGS = AssetKey(["servicetitan", "acme", "tags"])
STAGED = AssetKey(["staging", "stg_jobs"])
MART = AssetKey(["marts", "fct_jobs"])
OTHER = AssetKey(["marts", "dim_tags"])

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::DeprecationWarning")

DAYS = dg.DailyPartitionsDefinition("2026-06-28", end_offset=1)


def world(condition: dg.AutomationCondition) -> dg.Definitions:
    """Two extracts, a staged table and a mart on the first, another mart on the second."""

    @dg.asset(key=JOBS, partitions_def=DAYS)
    def jobs() -> None: ...

    @dg.asset(key=TAGS)
    def tags() -> None: ...

    @dg.asset(key=STAGED, deps=[JOBS], automation_condition=condition)
    def staged() -> None: ...

    @dg.asset(key=MART, deps=[STAGED], automation_condition=condition)
    def mart() -> None: ...

    @dg.asset(key=OTHER, deps=[TAGS], automation_condition=condition)
    def other() -> None: ...

    return dg.Definitions(assets=[jobs, tags, staged, mart, other])


class Daemon:
    """The automation daemon, one look at a time."""

    def __init__(self, instance: dg.DagsterInstance, condition: dg.AutomationCondition) -> None:
        self.instance = instance
        self.definitions = world(condition)
        self.cursor: AssetDaemonCursor | None = None
        self.look(START)

    def look(self, at: datetime) -> set[AssetKey]:
        """Evaluate all conditions; the keys that are asked for."""
        result = dg.evaluate_automation_conditions(
            self.definitions, self.instance, cursor=self.cursor, evaluation_time=at
        )
        self.cursor = result.cursor
        return {key for key in (STAGED, MART, OTHER) if result.get_num_requested(key)}

    def extract(self, key: AssetKey, version: str, day: str | None = None) -> None:
        """An extract ran and found the data to be at `version`."""
        tags = {"dagster/data_version": version}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day, tags=tags))

    def build(self, *keys: AssetKey) -> None:
        for key in keys:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(key))


@pytest.fixture
def daemon(instance: dg.DagsterInstance) -> Daemon:
    return Daemon(instance, on_cadence([JOBS, TAGS]))


def after(hours: int = 0, minutes: int = 0) -> datetime:
    return FIRST_TICK + timedelta(hours=hours, minutes=minutes)


def test_a_change_is_built_on_the_hour_with_everything_below_it_and_nothing_else(daemon: Daemon) -> None:
    daemon.extract(JOBS, "1", "2026-07-01")

    assert daemon.look(START + timedelta(minutes=3)) == set()
    assert daemon.look(FIRST_TICK) == {STAGED, MART}
    assert daemon.look(after(minutes=1)) == set()


def test_an_extract_that_found_nothing_new_triggers_nothing(daemon: Daemon) -> None:
    daemon.extract(JOBS, "1", "2026-07-01")
    daemon.extract(TAGS, "5")
    assert daemon.look(FIRST_TICK) == {STAGED, MART, OTHER}
    daemon.build(STAGED, MART, OTHER)
    assert daemon.look(after(minutes=5)) == set()

    daemon.extract(JOBS, "1", "2026-07-01")
    daemon.extract(TAGS, "5")

    assert daemon.look(after(minutes=20)) == set()
    assert daemon.look(after(hours=1)) == set()
    assert daemon.look(after(hours=2)) == set()


def test_the_first_read_of_a_new_day_that_finds_nothing_triggers_nothing(daemon: Daemon) -> None:
    daemon.extract(JOBS, "1", "2026-06-30")
    assert daemon.look(FIRST_TICK) == {STAGED, MART}
    daemon.build(STAGED, MART)
    daemon.look(after(minutes=5))

    daemon.extract(JOBS, "1", "2026-07-01")

    assert daemon.look(after(minutes=20)) == set()
    assert daemon.look(after(hours=1)) == set()
    daemon.extract(JOBS, "2", "2026-07-01")
    daemon.look(after(hours=1, minutes=20))
    assert daemon.look(after(hours=2)) == {STAGED, MART}


def test_comparing_partition_by_partition_would_build_for_a_new_day_in_vain(instance: dg.DagsterInstance) -> None:
    """The broken variant that the test above must catch."""
    changed = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
    pending = changed.since(dg.AutomationCondition.newly_requested())
    daemon = Daemon(instance, dg.AutomationCondition.cron_tick_passed("7 * * * *") & pending)
    daemon.extract(JOBS, "1", "2026-06-30")
    daemon.look(FIRST_TICK)
    daemon.look(after(minutes=5))

    daemon.extract(JOBS, "1", "2026-07-01")
    daemon.look(after(minutes=20))

    assert STAGED in daemon.look(after(hours=1))


def test_what_changes_while_a_build_runs_counts_for_the_next_one(daemon: Daemon) -> None:
    daemon.extract(JOBS, "1", "2026-07-01")
    assert daemon.look(FIRST_TICK) == {STAGED, MART}
    daemon.extract(JOBS, "2", "2026-07-01")
    daemon.look(after(minutes=1))
    daemon.build(STAGED, MART)
    daemon.look(after(minutes=2))

    assert daemon.look(after(hours=1)) == {STAGED, MART}
    daemon.build(STAGED, MART)
    daemon.look(after(hours=1, minutes=1))
    assert daemon.look(after(hours=2)) == set()


def test_changes_on_either_side_of_the_tick_are_both_built(daemon: Daemon) -> None:
    daemon.extract(TAGS, "5")
    daemon.look(FIRST_TICK - timedelta(minutes=1))
    daemon.extract(TAGS, "6")
    assert daemon.look(FIRST_TICK) == {OTHER}
    daemon.extract(TAGS, "7")
    daemon.look(after(minutes=1))
    daemon.extract(TAGS, "8")
    daemon.look(after(minutes=2))
    daemon.look(after(minutes=3))

    assert daemon.look(after(hours=1)) == {OTHER}
    daemon.look(after(hours=1, minutes=1))
    daemon.look(after(hours=1, minutes=2))
    assert daemon.look(after(hours=2)) == set()


def test_the_sensor_asks_for_one_run_of_all_that_is_due(instance: dg.DagsterInstance) -> None:
    """As the daemon does it: in the code server, with nothing kept between two looks but the cursor."""
    definitions = world(on_cadence([JOBS, TAGS]))
    selection = dg.AssetSelection.assets(STAGED, MART, OTHER)
    sensor = marts_sensor(selection, status=dg.DefaultSensorStatus.RUNNING)
    repository = dg.Definitions(assets=definitions.assets, sensors=[sensor]).get_repository_def()
    cursor: str | None = None
    asked: list[list[list[AssetKey]]] = []
    for at in (START, FIRST_TICK, after(minutes=1)):
        if at == FIRST_TICK:
            for key, day in ((JOBS, "2026-07-01"), (TAGS, None)):
                version = {"dagster/data_version": "1"}
                instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day, tags=version))
        with time_machine.travel(at, tick=False):
            context = dg.build_sensor_context(instance, cursor, repository_def=repository, sensor_name=sensor.name)
            tick = sensor.evaluate_tick(context)
        cursor = tick.cursor
        asked.append([sorted(request.asset_selection or ()) for request in tick.run_requests or ()])

    assert asked == [[], [sorted([STAGED, MART, OTHER])], []]


def test_nothing_is_built_only_because_the_daemon_started(daemon: Daemon) -> None:
    assert daemon.look(START + timedelta(minutes=1)) == set()
    assert daemon.look(FIRST_TICK) == set()


def test_an_hour_without_a_look_is_made_up_for(daemon: Daemon) -> None:
    daemon.extract(TAGS, "5")

    assert daemon.look(after(hours=5, minutes=33)) == {OTHER}


def test_the_same_condition_on_updates_instead_of_versions_would_build_in_vain(instance: dg.DagsterInstance) -> None:
    """The broken variant that the tests above must catch."""
    due = dg.AutomationCondition.cron_tick_passed("7 * * * *") & dg.AutomationCondition.any_deps_updated().since(
        dg.AutomationCondition.newly_requested()
    )
    daemon = Daemon(instance, due)
    daemon.extract(TAGS, "5")
    daemon.look(FIRST_TICK)
    daemon.look(after(minutes=1))
    daemon.extract(TAGS, "5")

    assert daemon.look(after(hours=1)) == {OTHER}


def test_the_plain_condition_would_forget_what_changes_right_after_a_request(instance: dg.DagsterInstance) -> None:
    """The broken variant that `test_what_changes_while_a_build_runs…` must catch."""
    changed = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed())
    plain = changed.since(dg.AutomationCondition.newly_requested())
    daemon = Daemon(instance, dg.AutomationCondition.cron_tick_passed("7 * * * *") & plain)
    daemon.extract(TAGS, "5")
    daemon.look(FIRST_TICK)
    daemon.extract(TAGS, "6")
    daemon.look(after(minutes=1))
    daemon.look(after(minutes=2))

    assert daemon.look(after(hours=1)) == set()


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with time_machine.travel(START, tick=True):
        yield

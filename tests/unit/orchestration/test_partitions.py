"""Days as partitions, and what a run over them asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import time_machine

from st_platform.ingest.windows import Window
from st_platform.orchestration.partitions import day_partitions, generation_of, window_of_keys
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

ACME = Tenant(
    name="acme",
    tenant_id=1,
    environment=Environment.CUSTOM,
    endpoints=Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1/connect/token"),
    credentials=Credentials("id", "secret", "key"),
    timezone=ZoneInfo("America/New_York"),
    start_date=date(2026, 7, 1),
)


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@time_machine.travel(datetime(2026, 7, 4, 0, 1, tzinfo=UTC), tick=False)
def test_today_is_a_partition_from_midnight_utc_on() -> None:
    assert day_partitions(ACME.start_date).get_partition_keys() == [
        "2026-07-01",
        "2026-07-02",
        "2026-07-03",
        "2026-07-04",
    ]


def test_the_first_partition_reaches_back_to_the_beginning() -> None:
    assert window_of_keys(ACME, ["2026-07-01"]) == Window(None, midnight(2026, 7, 2))


def test_a_later_day_is_that_day() -> None:
    assert window_of_keys(ACME, ["2026-07-09"]) == Window(midnight(2026, 7, 9), midnight(2026, 7, 10))


@pytest.mark.parametrize(
    "keys", [["2026-07-02", "2026-07-03", "2026-07-04"], ["2026-07-04", "2026-07-03", "2026-07-02"]]
)
def test_a_range_is_one_window_whatever_the_order_of_its_keys(keys: list[str]) -> None:
    assert window_of_keys(ACME, keys) == Window(midnight(2026, 7, 2), midnight(2026, 7, 5))


def test_a_run_is_its_own_request() -> None:
    run = dg.DagsterRun(job_name="j", run_id="one")

    assert generation_of(run, no_runs) == "one"


def test_runs_of_a_backfill_are_one_request() -> None:
    run = dg.DagsterRun(job_name="j", run_id="one", tags={"dagster/backfill": "abc"})

    assert generation_of(run, no_runs) == "abc"


def test_a_retry_is_the_request_of_its_root_run() -> None:
    root = dg.DagsterRun(job_name="j", run_id="root")
    retry = dg.DagsterRun(job_name="j", run_id="second", root_run_id="root", parent_run_id="first")

    assert generation_of(retry, {"root": root}.get) == "root"


def test_a_retry_after_the_backfill_ended_still_belongs_to_it() -> None:
    root = dg.DagsterRun(job_name="j", run_id="root", tags={"dagster/backfill": "abc"})
    retry = dg.DagsterRun(job_name="j", run_id="retry", root_run_id="root", parent_run_id="root")

    assert generation_of(retry, {"root": root}.get) == "abc"


def test_a_retry_whose_root_run_was_deleted_resumes_its_id() -> None:
    retry = dg.DagsterRun(job_name="j", run_id="retry", root_run_id="root", parent_run_id="root")

    assert generation_of(retry, no_runs) == "root"


def no_runs(run_id: str) -> None:
    return None

"""Extracts run by Dagster, from a simulated tenant into a real Postgres: days, ranges, retries, failures, checks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import time_machine
from dagster import DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from st_platform.orchestration.assets import extracts
from st_platform.orchestration.assets.extracts import extract_asset
from st_platform.orchestration.grants import read_grants
from st_platform.orchestration.resources import TenantsResource, WarehouseResource
from st_platform.servicetitan.catalog import CATALOG, Cadence
from tests.integration.orchestration.running import FEW, FIRST_DAY, Platform, day, few_days, few_extracts, platform
from tests.simulated import NOW, simulator, simulator_server

if TYPE_CHECKING:
    pass

__all__ = ["few_extracts", "platform", "simulator", "simulator_server"]

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


def test_a_range_of_days_is_read_as_one_window_and_marks_every_day(platform: Platform) -> None:
    run = platform.run(("northwind", "customers"), days=(FIRST_DAY, day(0)))

    assert run.is_success
    partitions = [materialization.partition for materialization in platform.materializations(run)]
    assert set(partitions) == {day(back) for back in range(10)}
    assert len(partitions) == 10
    closed = [lane for lane in platform.bench.lanes("customers") if lane["generation"] != "open"]
    assert {lane["window_start"] for lane in closed} == {None}
    platform.bench.assert_true("customers", visible_until=NOW - timedelta(minutes=15))


def test_a_materialization_says_what_came_and_what_is_proven(platform: Platform) -> None:
    run = platform.run(("northwind", "locations"), days=(FIRST_DAY, day(1)))

    said: dict[str, Any] = {name: value.value for name, value in platform.materializations(run)[0].metadata.items()}
    rows = len(platform.bench.rows("locations"))
    assert said["rows received"] >= rows > 0
    assert said["rows inserted"] == rows
    assert said["certificate"] == "certified"
    assert said["window"] == f"[-inf, {day(0)}T00:00:00Z)"
    assert said["calls"] >= 1
    assert said["rows quarantined"] == 0


def test_the_data_version_moves_with_the_data_only(platform: Platform) -> None:
    path = ("northwind", "customers")
    versions = []
    platform.run(path, days=(FIRST_DAY, day(0)))
    for change in (False, True):
        if change:
            platform.simulator.edit(
                "customers", "set", id=min(platform.bench.rows("customers")), fields={"name": "New"}
            )
            platform.simulator.advance(minutes=20)
        for _ in range(2):
            run = platform.run(path, days=day(0))
            assert run.is_success
            versions.append((platform.materializations(run)[0].tags or {})["dagster/data_version"])

    assert versions[0] == versions[1]
    assert versions[1] != versions[2]
    assert versions[2] == versions[3]


def test_the_second_run_of_today_makes_one_request_per_resource(platform: Platform) -> None:
    hot = [entry.name for entry in FEW if entry.cadence is Cadence.HOT]
    paths = [("northwind", name) for name in hot]
    platform.run(*paths, days=(FIRST_DAY, day(0)))
    platform.simulator.clear_requests()

    run = platform.run(*paths, days=day(0))

    assert run.is_success
    assert {name: len(platform.simulator.requests(name)) for name in hot} == dict.fromkeys(hot, 1)


def test_what_has_no_days_is_read_without_one_and_shares_a_job_with_days(platform: Platform) -> None:
    job = platform.repository.get_job("northwind__hourly")
    run = platform.instance.create_run_for_job(job, tags={"dagster/partition": day(0)})
    execute_run(InMemoryJob(job), run, platform.instance)

    partitions = {item.asset_key.path[-1]: item.partition for item in platform.materializations(run)}
    assert partitions == {"memberships": day(0), "credit_memos": day(0), "membership_status_changes": None}


def test_selecting_one_extract_runs_only_that_one(platform: Platform) -> None:
    run = platform.run(("northwind", "campaign_costs"))

    assert [item.asset_key.path for item in platform.materializations(run)] == [
        ["servicetitan", "northwind", "campaign_costs"]
    ]
    assert {request["path"].rsplit("/", 1)[-1] for request in platform.simulator.requests()} <= {"costs", "token"}


def test_a_refused_resource_fails_at_once_and_leaves_the_others_and_their_checks_standing(platform: Platform) -> None:
    platform.simulator.fault(resource="campaigns", status=400, body='{"title": "No", "traceId": "abc-1"}')

    run = platform.run(("northwind", "campaigns"), ("northwind", "technicians"), ("northwind", "campaign_costs"))

    assert run.status is dg.DagsterRunStatus.FAILURE
    assert {item.asset_key.path[-1] for item in platform.materializations(run)} == {"technicians", "campaign_costs"}
    assert {resource for resource, _ in platform.checks(run)} == {"technicians", "campaign_costs"}
    [failure] = platform.events(run, DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert set(told.metadata) >= {"what", "where", "fix", "tenant", "resource"}
    assert told.description.startswith(told.metadata["what"].value)
    assert len(platform.simulator.requests("campaigns")) == 1


@pytest.mark.parametrize(("status", "retries"), [(401, 0), (400, 1)])
def test_only_what_may_pass_by_itself_is_tried_again(platform: Platform, status: int, retries: int) -> None:
    platform.simulator.fault(resource="campaigns", status=status, body='{"title": "No"}')
    tenant, resource = platform.simulator.tenant, CATALOG["campaigns"]
    asset = extract_asset(tenant, resource, retry_policy=dg.RetryPolicy(max_retries=1))
    supplied = {"warehouse": WarehouseResource(url=dg.EnvVar("DATABASE_URL")), "tenants": TenantsResource()}

    result = dg.materialize([asset], resources=supplied, instance=platform.instance, raise_on_error=False)

    assert not result.success
    assert len(result.filter_events(lambda event: event.is_step_restarted)) == retries


def test_bad_credentials_of_one_tenant_stop_only_that_tenant(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(few_days(platform.simulator.tenants_toml()).replace("sim-sunbelt-secret", "guessed"), "utf-8")
    monkeypatch.setenv("ST_TENANTS_FILE", str(file))

    run = platform.run(("northwind", "technicians"), ("sunbelt", "technicians"))

    assert [item.asset_key.path[1] for item in platform.materializations(run)] == ["northwind"]
    [failure] = platform.events(run, DagsterEventType.STEP_FAILURE)
    assert "sunbelt" in failure.step_key
    assert "guessed" not in str(failure.step_failure_data)


def requests_of_a_retry(platform: Platform) -> tuple[int, int, set[str]]:
    """Requests of a retry after a failure on the third page, requests of a new run, and the ledger's generations."""
    platform.simulator.options(feed_page_size=20)
    platform.simulator.fault(resource="customers", after=2, status=400, body='{"title": "No"}')
    path, days = ("northwind", "customers"), (FIRST_DAY, day(1))
    failed = platform.run(path, days=days)
    assert failed.status is dg.DagsterRunStatus.FAILURE
    platform.simulator.clear_faults()
    counts = []
    for retry_of in (failed.run_id, ""):
        platform.simulator.clear_requests()
        assert platform.run(path, days=days, retry_of=retry_of).is_success
        counts.append(len(platform.simulator.requests("customers")))
    generations = {lane["generation"] for lane in platform.bench.lanes("customers")}
    assert failed.run_id in generations
    return counts[0], counts[1], generations


def test_a_retry_resumes_and_a_new_run_reads_again(platform: Platform) -> None:
    retry, fresh, generations = requests_of_a_retry(platform)

    assert retry <= fresh - 2
    assert len(generations) == 2


def test_a_retry_that_is_its_own_request_would_read_everything_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant that the test above must catch."""
    monkeypatch.setattr(extracts, "generation_of", lambda run, find_run: run.run_id)

    retry, fresh, generations = requests_of_a_retry(platform)

    assert retry == fresh
    assert len(generations) == 3


def test_runs_of_one_backfill_are_one_request(platform: Platform) -> None:
    platform.run(("northwind", "payments"), days=(FIRST_DAY, day(1)), **{"dagster/backfill": "abc"})

    assert {lane["generation"] for lane in platform.bench.lanes("payments")} == {"abc"}


def test_what_is_not_granted_is_neither_failed_nor_empty_and_the_rest_goes_on(platform: Platform) -> None:
    scopes = sorted({entry.scope for entry in CATALOG.values()} - {CATALOG["campaigns"].scope})
    platform.run(("northwind", "campaigns"))
    rows = platform.bench.rows("campaigns")
    assert rows
    platform.simulator.scopes(scopes)
    platform.simulator.revoke_tokens()
    platform.simulator.clear_requests()

    run = platform.run(("northwind", "campaigns"), ("northwind", "technicians"))

    assert run.is_success
    assert [item.asset_key.path[-1] for item in platform.materializations(run)] == ["technicians"]
    [observed] = platform.events(run, DagsterEventType.ASSET_OBSERVATION)
    said = observed.asset_observation_data.asset_observation
    assert said.asset_key.path[-1] == "campaigns"
    assert said.metadata["granted"].value is False
    assert said.metadata["missing scope"].value == CATALOG["campaigns"].scope
    assert platform.simulator.requests("campaigns") == []
    assert platform.bench.rows("campaigns") == rows
    for check in platform.judge("northwind", "campaigns").values():
        assert check.passed
    assert "Not granted" in platform.judge("northwind", "campaigns")["freshness"].description


def test_the_next_definitions_know_what_is_not_granted(platform: Platform, database_url: str) -> None:
    platform.simulator.scopes(["tn.stt.technicians:r"])
    platform.simulator.revoke_tokens()
    platform.run(("northwind", "campaigns"), ("northwind", "technicians"))

    assert read_grants(database_url) == {(1001, "campaigns"): False, (1001, "technicians"): True}


def test_a_broken_row_is_visible_as_a_failed_check_and_nothing_else_stops(platform: Platform) -> None:
    platform.simulator.fault(resource="technicians", rows=[{"row": 0, "raw": {"modifiedOn": '"yesterday"'}}])

    run = platform.run(("northwind", "technicians"))

    assert run.is_success
    check = platform.checks(run)["technicians", "quarantine"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert check.metadata["rows in quarantine"].value == 1
    assert platform.materializations(run)[0].metadata["rows quarantined"].value == 1


def test_checks_judge_from_the_ledger_without_reading_anything(platform: Platform) -> None:
    platform.run(("northwind", "jobs"), days=(FIRST_DAY, day(3)))
    platform.run(("northwind", "jobs"), days=day(0))
    platform.simulator.clear_requests()

    def judged(at: datetime) -> dict[str, Any]:
        with time_machine.travel(at, tick=True):
            return platform.judge("northwind", "jobs")

    now, later = judged(NOW + timedelta(minutes=2)), judged(NOW + timedelta(minutes=45))

    assert now["freshness"].passed
    assert not later["freshness"].passed
    assert later["freshness"].severity is dg.AssetCheckSeverity.WARN
    assert judged(NOW + timedelta(hours=3))["freshness"].severity is dg.AssetCheckSeverity.ERROR
    assert not now["certificate"].passed
    assert f"{day(2)} to {day(1)}" in now["certificate"].description
    assert platform.simulator.requests() == []


def test_a_backfill_of_old_days_does_not_make_a_dead_feed_fresh(platform: Platform) -> None:
    run = platform.run(("northwind", "invoices"), days=(FIRST_DAY, day(5)))

    assert run.is_success
    check = platform.checks(run)["invoices", "freshness"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR


def test_complete_days_and_a_present_that_was_reached_are_good(platform: Platform) -> None:
    run = platform.run(("northwind", "invoice_items"), days=(FIRST_DAY, day(0)))

    assert platform.checks(run)["invoice_items", "certificate"].passed
    assert platform.checks(run)["invoice_items", "freshness"].passed


def test_what_is_read_by_window_is_complete_from_where_its_history_begins(platform: Platform) -> None:
    run = platform.run(("northwind", "attributed_leads"), days=(FIRST_DAY, day(0)))

    assert run.is_success
    assert platform.checks(run)["attributed_leads", "certificate"].passed
    assert platform.checks(run)["attributed_leads", "reconciled"].passed
    assert {item.partition for item in platform.materializations(run)} == {day(back) for back in range(10)}


def test_a_window_that_was_left_out_is_missed(platform: Platform) -> None:
    platform.run(("northwind", "attributed_leads"), days=(day(5), day(0)))

    check = platform.judge("northwind", "attributed_leads")["certificate"]
    assert not check.passed
    assert f"everything up to {day(6)}" in check.description


def test_no_secret_reaches_dagsters_storage(platform: Platform) -> None:
    run = platform.run(("northwind", "technicians"), ("sunbelt", "technicians"))

    assert run.is_success
    stored = "".join(
        str(record.event_log_entry) for record in platform.instance.get_records_for_run(run.run_id).records
    )
    assert "northwind" in stored
    for secret in ("sim-northwind-secret", "sim-app-key", platform.bench.database.url.split(":")[2].split("@")[0]):
        assert secret not in stored

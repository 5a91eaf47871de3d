"""The reconciliation of a tenant as Dagster shows it: what is compared, healed, parked and judged."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster import DagsterEventType
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from st_platform.orchestration.assets import reconciliation
from st_platform.orchestration.assets.reconciliation import deep_reconciliation
from st_platform.servicetitan.catalog import CATALOG
from tests.integration.orchestration.running import FEW, FIRST_DAY, Platform, day, few_extracts, platform
from tests.simulated import simulator, simulator_server

__all__ = ["few_extracts", "platform", "simulator", "simulator_server"]

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

READ = [entry for entry in FEW if entry.name in ("customers", "jobs", "technicians", "campaigns", "campaign_costs")]


@pytest.fixture
def loaded(platform: Platform) -> Platform:
    """Some extracts, read whole."""
    dated = [("northwind", entry.name) for entry in READ if entry.is_dated]
    others = [("northwind", entry.name) for entry in READ if not entry.is_dated]
    platform.simulator.advance(minutes=30)
    assert platform.run(*dated, days=(FIRST_DAY, day(0))).is_success
    assert platform.run(*others).is_success
    return platform


def compare(platform: Platform, *resources: str, deep: bool = False) -> dg.DagsterRun:
    """A run of the tenant's reconciliation job over some resources."""
    config: dict[str, Any] = {"resources": list(resources or [entry.name for entry in READ]), "deep": deep}
    job = platform.repository.get_job("northwind__reconcile")
    run_config = {"ops": {"servicetitan__northwind__reconciliation": {"config": config}}}
    run = platform.instance.create_run_for_job(job, run_config=run_config)
    execute_run(InMemoryJob(job), run, platform.instance)
    ended = platform.instance.get_run_by_id(run.run_id)
    assert ended is not None
    return ended


def said(platform: Platform, run: dg.DagsterRun) -> dict[str, Any]:
    [materialization] = platform.materializations(run)
    assert materialization.asset_key.path == ["servicetitan", "northwind", "reconciliation"]
    return {name: value.value for name, value in materialization.metadata.items()}


def test_what_agrees_is_certified_and_each_extract_says_so(loaded: Platform) -> None:
    run = compare(loaded)

    assert run.is_success
    metadata = said(loaded, run)
    assert metadata["resources compared"] == metadata["resources that agree"] == len(READ)
    assert metadata["rows expected"] == metadata["rows observed"] > 0
    assert metadata["rows healed"] == metadata["rows parked"] == 0
    for entry in READ:
        check = loaded.checks(run)[entry.name, "reconciled"]
        assert check.passed, check.description
        assert check.metadata["expected rows"].value == check.metadata["observed rows"].value
    assert not loaded.checks(run)["invoices", "reconciled"].passed


def test_rows_that_were_lost_are_healed_and_told_as_a_warning(loaded: Platform) -> None:
    with loaded.bench.database.connection() as connection:
        connection.execute(
            "DELETE FROM servicetitan.customers WHERE id IN (SELECT min(id) FROM servicetitan.customers)"
        )

    first = compare(loaded, "customers")
    second = compare(loaded, "customers")

    healed, settled = (loaded.checks(run)["customers", "reconciled"] for run in (first, second))
    assert said(loaded, first)["rows healed"] == 1
    assert "customers" in said(loaded, first)["what differed"]
    assert not healed.passed
    assert healed.severity is dg.AssetCheckSeverity.WARN
    assert settled.passed
    assert "1 healed" in settled.metadata["last comparisons"].value
    assert said(loaded, second)["last runs"].count("\n") == 3


def judged_after_a_new_row(platform: Platform) -> Any:
    """The check of an extract whose source has a row that is younger than the last read."""
    platform.simulator.advance(minutes=5)
    platform.bench.insert("customers")
    return platform.checks(compare(platform, "customers"))["customers", "reconciled"]


def test_what_is_merely_new_does_not_look_missed(loaded: Platform) -> None:
    check = judged_after_a_new_row(loaded)

    assert check.passed, check.description


def test_comparing_without_catching_up_would_tell_every_new_row(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant that the test above must catch."""
    monkeypatch.setattr(reconciliation, "catch_up", lambda *_: None)

    assert not judged_after_a_new_row(loaded).passed


def test_a_removal_too_large_to_believe_is_an_error_with_the_command_to_use(loaded: Platform) -> None:
    gone = sorted(loaded.bench.rows("customers"))[: len(loaded.bench.rows("customers")) // 2]
    assert len(gone) > 20
    for customer in gone:
        loaded.simulator.edit("customers", "remove", id=customer)

    run = compare(loaded, "customers")

    check = loaded.checks(run)["customers", "reconciled"]
    assert run.is_success
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert "st-platform deletes accept customers --tenant northwind" in check.description
    assert said(loaded, run)["rows parked"] == len(gone)


def test_one_resource_that_cannot_be_compared_does_not_keep_the_others_from_it(loaded: Platform) -> None:
    loaded.simulator.fault(resource="campaigns", status=400, body='{"title": "No"}')

    run = compare(loaded)

    assert run.status is dg.DagsterRunStatus.FAILURE
    [failure] = loaded.events(run, DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert told.description.startswith("campaigns could not be compared")
    assert told.metadata["resources compared"].value == len(READ) - 1


def test_what_is_not_granted_is_counted_apart(loaded: Platform) -> None:
    scopes = sorted({entry.scope for entry in CATALOG.values()} - {CATALOG["campaigns"].scope})
    loaded.simulator.scopes(scopes)
    loaded.simulator.revoke_tokens()

    run = compare(loaded)

    assert run.is_success
    assert said(loaded, run)["resources not granted"] == 1
    assert said(loaded, run)["rows healed"] == 0


def test_the_weekly_run_compares_by_keys(loaded: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    real = reconciliation.reconcile

    def watched(*arguments: Any, deep: bool, **more: Any) -> Any:
        asked.append(deep)
        return real(*arguments, deep=deep, **more)

    monkeypatch.setattr(reconciliation, "reconcile", watched)
    job = loaded.repository.get_job("northwind__reconcile")
    run = loaded.instance.create_run_for_job(job, run_config=deep_reconciliation("northwind"))
    execute_run(InMemoryJob(job), run, loaded.instance)

    assert asked == [True] * len(FEW)
    assert "by keys" in loaded.checks(run)["customers", "reconciled"].description

"""How the comparisons of an extract with its source are judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from st_platform.alerts import Severity
from st_platform.orchestration.checks.health import Comparison, Health
from st_platform.orchestration.checks.reconciled import is_countable, judge_reconciliation
from st_platform.orchestration.checks.verdicts import Verdict, judge_certificate, judge_freshness
from st_platform.servicetitan.catalog import CATALOG, LoadMode, Resource

NOW = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)
JOBS = CATALOG["jobs"]
AGREED = Comparison(
    at=NOW - timedelta(hours=9),
    method="count",
    source_count=1200,
    warehouse_count=1200,
    missing=0,
    stale=0,
    gone=0,
    healed=0,
    deleted=0,
    parked=0,
    certified=True,
    calls=1,
    note="",
)
NEVER = Health(
    caught_up_at=NOW,
    certified_at=NOW,
    rows=1200,
    quarantined=0,
    quarantined_since=None,
    quarantine_reasons=(),
    parked_missing=0,
    parked_living=0,
    stopped_by=None,
    missing_days=(),
)


def judged(*comparisons: Comparison, resource: Resource = JOBS, **health: Any) -> Verdict:
    return judge_reconciliation(replace(NEVER, comparisons=comparisons, **health), "acme", resource, NOW)


def test_equal_counts_are_good_and_shown_as_expected_and_observed() -> None:
    verdict = judged(AGREED)

    assert verdict.passed
    assert "expected 1,200, observed 1,200" in verdict.reason
    assert verdict.facts["expected rows"] == verdict.facts["observed rows"] == 1200


def test_rows_that_had_to_be_healed_are_a_warning() -> None:
    verdict = judged(replace(AGREED, method="keys", warehouse_count=1190, missing=10, stale=2, healed=12))

    assert not verdict.passed
    assert verdict.severity is Severity.WARNING
    assert "Missing here: 10, out of date: 2; all of them were read again" in verdict.reason


def test_what_could_not_be_healed_says_so_and_what_to_run() -> None:
    verdict = judged(replace(AGREED, missing=10, healed=7, certified=False))

    assert "7 of them could be healed" in verdict.reason
    assert "st-platform reconcile jobs --tenant acme --deep" in verdict.reason


def test_rows_that_left_the_source_and_were_marked_are_no_trouble() -> None:
    verdict = judged(replace(AGREED, method="keys", gone=3, deleted=3))

    assert verdict.passed
    assert "marked as deleted: 3." in verdict.reason


def test_a_parked_removal_is_an_error_with_the_command_to_use() -> None:
    parked = replace(AGREED, gone=600, parked=600)
    verdict = judged(parked, parked_missing=600, parked_living=1000)

    assert not verdict.passed
    assert verdict.severity is Severity.ERROR
    assert "600 of 1,000" in verdict.reason
    assert "st-platform deletes accept jobs --tenant acme" in verdict.reason


def test_a_parked_removal_that_was_decided_on_is_an_error_no_more() -> None:
    assert judged(replace(AGREED, gone=600, parked=600)).passed


def test_counts_that_differ_and_were_not_settled_are_a_warning() -> None:
    verdict = judged(replace(AGREED, source_count=1300, certified=False, note="the feed has no list to ask"))

    assert not verdict.passed
    assert verdict.severity is Severity.WARNING
    assert "expected 1,300, observed 1,200" in verdict.reason
    assert "the feed has no list to ask" in verdict.reason


@pytest.mark.parametrize(("hours", "passed"), [(49, True), (51, False)])
def test_a_comparison_grows_old(hours: int, passed: bool) -> None:
    assert judged(replace(AGREED, at=NOW - timedelta(hours=hours))).passed is passed


def test_the_last_runs_are_shown_newest_first() -> None:
    earlier = replace(AGREED, at=NOW - timedelta(days=1, hours=9), method="keys", healed=4, missing=4)

    assert judged(AGREED, earlier).facts["last comparisons"] == (
        "2026-07-10 03:00 UTC by count: 1,200 / 1,200, agree; "
        "2026-07-09 03:00 UTC by keys: 1,200 / 1,200, agree, 4 healed"
    )


@pytest.mark.parametrize("resource", CATALOG.values(), ids=lambda item: item.name)
def test_never_compared_is_a_warning_where_the_source_counts_its_rows(resource: Resource) -> None:
    verdict = judged(resource=resource)
    expected = is_countable(resource) and resource.load_mode is not LoadMode.WINDOW

    assert verdict.passed is not expected
    assert verdict.passed or verdict.severity is Severity.WARNING


@pytest.mark.parametrize("resource", CATALOG.values(), ids=lambda item: item.name)
def test_what_is_not_granted_is_neither_failed_nor_empty(resource: Resource) -> None:
    unread: tuple[tuple[date | None, date], ...] = ((None, date(2026, 7, 9)),)
    health = replace(NEVER, granted=False, caught_up_at=None, certified_at=None, rows=0, missing_days=unread)
    verdicts = [
        judge_freshness(health, resource, NOW),
        judge_certificate(health, "acme", resource, NOW),
        judge_reconciliation(health, "acme", resource, NOW),
    ]

    for verdict in verdicts:
        assert verdict.passed
        assert "Not granted" in verdict.reason
        assert resource.scope in verdict.reason
        assert verdict.facts["granted"] is False
    assert not judge_freshness(replace(health, granted=True), resource, NOW).passed
    assert not judge_certificate(replace(health, granted=None), "acme", resource, NOW).passed

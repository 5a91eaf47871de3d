"""How an extract's health is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from st_platform.alerts import Severity
from st_platform.orchestration.checks.health import Health, last_due_day
from st_platform.orchestration.checks.verdicts import judge_certificate, judge_freshness, judge_quarantine
from st_platform.servicetitan.catalog import CATALOG

NOW = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)
JOBS = CATALOG["jobs"]  # hot, dated: warns after 30 minutes, fails after 60
CHANGES = CATALOG["membership_status_changes"]  # a tail
COSTS = CATALOG["campaign_costs"]  # a snapshot

GOOD = Health(
    caught_up_at=NOW - timedelta(minutes=10),
    certified_at=NOW - timedelta(minutes=10),
    rows=1000,
    quarantined=0,
    quarantined_since=None,
    quarantine_reasons=(),
    parked_missing=0,
    parked_living=0,
    stopped_by=None,
    missing_days=(),
)


@pytest.mark.parametrize(
    ("minutes", "passed", "severity"),
    [(10, True, None), (30, True, None), (31, False, Severity.WARNING), (61, False, Severity.ERROR)],
)
def test_a_feed_warns_before_it_fails(minutes: int, passed: bool, severity: Severity | None) -> None:
    verdict = judge_freshness(replace(GOOD, caught_up_at=NOW - timedelta(minutes=minutes)), JOBS, NOW)

    assert verdict.passed is passed
    if severity:
        assert verdict.severity is severity
        assert f"{minutes} minutes ago" in verdict.reason


def test_a_feed_that_was_never_read_is_an_error() -> None:
    verdict = judge_freshness(replace(GOOD, caught_up_at=None), JOBS, NOW)

    assert not verdict.passed
    assert verdict.severity is Severity.ERROR


def test_a_late_feed_says_what_stopped_it() -> None:
    late = replace(GOOD, caught_up_at=NOW - timedelta(hours=5), stopped_by="403 for jobs")

    assert "403 for jobs" in judge_freshness(late, JOBS, NOW).reason


def test_complete_days_are_good() -> None:
    verdict = judge_certificate(GOOD, "acme", JOBS, NOW)

    assert verdict.passed
    assert verdict.reason == "Every day up to 2026-07-09 is complete."


def test_missing_days_are_an_error_with_the_command_that_repairs_them() -> None:
    gaps = ((date(2026, 7, 2), date(2026, 7, 2)), (date(2026, 7, 5), date(2026, 7, 7)))

    verdict = judge_certificate(replace(GOOD, missing_days=gaps), "acme", JOBS, NOW)

    assert not verdict.passed
    assert verdict.severity is Severity.ERROR
    assert "2026-07-02, 2026-07-05 to 2026-07-07" in verdict.reason
    assert "st-platform backfill jobs --tenant acme --from 2026-07-02 --to 2026-07-08" in verdict.reason


def test_yesterday_alone_is_a_warning() -> None:
    yesterday = last_due_day(NOW)

    verdict = judge_certificate(replace(GOOD, missing_days=((yesterday, yesterday),)), "acme", JOBS, NOW)

    assert not verdict.passed
    assert verdict.severity is Severity.WARNING


def test_missing_history_is_named() -> None:
    verdict = judge_certificate(replace(GOOD, missing_days=((None, date(2026, 7, 9)),)), "acme", JOBS, NOW)

    assert "everything up to 2026-07-09" in verdict.reason
    assert verdict.severity is Severity.ERROR


def test_yesterday_is_due_two_hours_into_the_day() -> None:
    assert last_due_day(datetime(2026, 7, 10, 1, 59, tzinfo=UTC)) == date(2026, 7, 8)
    assert last_due_day(datetime(2026, 7, 10, 2, 0, tzinfo=UTC)) == date(2026, 7, 9)


def test_a_tail_that_stopped_is_an_error() -> None:
    verdict = judge_certificate(replace(GOOD, stopped_by="the token repeats"), "acme", CHANGES, NOW)

    assert not verdict.passed
    assert "the token repeats" in verdict.reason


def test_a_snapshot_that_was_read_but_not_proven_warns() -> None:
    unproven = replace(GOOD, certified_at=NOW - timedelta(days=1))

    verdict = judge_certificate(unproven, "acme", COSTS, NOW)

    assert not verdict.passed
    assert verdict.severity is Severity.WARNING
    assert judge_certificate(unproven, "acme", CHANGES, NOW).passed


def test_parked_deletes_are_an_error() -> None:
    verdict = judge_certificate(replace(GOOD, parked_missing=600, parked_living=1000), "acme", COSTS, NOW)

    assert not verdict.passed
    assert "600 of 1,000" in verdict.reason


def test_quarantined_rows_are_visible() -> None:
    broken = replace(GOOD, quarantined=3, quarantined_since=NOW, quarantine_reasons=("3 × not a number",))

    verdict = judge_quarantine(broken, 1001, JOBS)

    assert not verdict.passed
    assert verdict.severity is Severity.WARNING
    assert "3 × not a number" in verdict.reason
    assert verdict.facts["rows in quarantine"] == 3
    assert judge_quarantine(GOOD, 1001, JOBS).passed

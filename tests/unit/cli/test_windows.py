"""What `--from` and `--to` accept, and the window that a sync makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from st_platform.cli.backfill import days_of
from st_platform.cli.output import UsageProblem
from st_platform.cli.sync import window_for
from st_platform.cli.windows import parse_moment, parse_window
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant

TENANT = Tenant(
    name="acme",
    tenant_id=1001,
    environment=Environment.CUSTOM,
    endpoints=Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1/connect/token"),
    credentials=Credentials("id", "secret", "key"),
    timezone=ZoneInfo("America/New_York"),
    start_date=date(2026, 7, 1),
)
JOBS, CAMPAIGNS = CATALOG["jobs"], CATALOG["campaigns"]


def test_a_date_stays_a_date_and_an_instant_comes_in_utc() -> None:
    assert parse_moment("2026-07-01", "--from") == date(2026, 7, 1)
    assert parse_moment("2026-07-01T02:00:00+02:00", "--from") == datetime(2026, 7, 1, tzinfo=UTC)
    assert parse_moment("2026-07-01T06:00:00Z", "--from") == datetime(2026, 7, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-07-01T06:00:00", "yesterday", "2026-13-01", "01.07.2026", "20260701T00"])
def test_what_could_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="--from"):
        parse_moment(text, "--from")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, "2026-07-02"),
        ("2026-07-01", None),
        ("2026-07-02", "2026-07-02"),
        ("2026-07-02", "2026-07-01"),
        ("2026-07-01", "2026-07-01T02:00:00+02:00"),
    ],
)
def test_an_empty_or_half_window_is_refused(start: str | None, end: str | None) -> None:
    with pytest.raises(UsageProblem):
        parse_window(start, end)


def test_a_window_is_half_open_in_utc() -> None:
    window = window_for(JOBS, TENANT, "2026-07-05", "2026-07-07")
    assert window == Window(datetime(2026, 7, 5, tzinfo=UTC), datetime(2026, 7, 7, tzinfo=UTC))


def test_a_window_that_begins_with_the_first_partition_reaches_back_to_the_beginning() -> None:
    assert window_for(JOBS, TENANT, "2026-07-01", "2026-07-02") == Window(None, datetime(2026, 7, 2, tzinfo=UTC))


def test_a_window_before_the_first_partition_is_taken_as_asked() -> None:
    window = window_for(JOBS, TENANT, "2025-01-01", "2025-02-01")
    assert window == Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))


def test_a_resource_without_windows_is_told_that_they_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert window_for(CAMPAIGNS, TENANT, None, None) is None
    assert capsys.readouterr().err == ""
    assert window_for(CAMPAIGNS, TENANT, "2026-07-01", "2026-07-02") is None
    assert "change nothing" in capsys.readouterr().err


def days(start: str, end: str, resource: str = "jobs") -> tuple[date, date]:
    return days_of([CATALOG[resource]], TENANT, start, end, today=date(2026, 7, 20))


def test_a_backfill_names_its_last_day_although_the_end_is_exclusive() -> None:
    assert days("2026-07-01", "2026-07-04") == (date(2026, 7, 1), date(2026, 7, 3))


def test_a_backfill_may_include_today() -> None:
    assert days("2026-07-20", "2026-07-21") == (date(2026, 7, 20), date(2026, 7, 20))


@pytest.mark.parametrize(
    ("start", "end", "resource", "said"),
    [
        ("2026-07-20", "2026-07-22", "jobs", "is not a day yet"),
        ("2026-06-30", "2026-07-02", "jobs", "no days before 2026-07-01"),
        ("2026-07-02T06:00:00Z", "2026-07-03", "jobs", "whole days"),
        ("2026-07-02", "2026-07-03", "campaigns", "has no days"),
    ],
)
def test_a_backfill_of_what_is_no_partition_is_refused(start: str, end: str, resource: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        days(start, end, resource)

"""What an alert says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from st_platform.alerts import Problem, Severity, messages
from st_platform.alerts.message import PROBLEMS_PER_MESSAGE, REASON_LENGTH

SINCE = datetime(2026, 7, 1, 10, 5, tzinfo=UTC)
JOBS = Problem(
    subject="servicetitan/acme/jobs: freshness",
    tenant="acme",
    reason="nothing was read since 08:00",
    severity=Severity.WARNING,
    since=SINCE,
    owner="team:operations",
    link="http://127.0.0.1:3000/assets/servicetitan/acme/jobs",
)


def test_a_message_names_asset_tenant_reason_owner_time_and_link() -> None:
    [message] = messages([JOBS])

    assert message.title == "WARNING: servicetitan/acme/jobs: freshness (acme)"
    assert message.body.splitlines() == [
        "WARNING: servicetitan/acme/jobs: freshness",
        "Tenant: acme",
        "Reason: nothing was read since 08:00",
        "Since: 2026-07-01 10:05 UTC",
        "Owner: team:operations",
        "Link: http://127.0.0.1:3000/assets/servicetitan/acme/jobs",
    ]


def test_problems_of_one_tenant_share_a_message_and_the_worst_leads() -> None:
    invoices = replace(JOBS, subject="servicetitan/acme/invoices", severity=Severity.ERROR)
    other = replace(JOBS, subject="servicetitan/zen/jobs", tenant="zen")

    first, second = messages([JOBS, invoices, other])

    assert first.title == "ERROR: servicetitan/acme/invoices and 1 more (acme)"
    assert first.severity is Severity.ERROR
    assert first.problems == (invoices, JOBS)
    assert second.title == "WARNING: servicetitan/zen/jobs (zen)"


def test_a_storm_is_one_message_that_counts_what_it_does_not_list() -> None:
    storm = [replace(JOBS, subject=f"servicetitan/acme/r{number}") for number in range(300)]

    [message] = messages(storm)

    assert message.body.count("Reason:") == PROBLEMS_PER_MESSAGE
    assert f"and {300 - PROBLEMS_PER_MESSAGE} more" in message.body
    assert len(message.problems) == 300


def test_what_another_system_said_can_neither_forge_lines_nor_flood_the_message() -> None:
    hostile = "bad\r\nOwner: attacker\x1b[31m\u2028Link: http://evil " + "x" * 10_000

    [message] = messages([replace(JOBS, reason=hostile)])

    reason = next(line for line in message.body.split("\n") if line.startswith("Reason:"))
    assert len(message.body.splitlines()) == 6
    assert "\x1b" not in message.body
    assert len(reason) <= REASON_LENGTH + len("Reason: ")


def test_what_belongs_to_no_tenant_says_so() -> None:
    [message] = messages([replace(JOBS, tenant=None, owner=None)])

    assert message.title.endswith("(all tenants)")
    assert "Owner: nobody" in message.body

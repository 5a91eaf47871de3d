"""Judging an extract's health: what is good, what is a warning, what is an error, and what to do about it.

Pure: a health, the catalog's limits and a moment in; a verdict out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from st_platform.alerts.message import Severity
from st_platform.orchestration.checks.health import Health, last_due_day
from st_platform.orchestration.grants import not_granted
from st_platform.servicetitan.catalog import LoadMode, Resource

_STRETCHES_LISTED = 5


@dataclass(frozen=True)
class Verdict:
    """`reason` is a sentence or two for people; `severity` counts only if it did not pass."""

    passed: bool
    reason: str
    severity: Severity = Severity.ERROR
    facts: dict[str, Any] = field(default_factory=dict)


def judge_freshness(health: Health, resource: Resource, now: datetime) -> Verdict:
    """Whether the source's present was reached lately enough. Reading old days again does not count."""
    if health.granted is False:
        return unreadable(resource)
    limits = resource.cadence
    at = health.caught_up_at
    warn, fail = limits.warn_after, limits.fail_after
    facts = {"caught up at": moment_text(at), "warns after": str(warn), "fails after": str(fail)}
    if at is None:
        return Verdict(False, "It was never read to its end. Materialize it, or start its schedule.", facts=facts)
    age = now - at
    if age <= warn:
        return Verdict(True, f"Caught up {age_text(age)} ago.", facts=facts)
    late = age > fail
    limit = fail if late else warn
    cause = f" The last read stopped: {health.stopped_by}" if health.stopped_by else ""
    reason = f"Last caught up {age_text(age)} ago, at {moment_text(at)}; the limit is {age_text(limit)}.{cause}"
    return Verdict(False, reason, Severity.ERROR if late else Severity.WARNING, facts)


def judge_certificate(health: Health, tenant: str, resource: Resource, now: datetime) -> Verdict:
    """Whether what should be complete by now is proven to be.

    Dated and windows: every day from the first partition to the last due one. Tail: the last read reached its end.
    Snapshot: the last read proved the whole key set.
    """
    if health.granted is False:
        return unreadable(resource)
    facts: dict[str, Any] = {"read until": moment_text(health.caught_up_at), "rows landed": health.rows}
    if resource.load_mode is LoadMode.SNAPSHOT:
        facts["whole key set proven at"] = moment_text(health.certified_at)
    if health.parked_missing and resource.load_mode in (LoadMode.SNAPSHOT, LoadMode.WINDOW):
        return Verdict(False, parked(health, tenant, resource), facts=facts)
    if resource.is_dated:
        return _judge_days(health, tenant, resource, now, facts)
    if health.caught_up_at is None:
        return Verdict(False, "It was never read to its end.", facts=facts)
    if health.stopped_by:
        return Verdict(False, f"The last read stopped: {health.stopped_by}", facts=facts)
    if resource.load_mode is LoadMode.SNAPSHOT and (
        health.certified_at is None or health.certified_at < health.caught_up_at
    ):
        reason = "The last read did not prove its key set complete, so nothing was marked as deleted."
        return Verdict(False, reason, Severity.WARNING, facts)
    return Verdict(True, f"Read to its end at {moment_text(health.caught_up_at)}.", facts=facts)


def unreadable(resource: Resource) -> Verdict:
    """A resource that the app may not read is neither failed nor empty: there is nothing to judge."""
    return Verdict(True, not_granted(resource), facts={"granted": False, "missing scope": resource.scope})


def parked(health: Health, tenant: str, resource: Resource) -> str:
    """A removal that waits for a person, and what that person can do."""
    return (
        f"{health.parked_missing:,} of {health.parked_living:,} rows are gone from the source, too many to believe: "
        "none was marked as deleted. `st-platform deletes list` shows them, "
        f"`st-platform deletes accept {resource.name} --tenant {tenant}` believes them."
    )


def _judge_days(health: Health, tenant: str, resource: Resource, now: datetime, facts: dict[str, Any]) -> Verdict:
    if not health.missing_days:
        return Verdict(True, f"Every day up to {last_due_day(now)} is complete.", facts=facts)
    facts["days without a completed window"] = _stretches(health.missing_days)
    first, last = health.missing_days[0][0], health.missing_days[-1][1]
    start = f"--from {first}" if first else "--from its first day"
    only_the_last = health.missing_days == ((last_due_day(now), last_due_day(now)),)
    return Verdict(
        False,
        f"Days without a completed window: {_stretches(health.missing_days)}. Materialize these partitions, or run "
        f"st-platform backfill {resource.name} --tenant {tenant} {start} --to {last + timedelta(days=1)}.",
        Severity.WARNING if only_the_last else Severity.ERROR,
        facts,
    )


def judge_quarantine(health: Health, tenant_id: int, resource: Resource) -> Verdict:
    """Whether every row that came could be landed."""
    if not health.quarantined:
        return Verdict(True, "No row is in quarantine.", facts={"rows in quarantine": 0})
    return Verdict(
        False,
        f"{health.quarantined:,} rows could not be landed since {moment_text(health.quarantined_since)}: "
        f"{'; '.join(health.quarantine_reasons)}. They are in platform.quarantine.",
        Severity.WARNING,
        {
            "rows in quarantine": health.quarantined,
            "see": f"platform.quarantine, tenant_id {tenant_id}, resource {resource.name}, resolved_at null",
        },
    )


def _stretches(stretches: tuple[tuple[date | None, date], ...]) -> str:
    texts = [_stretch(first, last) for first, last in stretches[:_STRETCHES_LISTED]]
    more = len(stretches) - len(texts)
    return ", ".join(texts) + (f" and {more} more stretches" if more > 0 else "")


def _stretch(first: date | None, last: date) -> str:
    if first is None:
        return f"everything up to {last}"
    return str(first) if first == last else f"{first} to {last}"


def moment_text(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def age_text(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"

"""Judging the comparisons of an extract with its source: expected against observed rows, and what became of them.

Pure: a health and a moment in, a verdict out. What is parked waits for a person and is an error; what had to be
healed is worth a warning, because a row was missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from st_platform.alerts.message import Severity
from st_platform.orchestration.checks.health import Comparison, Health
from st_platform.orchestration.checks.verdicts import Verdict, age_text, moment_text, parked, unreadable
from st_platform.servicetitan.catalog import IdsFilter, LoadMode, Resource

DUE_AFTER_DAYS = timedelta(hours=50)
"""How old the last comparison by count may be; it is made daily."""

DUE_AFTER_WEEKS = timedelta(days=15)
"""How old the last comparison by keys may be where nothing can be counted; it is made weekly."""


def is_countable(resource: Resource) -> bool:
    """Whether one request tells how many rows the source has."""
    return resource.list is not None and resource.list.ids is not IdsFilter.REQUIRED


def judge_reconciliation(health: Health, tenant: str, resource: Resource, now: datetime) -> Verdict:
    """Whether source and warehouse were last found to hold the same rows, lately enough."""
    if health.granted is False:
        return unreadable(resource)
    if health.parked_missing:
        return Verdict(False, parked(health, tenant, resource), facts=_facts(health.comparisons))
    if resource.load_mode is LoadMode.WINDOW:
        return Verdict(True, "Each read of a day is compared with what is here: there is nothing else to reconcile.")
    command = f"st-platform reconcile {resource.name} --tenant {tenant}"
    if not health.comparisons:
        return _never(resource, command)
    last, facts = health.comparisons[0], _facts(health.comparisons)
    due = DUE_AFTER_DAYS if is_countable(resource) else DUE_AFTER_WEEKS
    if now - last.at > due:
        reason = f"Last compared with the source {age_text(now - last.at)} ago; the limit is {age_text(due)}."
        return Verdict(False, f"{reason} Start its schedule, or run {command}.", Severity.WARNING, facts)
    if last.healed or last.missing or last.stale:
        return Verdict(False, _healed(last, command), Severity.WARNING, facts)
    if not last.certified:
        why = last.note or "the counts differ, and it was not settled by keys"
        return Verdict(False, f"{_counts(last)}: {why}. {command} --deep settles it.", Severity.WARNING, facts)
    removed = f" Left the source and marked as deleted: {last.deleted:,}." if last.deleted else ""
    why = "" if last.source_count in (None, last.warehouse_count) else _WHY_COUNTS_DIFFER
    return Verdict(True, f"Source and warehouse agree by {last.method}: {_counts(last)}.{why}{removed}", facts=facts)


_WHY_COUNTS_DIFFER = " The difference are rows marked as deleted or out of use, which this list shows or hides."


def _never(resource: Resource, command: str) -> Verdict:
    if not is_countable(resource):
        reason = "The source does not count its rows; they are compared key by key once a week"
        return Verdict(True, f"{reason}, or by {command} --deep.")
    return Verdict(False, f"Never compared with the source. Start its schedule, or run {command}.", Severity.WARNING)


def _healed(last: Comparison, command: str) -> str:
    found = f"Missing here: {last.missing:,}, out of date: {last.stale:,}"
    if last.healed >= last.missing + last.stale:
        return f"{found}; all of them were read again and healed at {moment_text(last.at)}."
    return f"{found}; {last.healed:,} of them could be healed. {last.note} Run {command} --deep once more."


def _counts(last: Comparison) -> str:
    expected = "an unknown number" if last.source_count is None else f"{last.source_count:,}"
    return f"expected {expected}, observed {last.warehouse_count:,}, at {moment_text(last.at)}"


def _facts(comparisons: tuple[Comparison, ...]) -> dict[str, Any]:
    if not comparisons:
        return {}
    last = comparisons[0]
    expected = {} if last.source_count is None else {"expected rows": last.source_count}
    return expected | {
        "observed rows": last.warehouse_count,
        "method": last.method,
        "missing": last.missing,
        "stale": last.stale,
        "gone": last.gone,
        "healed": last.healed,
        "marked as deleted": last.deleted,
        "parked": last.parked,
        "calls": last.calls,
        "last comparisons": "; ".join(_line(item) for item in comparisons),
    }


def _line(item: Comparison) -> str:
    outcome = "agree" if item.certified else "not settled"
    changed = "".join(
        f", {number:,} {word}"
        for word, number in (("healed", item.healed), ("deleted", item.deleted), ("parked", item.parked))
        if number
    )
    expected = "?" if item.source_count is None else f"{item.source_count:,}"
    return f"{moment_text(item.at)} by {item.method}: {expected} / {item.warehouse_count:,}, {outcome}{changed}"

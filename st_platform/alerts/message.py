"""What an alert says: which asset of which tenant, what is wrong, since when, who owns it, and where to look.

Pure. Several problems of one tenant found at the same moment are one message, so that a bad hour is not a hundred
messages. Reasons are cut short and lose their control characters: they may quote what another system said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

PROBLEMS_PER_MESSAGE = 10
"""More than these are counted, not listed."""

REASON_LENGTH = 600

EVERYONE = "all tenants"


class Severity(IntEnum):
    """How bad it is; a higher one speaks up even if a lower one already did."""

    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    `subject` is what broke as it is called in the UI, e.g. `servicetitan/acme/jobs: freshness`; `tenant` is None for
    what belongs to no single one; `since` is UTC.
    """

    subject: str
    tenant: str | None
    reason: str
    severity: Severity
    since: datetime
    owner: str | None
    link: str


@dataclass(frozen=True)
class Message:
    """What goes out: one line, and the text below it. Plain text, no markup."""

    title: str
    body: str
    severity: Severity
    problems: tuple[Problem, ...]


def messages(problems: Iterable[Problem]) -> list[Message]:
    """One message per tenant, the worst problem first."""
    by_tenant: dict[str | None, list[Problem]] = {}
    for problem in problems:
        by_tenant.setdefault(problem.tenant, []).append(problem)
    return [_message(tenant or EVERYONE, found) for tenant, found in by_tenant.items()]


def _message(tenant: str, problems: list[Problem]) -> Message:
    ordered = sorted(problems, key=lambda problem: (-problem.severity, problem.since))
    worst = ordered[0]
    others = f" and {len(ordered) - 1} more" if len(ordered) > 1 else ""
    title = f"{worst.severity.name}: {_one_line(worst.subject)}{others} ({tenant})"
    parts = [_paragraph(problem, tenant) for problem in ordered[:PROBLEMS_PER_MESSAGE]]
    unlisted = len(ordered) - PROBLEMS_PER_MESSAGE
    if unlisted > 0:
        parts.append(f"… and {unlisted} more; the links above lead to the same place.")
    return Message(title, "\n\n".join(parts), worst.severity, tuple(ordered))


def _paragraph(problem: Problem, tenant: str) -> str:
    return "\n".join(
        [
            f"{problem.severity.name}: {_one_line(problem.subject)}",
            f"Tenant: {tenant}",
            f"Reason: {_one_line(problem.reason)}",
            f"Since: {problem.since:%Y-%m-%d %H:%M} UTC",
            f"Owner: {problem.owner or 'nobody'}",
            f"Link: {problem.link}",
        ]
    )


def _one_line(text: str) -> str:
    """`text` without line breaks and control characters, at most `REASON_LENGTH` characters long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return line if len(line) <= REASON_LENGTH else f"{line[: REASON_LENGTH - 1]}…"

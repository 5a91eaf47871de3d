"""`--from` and `--to`: a date or an instant, in UTC, the end exclusive.

Turns text into the window a sync works on; what a window means is the ingest floor's business.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

from st_platform.cli.output import UsageProblem

if TYPE_CHECKING:
    from st_platform.servicetitan.tenant import Tenant

From = Annotated[
    str | None, typer.Option("--from", metavar="DATE|INSTANT", help="First moment of the window, UTC; included.")
]
To = Annotated[str | None, typer.Option("--to", metavar="DATE|INSTANT", help="End of the window, UTC; not included.")]


def parse_moment(text: str, option: str) -> date | datetime:
    """A date, or an instant with its offset, in UTC.

    Raises:
        UsageProblem: it is neither, or an instant that does not say which zone it is in.
    """
    try:
        if len(text) == len("2026-07-01"):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageProblem("this is neither a date nor an instant", option, "Example: 2026-07-01.") from None
    if instant.tzinfo is None:
        raise UsageProblem("the instant does not say its time zone", option, "Example: 2026-07-01T06:00:00Z.")
    return instant.astimezone(UTC)


def parse_window(start: str | None, end: str | None) -> tuple[date | datetime, date | datetime]:
    """Both ends of a window.

    Raises:
        UsageProblem: one is missing, cannot be read, or the end is not after the start.
    """
    missing = [option for option, text in (("--from", start), ("--to", end)) if not text]
    if missing or start is None or end is None:
        fix = "A dated resource is read by window: --from 2026-07-01 --to 2026-07-02."
        raise UsageProblem(f"{' and '.join(missing)} is missing", "options", fix)
    first, last = parse_moment(start, "--from"), parse_moment(end, "--to")
    if as_instant(last) <= as_instant(first):
        raise UsageProblem("--to is not after --from", "options", "--to is exclusive: one day is --from D --to D+1.")
    return first, last


def as_instant(moment: date | datetime) -> datetime:
    """Midnight UTC of a date; an instant as it is."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), tzinfo=UTC)


def reaches_back(tenant: Tenant, start: date | datetime) -> bool:
    """Whether a window that starts here is one that begins with the first partition, so with all older history."""
    return as_instant(start) == tenant.start

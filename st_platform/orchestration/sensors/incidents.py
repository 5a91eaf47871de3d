"""What the alert sensor remembers between ticks: how far it has read, and what it has already told.

Pure, and small enough to be the sensor's cursor. A check that keeps failing is told once, again when it gets worse,
and once a day while it lasts; a failed run is told once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from st_platform.alerts import Severity

REMIND_AFTER = 24 * 3600.0
"""Seconds after which a failure that was told and persists is told again."""

LAG = 60.0
"""Seconds for which ids are remembered one by one: of two writers, the one with the lower id may commit later."""

FORGET_AFTER = 24 * 3600.0
"""Nothing older than this is told for the first time; a run that was told is remembered twice as long."""


@dataclass(frozen=True)
class Open:
    """A check that fails: how badly, since when, and when that was last told (Unix seconds)."""

    severity: Severity
    since: float
    told: float


@dataclass
class Memory:
    """The sensor's cursor.

    `after` is the last event id that needs no second look; `seen` maps later ids that were dealt with to when;
    `open` are the failing checks by name; `runs` the failed runs and backfills that were told, and when.
    """

    after: int = 0
    seen: dict[int, float] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    runs: dict[str, float] = field(default_factory=dict)

    def opens(self, check: str, severity: Severity, at: float) -> Open | None:
        """What is to be told about a failed evaluation at `at`, or None if it was told already."""
        known = self.open.get(check)
        if known is None:
            return Open(severity, at, at)
        if severity > known.severity or at - known.told >= REMIND_AFTER:
            return Open(severity, known.since, at)
        return None

    def note_failing(self, check: str, incident: Open | None, event_id: int, now: float) -> None:
        """It was told; None if it is good again by now."""
        if incident:
            self.open[check] = incident
        self.seen[event_id] = now

    def note_passing(self, check: str, event_id: int, now: float) -> None:
        self.open.pop(check, None)
        self.seen[event_id] = now

    def note_known(self, event_id: int, now: float) -> None:
        """It fails still, which was told already."""
        self.seen[event_id] = now

    def note_run(self, run: str, now: float) -> None:
        self.runs[run] = now

    def settle(self, now: float, untold: Iterable[int] = ()) -> None:
        """Move on past what was dealt with a while ago, but never past an event that could not be told."""
        limit = min(untold, default=None)
        old = [event for event, at in self.seen.items() if now - at >= LAG and (limit is None or event < limit)]
        self.after = max([self.after, *old])
        self.seen = {event: at for event, at in self.seen.items() if event > self.after}
        self.runs = {run: at for run, at in self.runs.items() if now - at < 2 * FORGET_AFTER}

    def to_text(self) -> str:
        return json.dumps(
            {
                "after": self.after,
                "seen": _by_time(self.seen),
                "open": {check: [item.severity, item.since, item.told] for check, item in self.open.items()},
                "runs": self.runs,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str | None) -> Memory:
        """The memory in a cursor; an empty one if there is no cursor yet."""
        stored = json.loads(text) if text else {}
        return cls(
            after=stored.get("after", 0),
            seen={event: float(at) for at, events in stored.get("seen", {}).items() for event in events},
            open={
                check: Open(Severity(severity), since, told)
                for check, (severity, since, told) in stored.get("open", {}).items()
            },
            runs=dict(stored.get("runs", {})),
        )


def _by_time(seen: dict[int, float]) -> dict[str, list[int]]:
    """Grouped, because a busy tick sees hundreds of events at one moment and the cursor is a text."""
    groups: dict[str, list[int]] = {}
    for event, at in seen.items():
        groups.setdefault(repr(at), []).append(event)
    return groups

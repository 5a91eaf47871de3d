"""What a sync tells its caller: progress page by page, and a report at the end. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock

from st_platform.ingest.windows import Window
from st_platform.warehouse.merge import MergeCounts


class Certificate(StrEnum):
    """What is proven about the window."""

    CERTIFIED = "certified"
    """The end of every lane was reached, and each row received is accounted for."""
    CAUGHT_UP = "caught up"
    """The source had nothing more at this moment; the window is still open."""
    INCOMPLETE = "incomplete"
    """Neither."""
    NOT_GRANTED = "not granted"
    """The tenant does not let us read this resource. Nothing was asked, or the source refused to go on."""


@dataclass(frozen=True)
class PageDone:
    """One page is committed. `reached` is the newest modification time on it; `lane` what the lane reads."""

    resource: str
    lane: str
    rows: int
    counts: MergeCounts
    quarantined: int
    reached: datetime | None


@dataclass(frozen=True)
class Outcome:
    """What a way of reading achieved. `known_until`: every change of the source before that instant has been seen."""

    certificate: Certificate
    lanes: int
    lanes_skipped: int
    known_until: datetime


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """The outcome of one sync; counts are of this call alone, the ledger holds the window's.

    `received = inserted + updated + unchanged + quarantined`. `data_version` is the number of the last request that
    changed anything of this tenant and resource, ever; 0 when none did. `lanes_skipped` were finished before, by an
    earlier run of the same request. `drift` are notices that nobody had seen today; `notes` are sentences.
    """

    tenant: str
    resource: str
    window: Window | None
    received: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    deleted: int
    pages: int
    calls: int
    lanes: int
    lanes_skipped: int
    certificate: Certificate
    data_version: int
    drift: tuple[str, ...]
    started_at: datetime
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass
class Tally:
    """Counts of one sync while it runs, from any number of threads."""

    received: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    deleted: int = 0
    pages: int = 0
    drift: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add_page(self, counts: MergeCounts, quarantined: int, drift: tuple[str, ...]) -> None:
        with self._lock:
            self.received += counts.received + quarantined
            self.inserted += counts.inserted
            self.updated += counts.updated
            self.unchanged += counts.unchanged
            self.quarantined += quarantined
            self.pages += 1
            self.drift.extend(notice for notice in drift if notice not in self.drift)

    def add_deleted(self, deleted: int) -> None:
        with self._lock:
            self.deleted += deleted

    def note(self, sentence: str) -> None:
        with self._lock:
            if sentence not in self.notes:
                self.notes.append(sentence)


def report_of(
    tenant: str,
    resource: str,
    window: Window | None,
    tally: Tally,
    outcome: Outcome,
    *,
    calls: int,
    data_version: int,
    started_at: datetime,
    seconds: float,
) -> SyncReport:
    """The report of a sync that came to its end."""
    return SyncReport(
        tenant=tenant,
        resource=resource,
        window=window,
        received=tally.received,
        inserted=tally.inserted,
        updated=tally.updated,
        unchanged=tally.unchanged,
        quarantined=tally.quarantined,
        deleted=tally.deleted,
        pages=tally.pages,
        calls=calls,
        lanes=outcome.lanes,
        lanes_skipped=outcome.lanes_skipped,
        certificate=outcome.certificate,
        data_version=data_version,
        drift=tuple(tally.drift),
        started_at=started_at,
        seconds=seconds,
        notes=tuple(tally.notes),
    )

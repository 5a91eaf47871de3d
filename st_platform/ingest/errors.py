"""What can stop a sync, as types: what happened, where, and what to do.

Errors of the API and of the database are not wrapped; they say these three things themselves.
"""

from __future__ import annotations


class IngestError(Exception):
    """Base of all. `str()` reads `what (where). fix`."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        super().__init__(f"{what} ({where}). {fix}")
        self.what = what
        self.where = where
        self.fix = fix


class SyncFailed(IngestError):
    """The read could not be brought to its end. What was committed stays; the next run resumes behind it."""


class WindowBusy(IngestError):
    """Another living process reads the same window."""


class QuarantineThresholdExceeded(SyncFailed):
    """Too many rows of one page are broken: the feed stops before it, the evidence is in quarantine."""

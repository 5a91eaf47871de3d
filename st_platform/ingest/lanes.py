"""Dividing a window into lanes that are read side by side.

A feed's cursor is sequential, so a long history is read faster only as several shorter ones. Pure: lanes are cut
by what a page shows of the feed's density, never by guesses made before anything was read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from st_platform.ingest.instants import as_datetime, order_key
from st_platform.ingest.windows import MARGIN, Window, as_month_start

MOST_LANES = 24
"""Lanes of one window, at most."""

FEWEST_PAGES = 4
"""A lane shorter than this many pages costs more in overlap than it gains."""

_LONG = timedelta(days=62)
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_SECOND = len("2024-01-01T23:59:59")
_ALMOST_A_SECOND = timedelta(microseconds=999_999)


@dataclass(frozen=True)
class Times:
    """The modification times on one page: the known ones in order, and whether every row has one."""

    known: Sequence[str]
    complete: bool

    @classmethod
    def of(cls, versions: Sequence[str | None]) -> Times:
        """From the rows' times as they came. Text order is right to the second, which is all that cutting needs."""
        known = sorted(version for version in versions if version is not None)
        return cls(known, len(known) == len(versions) > 0)

    @property
    def newest(self) -> str | None:
        """The latest of them, exactly."""
        if not self.known:
            return None
        second = self.known[-1][:_SECOND]
        start = bisect_left(self.known, second)
        return max(self.known[start:], key=order_key)

    def are_past(self, end: datetime | None) -> bool:
        """Whether the whole page lies behind the end of a lane, margin included. A row without a time never does.

        The whole page has to, because feeds are only usually in order of modification.
        """
        return end is not None and self.complete and self.known[0] >= f"{end + MARGIN + _ALMOST_A_SECOND:{_FORMAT}}"


def cuts(lane: Window, times: Times, pieces: int) -> list[datetime]:
    """Where to cut what is left of a lane after a page with these times, into at most `pieces`.

    How much is left is judged by the time that the page covers, its outermost twentieths aside. Cuts fall on first
    days of months, or on midnights where a piece would be shorter than two months. Empty when it is not worth it.
    """
    if pieces < 2 or len(times.known) < 2 or lane.end is None:
        return []
    edge = len(times.known) // 20
    first, last, reached = (as_datetime(times.known[index]) for index in (edge, -1 - edge, -1))
    covered, rest = last - first, lane.end - reached
    if rest <= timedelta():
        return []
    pages = rest / covered if covered > timedelta() else float("inf")
    wanted = int(min(pages / FEWEST_PAGES, pieces))
    long = wanted > 0 and rest / wanted >= _LONG
    found: list[datetime] = []
    for number in range(1, wanted):
        target = reached + rest * number / wanted
        cut = as_month_start(target) if long else target.replace(hour=0, minute=0, second=0, microsecond=0)
        if reached + MARGIN < cut < lane.end and cut not in found:
            found.append(cut)
    return found


def uncovered(window: Window, covered: Iterable[Window]) -> list[Window]:
    """The parts of a window that no lane covers yet, in order."""
    left = [window]
    for part in covered:
        left = [piece for whole in left for piece in _without(whole, part)]
    return left


def _without(whole: Window, part: Window) -> list[Window]:
    pieces: list[Window] = []
    if part.start is not None and (whole.start is None or whole.start < part.start):
        end = part.start if whole.end is None else min(whole.end, part.start)
        pieces.append(Window(whole.start, end))
    if part.end is not None and (whole.end is None or part.end < whole.end):
        start = part.end if whole.start is None else max(whole.start, part.end)
        pieces.append(Window(start, whole.end))
    return pieces

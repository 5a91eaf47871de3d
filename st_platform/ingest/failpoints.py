"""Places where a test can kill the process, to prove that a restart loses and repeats nothing.

`ST_FAILPOINT=after_merge` kills at the first passage, `after_merge:3` at the third, with SIGKILL, as a power cut
would. Without the variable a failpoint costs one comparison. Every step of a sync has its point; tests enumerate
the registry, so a new step without one is noticed.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from enum import StrEnum
from threading import Lock

VARIABLE = "ST_FAILPOINT"


class Failpoint(StrEnum):
    """Each place, in the order a sync passes them; a comparison with the source passes some, and one of its own."""

    AFTER_LEASE = "after_lease"
    AFTER_PLAN = "after_plan"
    BEFORE_FETCH = "before_fetch"
    AFTER_FETCH = "after_fetch"
    AFTER_DECODE = "after_decode"
    AFTER_MERGE = "after_merge"
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    AFTER_SPLIT = "after_split"
    BEFORE_LANE_DONE = "before_lane_done"
    AFTER_LANE_DONE = "after_lane_done"
    BEFORE_DELETE_INFERENCE = "before_delete_inference"
    AFTER_DELETE_INFERENCE = "after_delete_inference"
    AFTER_KEYS = "after_keys"
    BEFORE_REPORT = "before_report"


_armed = os.environ.get(VARIABLE, "")
_passages: Counter[Failpoint] = Counter()
_lock = Lock()


def arm(text: str) -> None:
    """Set the armed failpoint, as the variable does: a name, or a name and which passage of it."""
    global _armed
    _armed = text
    _passages.clear()


def reach(point: Failpoint) -> None:
    """Pass `point`; the process ends here if it is the armed one."""
    if not _armed:
        return
    name, _, nth = _armed.partition(":")
    if name != point:
        return
    with _lock:
        _passages[point] += 1
        if _passages[point] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)

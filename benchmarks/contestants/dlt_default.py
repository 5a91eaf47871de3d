"""dlt's REST source as its documentation sets it up for changing rows: merged by primary key, all else by default."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contestants.dlt_pipeline import rest_api, running, settle
from benchmarks.ways import Task


def prepare(task: Task) -> Callable[[], int]:
    settle()
    return running(task, rest_api(task, write_disposition="merge"))

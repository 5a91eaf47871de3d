"""dlt's REST source, told what its performance guide has to say.

No child tables, the first load without a merge and later ones by upsert, files for COPY instead of INSERT, buffers that
hold pages, files small enough to share and a process for each core to normalize them.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from benchmarks.contestants.dlt_pipeline import rest_api, running, settle
from benchmarks.feed_of_jobs import Edition
from benchmarks.ways import Task

UPSERT = {"disposition": "merge", "strategy": "upsert"}
BUFFERS = {"DATA_WRITER__BUFFER_MAX_ITEMS": 20_000, "DATA_WRITER__FILE_MAX_ITEMS": 25_000}


def prepare(task: Task) -> Callable[[], int]:
    settle(**BUFFERS, NORMALIZE__WORKERS=os.cpu_count(), LOAD__WORKERS=4)
    disposition = "replace" if task.edition is Edition.FULL else UPSERT
    source = rest_api(task, write_disposition=disposition, max_table_nesting=0)
    return running(task, source, loader_file_format="csv")

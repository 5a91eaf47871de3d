"""What the ways with dlt share: where the feed is, how it is paged, and a pipeline that keeps to its own folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import dlt

from benchmarks.ways import Task

LONG_AGO = "2000-01-01T00:00:00Z"
PAGING = {
    "type": "cursor",
    "cursor_path": "continueFrom",
    "cursor_param": "from",
    "has_more_path": "hasMore",
}


def address(task: Task) -> str:
    return f"{task.feed}/jpm/v2/tenant/1/export/"


def settle(**settings: object) -> None:
    """dlt reads its settings from the environment."""
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    os.environ.update(quiet | {name: str(value) for name, value in settings.items()})


def rest_api(task: Task, **resource: Any) -> Any:
    """dlt's own REST source over the feed, incremental by time of modification."""
    from dlt.sources.rest_api import rest_api_source

    incremental = {"cursor_path": "modifiedOn", "start_param": "from", "initial_value": LONG_AGO}
    endpoint = {"path": "jobs", "data_selector": "data", "incremental": incremental}
    return rest_api_source(
        {
            "client": {"base_url": address(task), "paginator": PAGING},  # type: ignore[typeddict-item]
            "resources": [{"name": "jobs", "primary_key": "id", "endpoint": endpoint, **resource}],  # type: ignore
        }
    )


def running(task: Task, source: Any, **options: Any) -> Callable[[], int]:
    """The run of a pipeline; its working folder is kept for the next step of the same round."""
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(task.keep / "dlt"),
        destination=dlt.destinations.postgres(task.database_url),
        dataset_name="feed",
    )

    def run() -> int:
        pipeline.run(source, **options).raise_on_failed_jobs()
        return pipeline.last_trace.last_normalize_info.row_counts["jobs"]

    return run

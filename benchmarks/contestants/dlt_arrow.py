"""dlt with pages handed over as Arrow tables, which it does not normalize row by row. Nested values become text.

Its REST client, not its REST source: the table is made by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import dlt
import pyarrow as pa
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from benchmarks.contestants.dlt_pipeline import LONG_AGO, PAGING, address, running, settle
from benchmarks.contestants.dlt_tuned import BUFFERS, UPSERT
from benchmarks.feed_of_jobs import Edition
from benchmarks.ways import Task
from st_platform.servicetitan.catalog import CATALOG

_TYPES = {"bigint": pa.int64(), "integer": pa.int64(), "boolean": pa.bool_()}
_COLUMNS = CATALOG["jobs"].columns
_SCHEMA = pa.schema([(column.api_name, _TYPES.get(column.sql_type, pa.string())) for column in _COLUMNS])


def prepare(task: Task) -> Callable[[], int]:
    settle(**BUFFERS, LOAD__WORKERS=4)
    disposition: Any = "replace" if task.edition is Edition.FULL else UPSERT

    since = dlt.sources.incremental("modifiedOn", initial_value=LONG_AGO)

    @dlt.resource(name="jobs", primary_key="id", write_disposition=disposition)
    def jobs(modified: Any = since) -> Iterator[pa.Table]:
        paging = {name: value for name, value in PAGING.items() if name != "type"}
        client = RESTClient(address(task), paginator=JSONResponseCursorPaginator(**paging), data_selector="data")
        for page in client.paginate("jobs", params={"from": modified.start_value}):
            yield _table(page)

    return running(task, jobs, loader_file_format="csv")


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    columns = [[_flat(row[name]) for row in rows] for name in _SCHEMA.names]
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA
    )


def _flat(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value

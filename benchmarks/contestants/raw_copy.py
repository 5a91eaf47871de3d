"""COPY of bytes made beforehand into a table of the same columns, defaults and key, one transaction a page.

As fast as Postgres takes the rows, if somebody else had already read, decoded and written them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import sql

from benchmarks.feed_of_jobs import page_of
from benchmarks.ways import Task
from st_platform.servicetitan.catalog import CATALOG
from st_platform.warehouse.database import Database, connect

_JOBS = CATALOG["jobs"]
_SINCE = "2026-01-01T00:00:00Z"
_OWN = {"tenant_id": "1", "_fetched_at": _SINCE, "_fetch_seq": "1", "_changed_at": _SINCE}
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def write_blocks(folder: Path, pages: int) -> None:
    """The bytes of every page, a file each."""
    for number in range(pages):
        rows = json.loads(page_of(number, pages))["data"]
        lines = [
            "\t".join([*_OWN.values(), *(_text(row[column.api_name]) for column in _JOBS.columns)]) for row in rows
        ]
        (folder / f"{number:06d}.copy").write_text("\n".join(lines) + "\n")


def prepare(task: Task) -> Callable[[], int]:
    Database.prepare(task.database_url).close()
    names = [*_OWN, *(column.name for column in _JOBS.columns)]
    command = sql.SQL("COPY bench.jobs ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, names)))
    blocks = sorted(Path(task.prepared).glob("*.copy"))
    connection = connect(task.database_url)
    connection.execute("CREATE SCHEMA bench")
    connection.execute("CREATE TABLE bench.jobs (LIKE servicetitan.jobs INCLUDING ALL)")

    def run() -> int:
        rows = 0
        for block in blocks:
            with connection.cursor() as cursor:
                with cursor.copy(command) as copy:
                    copy.write(block.read_bytes())
                rows += cursor.rowcount
        return rows

    return run


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text.translate(_ESCAPES)

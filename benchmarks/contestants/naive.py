"""What a script of an afternoon does: requests, a data frame a page, `to_sql`; changes by delete and insert."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import requests
import sqlalchemy as sa

from benchmarks.feed_of_jobs import Edition
from benchmarks.ways import Task


def prepare(task: Task) -> Callable[[], int]:
    engine = sa.create_engine(sa.make_url(task.database_url).set(drivername="postgresql+psycopg2"))

    def run() -> int:
        with engine.begin() as connection:
            if task.edition is Edition.FULL:
                return sum(_append(connection, "jobs", page) for page in _pages(task, None))
            since = connection.scalar(sa.text('SELECT max("modifiedOn") FROM jobs'))
            connection.execute(sa.text("CREATE TEMP TABLE newer (LIKE jobs) ON COMMIT DROP"))
            rows = sum(_append(connection, "newer", page) for page in _pages(task, since))
            connection.execute(sa.text("DELETE FROM jobs USING newer WHERE jobs.id = newer.id"))
            connection.execute(sa.text("INSERT INTO jobs SELECT * FROM newer"))
            return rows

    return run


def _pages(task: Task, since: str | None) -> Iterator[list[dict[str, Any]]]:
    session = requests.Session()
    session.trust_env = False
    start = since
    while True:
        answer = session.get(f"{task.feed}/jpm/v2/tenant/1/export/jobs", params={"from": start}, timeout=60)
        page = answer.json()
        yield page["data"]
        start = page["continueFrom"]
        if not page["hasMore"]:
            return


def _append(connection: sa.Connection, table: str, rows: list[dict[str, Any]]) -> int:
    frame = pd.DataFrame(rows)
    for name in frame.select_dtypes("object"):
        frame[name] = [json.dumps(value) if isinstance(value, dict | list) else value for value in frame[name]]
    frame.to_sql(table, connection, if_exists="append", index=False)
    return len(frame)

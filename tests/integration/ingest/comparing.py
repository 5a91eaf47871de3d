"""What tests of comparisons share: damage done to the warehouse, a comparison in one line, and whether all agrees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from st_platform.ingest.reconcile import ReconcileReport, reconcile
from st_platform.servicetitan.catalog import CATALOG, Resource
from tests.syncing import EVERYTHING, Bench

JOBS = "jobs"
"""A feed that shows deletions, a list that does not, and ids to ask for."""
MEMOS = "credit_memos"
"""A list of no certain order with ids to ask for."""
COSTS = "campaign_costs"
"""A list without ids."""
TAGS = "tag_types"
"""A feed, and a list without ids or order."""
ITEMS = "invoice_items"
"""A feed and nothing else."""


def small_pages(name: str, size: int) -> Resource:
    entry = CATALOG[name]
    assert entry.list is not None
    return replace(entry, list=replace(entry.list, page_size=size))


def compare(bench: Bench, name: str | Resource, *, deep: bool = False, patience: float = 1.0) -> ReconcileReport:
    entry = CATALOG[name] if isinstance(name, str) else name
    with bench.client() as client:
        return reconcile(
            bench.simulator.tenant,
            entry,
            client=client,
            database=bench.database,
            deep=deep,
            run_id="run 1",
            patience=patience,
        )


def load(bench: Bench, name: str) -> None:
    """Everything there is, also what a feed hides for a while."""
    bench.simulator.advance(minutes=20)
    bench.sync(name, EVERYTHING if CATALOG[name].is_dated else None)
    bench.simulator.clear_requests()


def fill(bench: Bench, name: str, rows: int = 50) -> None:
    """At least so many rows at the source, all of them in the warehouse."""
    for _ in range(rows - len(bench.simulator.truth(name))):
        bench.insert(name)
    load(bench, name)


def living(bench: Bench, name: str) -> int:
    """How many rows the source has, deleted ones aside."""
    rows = bench.simulator.truth(name).values()
    return sum(CATALOG[name].deleted_when is None or row["active"] for row in rows)


def pages_of(bench: Bench, name: str, size: int) -> int:
    return -(-len(bench.simulator.truth(name)) // size)


def lose(bench: Bench, name: str, keys: Iterable[int]) -> None:
    """Rows vanish from the warehouse, as a bug or a restored backup would have it."""
    execute(bench, f"DELETE FROM servicetitan.{name} WHERE id = ANY (%s)", list(keys))


def outdate(bench: Bench, name: str, keys: Iterable[int], column: str, value: Any) -> None:
    """Rows go back to an older version."""
    execute(
        bench,
        f"UPDATE servicetitan.{name} SET {column} = %s, modified_on = modified_on - interval '1 day'"
        " WHERE id = ANY (%s)",
        value,
        list(keys),
    )


def execute(bench: Bench, text: str, *values: Any) -> None:
    with bench.database.connection() as connection:
        connection.execute(text.encode(), values)


def marked(bench: Bench, name: str) -> set[int]:
    return {key for key, row in bench.rows(name).items() if row["_deleted_at"] is not None}


def some(bench: Bench, name: str, count: int, *, skip: int = 0) -> list[int]:
    return sorted(bench.simulator.truth(name))[skip : skip + count]


def agrees(bench: Bench, name: str) -> bool:
    """Whether the living rows are those of the source."""
    return bench.rows(name).keys() - marked(bench, name) == set(bench.simulator.truth(name))

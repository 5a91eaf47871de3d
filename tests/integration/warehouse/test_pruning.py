"""The ledger forgets finished reads in time, and never the last word on a window or what is unfinished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from st_platform.warehouse import pruning
from st_platform.warehouse.database import Database
from st_platform.warehouse.progress import LaneKey, add_lanes, finish_lane, generations_of, holding, note_read
from st_platform.warehouse.pruning import KEPT_FOR, prune_lanes

NAME, TENANT = "jobs", 1001
DAY = datetime(2026, 6, 1, tzinfo=UTC)
OLD, YOUNG = KEPT_FOR + timedelta(days=1), KEPT_FOR - timedelta(days=1)


def read(
    database: Database,
    generation: str,
    *,
    age: timedelta = OLD,
    window: datetime | None = DAY,
    lanes: int = 2,
    done: int = 2,
    certified: bool = True,
    tenant: int = TENANT,
) -> None:
    """A read of some time ago, as the ledger holds it."""
    with holding(database, tenant, NAME, "test") as lease, database.connection() as connection:
        added = add_lanes(
            connection, LaneKey(tenant, NAME, generation, window, None), [(None, None)] * lanes, lease=lease
        )
        for lane in added[:done]:
            finish_lane(connection, lane.lane_id, lease=lease, at=DAY, certified=certified)
        ids = [lane.lane_id for lane in added]
        connection.execute(
            "UPDATE platform.sync_lanes SET updated_at = now() - %s WHERE lane_id = ANY (%s)", [age, ids]
        )
        note_read(connection, tenant, NAME, at=DAY, certified=certified)


def prune(database: Database) -> int:
    with database.connection() as connection:
        return prune_lanes(connection, TENANT, NAME)


def left(database: Database, window: datetime | None = DAY, tenant: int = TENANT) -> list[str]:
    with database.connection() as connection:
        return sorted(name for name, _ in generations_of(connection, tenant, NAME, window, None))


def test_old_reads_go_except_the_newest_certified_one_of_each_window(database: Database) -> None:
    for generation in ("first", "second", "third"):
        read(database, generation)
    read(database, "other window", window=DAY + timedelta(days=1))
    read(database, "snapshot 1", window=None)
    read(database, "snapshot 2", window=None)
    assert prune(database) == 6
    assert left(database) == ["third"]
    assert left(database, DAY + timedelta(days=1)) == ["other window"]
    assert left(database, None) == ["snapshot 2"]


def test_what_is_young_or_unfinished_stays(database: Database) -> None:
    read(database, "unfinished", done=1)
    read(database, "young", age=YOUNG)
    read(database, "old")
    assert prune(database) == 0
    assert left(database) == ["old", "unfinished", "young"]


def test_an_old_read_that_proves_nothing_is_not_a_last_word(database: Database) -> None:
    read(database, "certified")
    read(database, "a file", certified=False)
    assert prune(database) == 2
    assert left(database) == ["certified"]


def test_other_tenants_are_left_alone(database: Database) -> None:
    for tenant in (TENANT, 2002):
        read(database, "first", tenant=tenant)
        read(database, "second", tenant=tenant)
    prune(database)
    assert left(database, tenant=2002) == ["first", "second"]


def test_it_is_done_once_a_day(database: Database) -> None:
    read(database, "first")
    read(database, "second")
    assert prune(database) == 2
    read(database, "third")
    assert prune(database) == 0
    with database.connection() as connection:
        connection.execute("UPDATE platform.resource_state SET pruned_at = pruned_at - interval '25 hours'")
    assert prune(database) == 2
    assert left(database) == ["third"]


def test_dropping_by_age_alone_would_forget_the_last_word(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant of the tests above: they can tell."""
    read(database, "only")
    monkeypatch.setattr(pruning, "_PRUNE", pruning._PRUNE.replace("AND NOT r.is_last_word", ""))  # pyright: ignore
    prune(database)
    assert left(database) == []


def test_a_resource_that_was_never_read_costs_nothing(database: Database) -> None:
    assert prune(database) == 0
    with database.connection() as connection:
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE

"""The ledger: lanes move with their pages, only for the holder of the lease, and remember where they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from st_platform.servicetitan.tenant import Credentials, Endpoints, Environment, Tenant
from st_platform.warehouse import progress, tenants
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import FencedOut, LaneGone
from st_platform.warehouse.merge import MergeCounts
from st_platform.warehouse.progress import Lane, LaneKey, Lease

DAY = datetime(2026, 7, 1, tzinfo=UTC)
KEY = LaneKey(1001, "customers", "cli:1", None, DAY)
SOME = MergeCounts(10, 4, 3, 3, 1)


@pytest.fixture
def lease(database: Database) -> Lease:
    with database.connection() as connection:
        return progress.acquire_lease(connection, 1001, "customers", "window")


@pytest.fixture
def lane(database: Database, lease: Lease) -> Lane:
    with database.connection() as connection:
        return progress.add_lanes(connection, KEY, [(None, DAY)], lease=lease, run_id="run-1")[0]


def reread(database: Database, lane: Lane) -> Lane:
    with database.connection() as connection:
        return progress.lane_by_id(connection, lane.lane_id)


def test_a_new_lane_is_open_and_stands_at_its_start(lane: Lane) -> None:
    assert (lane.key, lane.lane_start, lane.lane_end, lane.is_done) == (KEY, None, DAY, False)
    assert (lane.position, lane.received, lane.pages, lane.run_id) == (None, 0, 0, "run-1")


def test_pages_add_up_and_move_the_position(database: Database, lease: Lease, lane: Lane) -> None:
    with database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position='"a"', quarantined=2)
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position='"b"', reached=DAY, calls=2)
    after = reread(database, lane)
    assert (after.received, after.inserted, after.updated, after.unchanged, after.quarantined) == (22, 8, 6, 6, 2)
    assert (after.pages, after.calls, after.position, after.reached) == (2, 3, '"b"', DAY)


def test_a_page_and_its_ledger_entry_go_together(database: Database, lease: Lease, lane: Lane) -> None:
    with database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position='"a"')
        connection.rollback()
    assert reread(database, lane) == lane


def test_the_ledger_refuses_rows_that_are_not_accounted_for(database: Database, lease: Lease, lane: Lane) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), database.connection() as connection:
        progress.record_page(connection, lane.lane_id, MergeCounts(10, 4, 3, 2, 1), lease=lease, position=None)


def test_a_failed_lane_stays_open_and_its_next_page_clears_the_error(
    database: Database, lease: Lease, lane: Lane
) -> None:
    with database.connection() as connection:
        progress.fail_lane(connection, lane.lane_id, "the API is down", lease=lease)
    assert (reread(database, lane).error, reread(database, lane).is_done) == ("the API is down", False)
    with database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position=None)
    assert reread(database, lane).error is None


def test_a_split_shows_whole_or_not_at_all(database: Database, lease: Lease, lane: Lane) -> None:
    middle = DAY - timedelta(days=10)
    with database.connection() as connection:
        progress.shrink_lane(connection, lane.lane_id, middle, lease=lease)
        progress.add_lanes(connection, KEY, [(middle, DAY)], lease=lease)
    with database.connection() as connection:
        bounds = [(found.lane_start, found.lane_end) for found in progress.lanes_of(connection, KEY)]
    assert bounds == [(None, middle), (middle, DAY)]


def test_a_window_is_certified_when_every_lane_is(database: Database, lease: Lease, lane: Lane) -> None:
    def window() -> tuple[object, ...] | None:
        with database.connection() as connection:
            return connection.execute(
                "SELECT lanes, lanes_done, received, terminal, certified_at FROM platform.sync_windows"
            ).fetchone()

    with database.connection() as connection:
        [second] = progress.add_lanes(connection, KEY, [(DAY, None)], lease=lease)
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position=None)
        progress.finish_lane(connection, lane.lane_id, lease=lease, at=DAY)
    assert window() == (2, 1, 10, False, None)
    with database.connection() as connection:
        progress.finish_lane(connection, second.lane_id, lease=lease, at=DAY + timedelta(hours=1), deleted=3)
    assert window() == (2, 2, 10, True, DAY + timedelta(hours=1))
    assert reread(database, second).deleted == 3


def test_a_lane_may_end_without_a_certificate(database: Database, lease: Lease, lane: Lane) -> None:
    with database.connection() as connection:
        progress.finish_lane(connection, lane.lane_id, lease=lease, at=DAY, certified=False)
    assert (reread(database, lane).is_done, reread(database, lane).certified_at) == (True, None)


def test_another_pass_starts_from_nothing(database: Database, lease: Lease, lane: Lane) -> None:
    with database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position='"x"')
        progress.finish_lane(connection, lane.lane_id, lease=lease, at=DAY)
        progress.reset_lane(connection, lane.lane_id, lease=lease, position='"y"')
    after = reread(database, lane)
    assert (after.is_done, after.certified_at, after.received, after.position) == (False, None, 0, '"y"')


def test_generations_are_listed_latest_first_with_whether_they_are_done(
    database: Database, lease: Lease, lane: Lane
) -> None:
    with database.connection() as connection:
        progress.finish_lane(connection, lane.lane_id, lease=lease, at=DAY)
        for generation in ("cli:2", "run:3"):
            key = LaneKey(1001, "customers", generation, None, DAY)
            progress.add_lanes(connection, key, [(None, DAY)], lease=lease)
        other = LaneKey(1001, "customers", "cli:9", DAY, None)
        progress.add_lanes(connection, other, [(DAY, None)], lease=lease)
        everything = progress.generations_of(connection, 1001, "customers", None, DAY)
        from_the_shell = progress.generations_of(connection, 1001, "customers", None, DAY, prefix="cli:")
    assert everything == [("run:3", False), ("cli:2", False), ("cli:1", True)]
    assert from_the_shell == [("cli:2", False), ("cli:1", True)]


def test_a_replaced_lane_is_gone_for_whoever_still_has_it(database: Database, lease: Lease, lane: Lane) -> None:
    with database.connection() as connection:
        progress.drop_lanes(connection, [lane.lane_id], lease=lease)
    with pytest.raises(LaneGone), database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position=None)


def take_over(database: Database) -> Lease:
    """Another process takes the lease after it ran out."""
    with database.connection() as connection:
        connection.execute("UPDATE platform.leases SET expires_at = now() - interval '1 second'")
    with database.connection() as connection:
        return progress.acquire_lease(connection, 1001, "customers", "window")


@pytest.mark.parametrize(
    "write",
    [
        lambda c, lane, lease: progress.record_page(c, lane, SOME, lease=lease, position=None),
        lambda c, lane, lease: progress.finish_lane(c, lane, lease=lease, at=DAY),
        lambda c, lane, lease: progress.shrink_lane(c, lane, DAY, lease=lease),
        lambda c, lane, lease: progress.reset_lane(c, lane, lease=lease),
        lambda c, lane, lease: progress.fail_lane(c, lane, "late", lease=lease),
        lambda c, lane, lease: progress.drop_lanes(c, [lane], lease=lease),
        lambda c, lane, lease: progress.add_lanes(c, KEY, [(None, DAY)], lease=lease),
    ],
    ids=["record_page", "finish_lane", "shrink_lane", "reset_lane", "fail_lane", "drop_lanes", "add_lanes"],
)
def test_a_holder_that_lost_its_lease_can_change_nothing(
    database: Database, lease: Lease, lane: Lane, write: object
) -> None:
    take_over(database)
    with pytest.raises(FencedOut), database.connection() as connection:
        write(connection, lane.lane_id, lease)  # type: ignore[operator]
    with database.connection() as connection:
        assert progress.lanes_of(connection, KEY) == [lane]


def test_without_the_fence_the_lost_holder_would_write(
    database: Database, lease: Lease, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above can fail: with the epoch left out of the statement, the late page goes in."""
    take_over(database)
    monkeypatch.setattr(progress, "FENCE", "SELECT")
    with database.connection() as connection:
        progress.record_page(connection, lane.lane_id, SOME, lease=lease, position=None)
    assert reread(database, lane).received == 10


def test_freshness_is_kept_per_resource_and_never_goes_back(database: Database) -> None:
    with database.connection() as connection:
        progress.note_read(connection, 1001, "customers", at=DAY, certified=True)
        progress.note_read(connection, 1001, "customers", at=DAY + timedelta(hours=2), certified=False)
        progress.note_read(connection, 1001, "customers", at=DAY + timedelta(hours=1), certified=False)
        state = progress.resource_state(connection, 1001, "customers")
        never = progress.resource_state(connection, 1001, "jobs")
    assert (state.last_read_at, state.last_certified_at) == (DAY + timedelta(hours=2), DAY)
    assert (never.last_changed_seq, never.last_read_at, never.rows) == (0, None, 0)


def test_tenants_are_registered_and_corrected(database: Database) -> None:
    def tenant(name: str, zone: str) -> Tenant:
        from datetime import date
        from zoneinfo import ZoneInfo

        return Tenant(
            name, 1001, Environment.CUSTOM, Endpoints("", ""), Credentials("", "", ""), ZoneInfo(zone), date(2026, 7, 1)
        )

    with database.connection() as connection:
        tenants.register(connection, [tenant("north", "America/New_York")])
        tenants.register(connection, [tenant("northwind", "America/Chicago")])
        found = connection.execute("SELECT tenant_id, name, timezone, start_date FROM platform.tenants").fetchall()
    assert found == [(1001, "northwind", "America/Chicago", DAY.date())]

"""Leases: one reader at a time, dead readers replaced, lost readers fenced off."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import FencedOut, LeaseHeld
from st_platform.warehouse.leases import Lease, acquire_lease, check_lease, holding, release_lease, renew_lease

HOLD = """
import sys
from st_platform.warehouse.database import connect
from st_platform.warehouse.leases import acquire_lease
with connect(sys.argv[1]) as connection:
    acquire_lease(connection, 1001, "customers", "window")
print("held", flush=True)
sys.stdin.read()
"""


def acquire(database: Database, scope: str = "window", **options: timedelta) -> Lease:
    with database.autocommit() as connection:
        return acquire_lease(connection, 1001, "customers", scope, **options)


@contextmanager
def another_process_holding(database: Database) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_held_lease_is_refused_with_the_holder_named(database: Database) -> None:
    with another_process_holding(database) as process, pytest.raises(LeaseHeld, match=f"process {process.pid}"):
        acquire(database)


def test_a_holder_of_this_machine_that_was_killed_is_replaced_at_once(database: Database) -> None:
    with another_process_holding(database) as process:
        process.kill()
        process.wait()
        assert acquire(database).epoch == 2


def test_a_killed_holder_that_nobody_buried_is_dead_all_the_same(database: Database) -> None:
    """Until its parent waits for it, a killed process keeps its id."""
    with another_process_holding(database) as process:
        process.kill()
        time.sleep(0.2)
        assert acquire(database).epoch == 2


def test_a_process_that_got_the_id_of_a_dead_holder_is_not_the_holder(database: Database) -> None:
    first = acquire(database)
    with database.connection() as connection:
        connection.execute("UPDATE platform.leases SET holder = '1.00-feed'")
    assert acquire(database).epoch == first.epoch + 1


def test_a_holder_elsewhere_is_waited_for_until_its_time_is_up(database: Database) -> None:
    acquire(database)
    with database.connection() as connection:
        connection.execute("UPDATE platform.leases SET host = 'elsewhere', pid = 1")
    with pytest.raises(LeaseHeld, match="elsewhere"):
        acquire(database)
    with database.connection() as connection:
        connection.execute("UPDATE platform.leases SET expires_at = now()")
    assert acquire(database).epoch == 2


def test_two_threads_of_one_process_exclude_each_other(database: Database) -> None:
    acquire(database)
    with pytest.raises(LeaseHeld):
        acquire(database)


def test_scopes_are_independent(database: Database) -> None:
    assert acquire(database, "window").epoch == acquire(database, "tail").epoch == 1


def test_an_epoch_is_never_given_out_twice(database: Database) -> None:
    first = acquire(database)
    with database.autocommit() as connection:
        release_lease(connection, first)
    assert acquire(database).epoch == 2
    with database.autocommit() as connection:
        release_lease(connection, first)  # too late, and without effect
        with pytest.raises(LeaseHeld):
            acquire_lease(connection, 1001, "customers", "window")


def test_a_lost_lease_cannot_be_renewed_nor_used(database: Database) -> None:
    lost = acquire(database, lease_time=timedelta(0))
    acquire(database)
    with database.connection() as connection:
        with pytest.raises(FencedOut):
            renew_lease(connection, lost)
        with pytest.raises(FencedOut):
            check_lease(connection, lost)


def test_a_takeover_waits_for_a_page_that_is_being_committed(database: Database) -> None:
    """The fence and the commit are one: no takeover can come between them."""
    lease = acquire(database, lease_time=timedelta(0))
    taken: list[Lease] = []
    with database.connection() as page:
        check_lease(page, lease)
        rival = threading.Thread(target=lambda: taken.append(acquire(database)))
        rival.start()
        rival.join(0.3)
        assert not taken
    rival.join(5)
    assert [taker.epoch for taker in taken] == [2]


def test_renewal_goes_on_beside_pages_being_committed(database: Database) -> None:
    lease = acquire(database)
    with database.connection() as page:
        check_lease(page, lease)
        with database.connection() as connection:
            connection.execute("SET LOCAL lock_timeout = '1s'")
            renew_lease(connection, lease)


def test_a_held_block_renews_by_itself_and_gives_the_lease_back(database: Database) -> None:
    with holding(database, 1001, "customers", "window", lease_time=timedelta(seconds=0.4)) as lease:
        time.sleep(1)
        with pytest.raises(LeaseHeld):
            acquire(database)
    assert acquire(database).epoch == lease.epoch + 1

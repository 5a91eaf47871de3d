"""Delete inference: only what a whole pass did not show is marked, and too much at once is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.records.crm import Customer
from st_platform.servicetitan.records.marketing import CampaignCost
from st_platform.warehouse.database import Database
from st_platform.warehouse.merge import merge_page
from st_platform.warehouse.progress import resource_state
from st_platform.warehouse.quarantine import BrokenRow, quarantine_rows
from st_platform.warehouse.removals import DeleteOutcome, accept_parked, mark_missing

COSTS, CUSTOMERS = CATALOG["campaign_costs"], CATALOG["customers"]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TENANT = 1001


def read_pass(database: Database, seq: int, *keys: int) -> DeleteOutcome:
    """A whole read that showed `keys`, and the inference after it."""
    with database.connection() as connection:
        costs = [CampaignCost(id=key) for key in keys]
        merge_page(connection, COSTS, TENANT, costs, fetch_seq=seq, fetched_at=NOON)
        return mark_missing(connection, COSTS, TENANT, seen_since_seq=seq, at=NOON + timedelta(minutes=seq))


def marked(database: Database, table: str = "campaign_costs") -> list[int]:
    with database.connection() as connection:
        found = connection.execute(
            f"SELECT id FROM servicetitan.{table} WHERE _deleted_at IS NOT NULL ORDER BY id".encode()
        )
        return [row[0] for row in found]


def test_a_row_that_a_pass_did_not_show_is_marked_and_its_return_clears_the_mark(database: Database) -> None:
    read_pass(database, 1, 1, 2, 3)
    assert read_pass(database, 2, 1, 3) == DeleteOutcome(1, 3, 1, parked=False)
    assert marked(database) == [2]
    assert read_pass(database, 3, 1, 2, 3) == DeleteOutcome(0, 3, 0, parked=False)
    assert marked(database) == []


def test_a_mark_and_its_clearing_are_changes(database: Database) -> None:
    def changed() -> list[datetime]:
        with database.connection() as connection:
            return [
                r[0] for r in connection.execute("SELECT _changed_at FROM servicetitan.campaign_costs WHERE id = 2")
            ]

    def version() -> int:
        with database.connection() as connection:
            return resource_state(connection, TENANT, "campaign_costs").last_changed_seq

    read_pass(database, 101, 1, 2)
    times, versions = changed(), [version()]
    read_pass(database, 102, 1)
    times += changed()
    with database.connection() as connection:
        connection.execute("SELECT nextval('platform.fetch_seq') FROM generate_series(1, 200)")
    read_pass(database, 203, 1, 2)
    times += changed()
    versions.append(version())
    assert times == sorted(set(times))
    assert versions == [101, 203]


def test_a_page_read_before_the_pass_does_not_bring_a_missing_row_back(database: Database) -> None:
    def land(seq: int, name: str, modified_on: str) -> None:
        with database.connection() as connection:
            row = Customer(id=1, name=name, modified_on=modified_on)
            merge_page(connection, CUSTOMERS, TENANT, [row], fetch_seq=seq, fetched_at=NOON)

    land(10, "first", "2026-07-01T00:00:00Z")
    with database.connection() as connection:
        mark_missing(connection, CUSTOMERS, TENANT, seen_since_seq=20, at=NOON)
    land(15, "late", "2026-07-01T00:00:00Z")
    assert marked(database, "customers") == [1]
    land(16, "late and newer", "2026-07-02T00:00:00Z")
    assert marked(database, "customers") == [1]
    land(21, "back", "2026-07-02T00:00:00Z")
    assert marked(database, "customers") == []


def test_a_large_removal_is_parked_and_believed_only_when_it_shrinks(database: Database) -> None:
    read_pass(database, 1, *range(100))
    assert read_pass(database, 2, *range(79)) == DeleteOutcome(21, 100, 0, parked=True)
    assert marked(database) == []
    with database.connection() as connection:
        parked = connection.execute(
            "SELECT missing, living, cardinality(examples), resolved_at FROM platform.parked_deletes"
        ).fetchall()
    assert parked == [(21, 100, 20, None)]
    assert read_pass(database, 3, *range(80)) == DeleteOutcome(20, 100, 20, parked=False)
    with database.connection() as connection:
        assert connection.execute("SELECT resolved_at IS NOT NULL FROM platform.parked_deletes").fetchall() == [(True,)]


def test_many_rows_that_are_a_small_share_are_marked(database: Database) -> None:
    read_pass(database, 1, *range(1000))
    assert read_pass(database, 2, *range(50, 1000)) == DeleteOutcome(50, 1000, 50, parked=False)


def test_an_emptied_source_is_parked(database: Database) -> None:
    read_pass(database, 1, *range(30))
    assert read_pass(database, 2).parked


def test_a_row_in_quarantine_since_the_pass_began_is_not_missing(database: Database) -> None:
    read_pass(database, 1, 1, 2, 3)
    with database.connection() as connection:
        quarantine_rows(
            connection, TENANT, "campaign_costs", [BrokenRow("bad", "/x", b"{}", "2")], fetch_seq=2, at=NOON
        )
    assert read_pass(database, 2, 1) == DeleteOutcome(1, 3, 1, parked=False)
    assert marked(database) == [3]
    assert read_pass(database, 3, 1).deleted == 1, "quarantined before this pass, gone in it"


def test_a_row_shown_in_an_older_version_is_not_missing(database: Database) -> None:
    """A list served by a lagging replica: the row is there, only not as new as we know it."""

    def land(seq: int, modified_on: str) -> None:
        with database.connection() as connection:
            row = Customer(id=1, modified_on=modified_on)
            merge_page(connection, CUSTOMERS, TENANT, [row], fetch_seq=seq, fetched_at=NOON)

    land(1, "2026-07-02T00:00:00Z")
    land(2, "2026-07-01T00:00:00Z")
    with database.connection() as connection:
        assert mark_missing(connection, CUSTOMERS, TENANT, seen_since_seq=2, at=NOON).missing == 0
        assert mark_missing(connection, CUSTOMERS, TENANT, seen_since_seq=3, at=NOON).deleted == 1


def test_only_rows_of_the_tenant_are_marked(database: Database) -> None:
    read_pass(database, 1, 1, 2)
    with database.connection() as connection:
        merge_page(connection, COSTS, 2002, [CampaignCost(id=1)], fetch_seq=2, fetched_at=NOON)
        mark_missing(connection, COSTS, 2002, seen_since_seq=3, at=NOON)
        found = connection.execute(
            "SELECT tenant_id FROM servicetitan.campaign_costs WHERE _deleted_at IS NOT NULL"
        ).fetchall()
    assert found == [(2002,)]


def test_a_parked_removal_that_a_person_believes_marks_what_is_still_missing(database: Database) -> None:
    read_pass(database, 1, *range(100))
    assert read_pass(database, 2, *range(50)).parked
    with database.connection() as connection:
        merge_page(connection, COSTS, TENANT, [CampaignCost(id=99)], fetch_seq=3, fetched_at=NOON)
        assert accept_parked(connection, COSTS, TENANT, at=NOON) == DeleteOutcome(49, 100, 49, parked=False)
        assert accept_parked(connection, COSTS, TENANT, at=NOON) is None
    assert marked(database) == list(range(50, 99))
    assert read_pass(database, 4, *range(100)) == DeleteOutcome(0, 100, 0, parked=False)
    assert marked(database) == []


def test_nothing_parked_is_nothing_to_believe(database: Database) -> None:
    read_pass(database, 1, 1, 2, 3)
    with database.connection() as connection:
        assert accept_parked(connection, COSTS, TENANT, at=NOON) is None
    assert marked(database) == []

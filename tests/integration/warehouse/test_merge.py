"""Landing pages: what is inserted, replaced, kept, counted and refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
import pytest

from st_platform.servicetitan.catalog import CATALOG, Resource
from st_platform.servicetitan.records import Record
from st_platform.servicetitan.records.crm import Customer
from st_platform.servicetitan.records.inventory import InventoryReceipt
from st_platform.servicetitan.records.jpm import Job, JobEvent
from st_platform.servicetitan.records.memberships import Membership
from st_platform.warehouse import merge
from st_platform.warehouse.database import Database
from st_platform.warehouse.errors import RowRefused
from st_platform.warehouse.merge import MergeCounts, Row, merge_page, next_fetch_seq
from st_platform.warehouse.progress import resource_state

CUSTOMERS, MEMBERSHIPS = CATALOG["customers"], CATALOG["memberships"]
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def customer(key: int, modified_on: str | None = "2026-07-01T10:00:00Z", **values: Any) -> Customer:
    return Customer(id=key, modified_on=modified_on, **{"name": f"customer {key}", **values})


def land(
    database: Database,
    *rows: Record | Row,
    seq: int,
    tenant: int = 1001,
    resource: Resource = CUSTOMERS,
    at: datetime = NOON,
) -> MergeCounts:
    with database.connection() as connection:
        return merge_page(connection, resource, tenant, rows, fetch_seq=seq, fetched_at=at)


def stored(database: Database, columns: str = "id, name, _fetch_seq", resource: str = "customers") -> list[Any]:
    with database.connection() as connection:
        return connection.execute(f"SELECT {columns} FROM servicetitan.{resource} ORDER BY tenant_id, id").fetchall()  # pyright: ignore


def test_new_rows_are_inserted_and_the_same_page_again_is_unchanged(database: Database) -> None:
    assert land(database, customer(2), customer(1), seq=1) == MergeCounts(2, 2, 0, 0, 1)
    assert land(database, customer(1), customer(2), seq=2) == MergeCounts(2, 0, 0, 2, None)
    assert stored(database) == [(1, "customer 1", 2), (2, "customer 2", 2)]


def test_a_page_of_known_and_new_rows_is_counted_row_by_row(database: Database) -> None:
    land(database, customer(1), customer(2), seq=1)
    page = [customer(1), customer(2, "2026-07-02T00:00:00Z", name="renamed"), customer(3)]
    assert land(database, *page, seq=2) == MergeCounts(3, 1, 1, 1, 2)
    assert [row[1] for row in stored(database)] == ["customer 1", "renamed", "customer 3"]


def test_an_older_version_never_replaces_a_newer_one(database: Database) -> None:
    land(database, customer(1, "2026-07-02T00:00:00Z", name="new"), seq=1)
    assert land(database, customer(1, "2026-07-01T00:00:00Z", name="old"), seq=2).unchanged == 1
    assert land(database, customer(1, None, name="undated"), seq=3).unchanged == 1
    assert stored(database) == [(1, "new", 1)]


def test_of_equal_versions_the_later_request_wins_whatever_order_they_arrive_in(database: Database) -> None:
    land(database, customer(1, name="second"), seq=20)
    assert land(database, customer(1, name="first"), seq=10).unchanged == 1
    assert land(database, customer(1, name="third"), seq=30).updated == 1
    assert stored(database) == [(1, "third", 30)]


def test_equal_contents_still_advance_the_version(database: Database) -> None:
    """A at version 1, A at version 3, then B at version 2 arrives late: A stays."""
    land(database, customer(1, "2026-07-01T00:00:00Z", name="A"), seq=1)
    land(database, customer(1, "2026-07-03T00:00:00Z", name="A"), seq=3)
    land(database, customer(1, "2026-07-02T00:00:00Z", name="B"), seq=2)
    assert stored(database) == [(1, "A", 3)]


def test_changed_at_moves_only_when_contents_change(database: Database) -> None:
    land(database, customer(1), seq=1)
    first = stored(database, "_changed_at, _fetched_at")
    land(database, customer(1), seq=2, at=NOON + timedelta(hours=1))
    again = stored(database, "_changed_at, _fetched_at")
    assert again == [(first[0][0], NOON + timedelta(hours=1))]
    land(database, customer(1, balance=Decimal("1.10")), seq=3)
    assert stored(database, "_changed_at")[0][0] > first[0][0]


def test_repetitions_in_a_page_are_settled_by_all_seven_digits(database: Database) -> None:
    page = [
        customer(1, "2026-07-01T10:00:00.1234562Z", name="newest"),
        customer(1, "2026-07-01T10:00:00.1234561Z", name="older by one digit"),
        customer(1, "2026-07-01T10:00:00.12Z", name="older still"),
        customer(2, name="first"),
        customer(2, name="last of equals"),
    ]
    assert land(database, *page, seq=1) == MergeCounts(5, 2, 0, 3, 1)
    assert [row[1] for row in stored(database)] == ["newest", "last of equals"]


def test_instants_are_cut_to_microseconds_and_never_rounded_up(database: Database) -> None:
    land(
        database,
        customer(1, "2026-07-01T23:59:59.9999999Z"),
        customer(2, "2026-07-01T23:59:59.9999999+00:00"),
        customer(3, "2026-07-01T19:59:59.9999999-04:00"),
        seq=1,
    )
    edge = datetime(2026, 7, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert stored(database, "modified_on") == [(edge,), (edge,), (edge,)]


def test_year_one_is_no_date(database: Database) -> None:
    land(database, customer(1, created_on="0001-01-01T00:00:00Z"), customer(2), seq=1)
    assert stored(database, "created_on") == [(None,), (None,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tab\tline\nreturn\rback\\slash \\N", None),
        ("separators \x1c\x1d\x1e\x1f", None),
        ("\x1d", None),
        ("\\.", None),
        ("", None),
        ("None", None),
        ("nul \x00 inside", "nul \ufffd inside"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("=cmd|'/C calc'!A0 '); DROP TABLE x;--", None),
        ("emoji 🔧 ü", None),
    ],
)
def test_any_text_arrives_as_it_was_sent(database: Database, text: str, expected: str | None) -> None:
    """Twice: copied straight into the table, then through the stage."""
    for seq in (1, 2):
        land(database, customer(1, name=text, type=None), customer(seq + 1, name="neighbour"), seq=seq)
        assert stored(database, "name, type")[0] == (text if expected is None else expected, None)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": "x\\ny\\\\n \\" \\u001f"}', {"a": 'x\ny\\n " \x1f'}),
        (b'{"a": "nul \\u0000"}', {"a": "nul \ufffd"}),
        (b'{"a": "\\ud800 \\udc00"}', {"a": "\ufffd \ufffd"}),
        (b'{"a": "\\ud83d\\udd27", "b": "\\\\u0000"}', {"a": "🔧", "b": "\\u0000"}),
        (b"null", None),
        (b"", None),
        (b'"null"', "null"),
        (b"[1, 2.50]", [1, Decimal("2.50")]),
    ],
)
def test_nested_json_arrives_as_it_was_sent(database: Database, raw: bytes, expected: Any) -> None:
    for seq in (1, 2):
        land(database, customer(1, address=msgspec.Raw(raw)), customer(seq + 1), seq=seq)
        assert stored(database, "address")[0][0] == expected


def test_unknown_fields_land_in_extra(database: Database) -> None:
    assert land(database, Row(customer(1), b'{"newField": 1}'), customer(2), seq=1).inserted == 2
    assert land(database, Row(customer(1), b'{"newField": 2}'), Row(customer(2)), seq=2).updated == 1
    assert stored(database, "_extra") == [({"newField": 2},), (None,)]


def test_two_tenants_with_the_same_ids_never_mix(database: Database) -> None:
    land(database, customer(1, name="north"), seq=1, tenant=1001)
    assert land(database, customer(1, name="south"), seq=2, tenant=2002).inserted == 1
    assert stored(database, "tenant_id, name") == [(1001, "north"), (2002, "south")]


def test_deleted_when_marks_a_row_and_its_return_clears_the_mark(database: Database) -> None:
    def member(version: int, status: str) -> Membership:
        return Membership(id=1, status=status, modified_on=f"2026-07-0{version}T00:00:00Z")

    def deleted_at() -> datetime | None:
        return stored(database, "_deleted_at", "memberships")[0][0]

    land(database, member(1, "Deleted"), seq=1, resource=MEMBERSHIPS)
    assert deleted_at() == NOON
    land(database, member(3, "Active"), seq=3, resource=MEMBERSHIPS)
    assert deleted_at() is None
    land(database, member(2, "Deleted"), seq=2, resource=MEMBERSHIPS)
    assert deleted_at() is None, "an older deletion arrived late"
    later = NOON + timedelta(days=1)
    land(database, member(4, "Deleted"), seq=4, resource=MEMBERSHIPS, at=later)
    assert deleted_at() == later
    land(database, member(5, "Active"), seq=2, resource=MEMBERSHIPS)
    assert deleted_at() is None, "a newer version counts even from an earlier request"


def test_a_row_that_postgres_cannot_store_is_named_by_its_place(database: Database) -> None:
    page = [customer(3), customer(2, "2026-02-30T00:00:00Z"), customer(1)]
    for preparation in ((), (customer(1),)):  # straight into the table, then through the stage
        if preparation:
            land(database, *preparation, seq=1)
        with pytest.raises(RowRefused) as caught:
            land(database, *page, seq=2)
        assert (caught.value.index, caught.value.column) == (1, "modified_on")
    assert len(stored(database)) == 1, "nothing of the refused page stays"


@pytest.mark.parametrize(
    "raw", [b'{"a": 1e999999}', b"[" * 100_000 + b"]" * 100_000, b'{"a": }'], ids=["too large", "too deep", "not JSON"]
)
def test_nested_json_that_postgres_refuses_is_named_by_its_row(database: Database, raw: bytes) -> None:
    with pytest.raises(RowRefused) as caught:
        land(database, customer(1), customer(2, address=msgspec.Raw(raw)), seq=1)
    assert (caught.value.index, caught.value.column) == (1, "address")


def test_the_data_version_moves_with_changes_only(database: Database) -> None:
    def version() -> tuple[int, int]:
        with database.connection() as connection:
            state = resource_state(connection, 1001, "customers")
        return state.last_changed_seq, state.rows

    assert version() == (0, 0)
    land(database, customer(1), customer(2), seq=7)
    assert version() == (7, 2)
    land(database, customer(1), customer(2), seq=8)
    assert version() == (7, 2)
    land(database, customer(1, name="renamed"), customer(3), seq=9)
    assert version() == (9, 3)


def test_an_empty_page_changes_nothing(database: Database) -> None:
    assert land(database, seq=1) == MergeCounts(0, 0, 0, 0, None)


def test_sequence_numbers_are_never_given_twice_even_after_a_rollback(database: Database) -> None:
    with database.connection() as connection:
        first = next_fetch_seq(connection)
        connection.rollback()
    with database.connection() as connection:
        assert next_fetch_seq(connection) > first


def test_a_key_inserted_by_a_neighbour_at_the_same_moment_is_merged(database: Database) -> None:
    """The page looked new, but another transaction holds one of its keys: the copy gives way to the merge."""
    import threading

    counts: list[MergeCounts] = []
    with database.connection() as neighbour:
        merge_page(neighbour, CUSTOMERS, 1001, [customer(1, name="first")], fetch_seq=1, fetched_at=NOON)
        second = threading.Thread(
            target=lambda: counts.append(land(database, customer(1, name="second"), customer(2), seq=2))
        )
        second.start()
        second.join(0.3)
        assert second.is_alive(), "it has to wait for the neighbour"
    second.join()
    assert counts == [MergeCounts(2, 1, 1, 0, 2)]
    assert stored(database) == [(1, "second", 2), (2, "customer 2", 2)]


def test_two_writers_with_the_same_rows_in_opposite_order_do_not_deadlock(database: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    land(database, *(customer(key) for key in range(200)), seq=1)
    rows = [customer(key, name="touched") for key in range(200)]

    def write(seq: int) -> None:
        land(database, *(rows if seq % 2 else reversed(rows)), seq=seq)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(2, 34)))
    assert {row[2] for row in stored(database)} == {33}


def test_two_pages_in_one_transaction_do_not_mix(database: Database) -> None:
    with database.connection() as connection:
        for seq, keys in ((1, (1, 2)), (2, (2, 3)), (3, (1, 3))):
            rows = [customer(key, name=f"read {seq}") for key in keys]
            merge_page(connection, CUSTOMERS, 1001, rows, fetch_seq=seq, fetched_at=NOON)
    assert stored(database) == [(1, "read 3", 3), (2, "read 2", 2), (3, "read 3", 3)]


def test_a_session_that_commits_by_itself_lands_whole_pages(database: Database) -> None:
    with database.autocommit() as connection:
        for seq in (1, 2):
            merge_page(connection, CUSTOMERS, 1001, [customer(1, name=f"{seq}")], fetch_seq=seq, fetched_at=NOON)
    assert stored(database) == [(1, "2", 2)]


def test_a_session_in_another_time_zone_lands_the_same_instants(database_url: str, database: Database) -> None:
    with psycopg.connect(database_url, options="-c TimeZone=America/New_York") as connection:
        rows = [customer(1, "2026-07-01T10:00:00.1234567Z")]
        merge_page(connection, CUSTOMERS, 1001, rows, fetch_seq=1, fetched_at=NOON)
    assert stored(database, "modified_on, _fetched_at") == [(datetime(2026, 7, 1, 10, 0, 0, 123456, tzinfo=UTC), NOON)]


BILLS = CATALOG["inventory_receipts"]


def receipt(key: int, **values: Any) -> InventoryReceipt:
    return InventoryReceipt(id=key, modified_on="2026-07-01T10:00:00Z", **values)


def test_a_label_is_stored_as_text_whether_it_came_as_name_or_number(database: Database) -> None:
    rows = [receipt(1, sync_status="Exported"), receipt(2, sync_status=3), receipt(3, memo="a\x1fb\n", sync_status=4)]
    land(database, *rows, seq=1, resource=BILLS)
    land(database, *rows, seq=2, resource=BILLS)
    assert stored(database, "sync_status, memo", "inventory_receipts") == [
        ("Exported", None),
        ("3", None),
        ("4", "a\x1fb\n"),
    ]


def job(key: int, modified: int, active: bool | None) -> Job:
    return Job(id=key, modified_on=f"2026-07-{modified:02}T10:00:00Z", active=active)


JOBS = CATALOG["jobs"]


def test_a_flag_that_says_deleted_marks_rows_also_on_the_fast_path(database: Database) -> None:
    assert land(database, job(1, 1, False), job(2, 1, True), job(3, 1, None), seq=1, resource=JOBS).inserted == 3
    assert stored(database, "_deleted_at", "jobs") == [(NOON,), (None,), (None,)]
    land(database, job(1, 2, True), job(2, 2, False), seq=2, resource=JOBS)
    assert stored(database, "id, _deleted_at", "jobs") == [(1, None), (2, NOON), (3, None)]
    later = NOON + timedelta(hours=1)
    land(database, job(2, 3, False), seq=3, resource=JOBS, at=later)
    assert stored(database, "_deleted_at", "jobs")[1] == (NOON,), "deleted is deleted: the first time counts"


def test_columns_that_rows_do_not_have_keep_what_they_hold(database: Database) -> None:
    land(database, job(1, 1, False), job(2, 1, True), seq=1, resource=JOBS)
    with database.connection() as connection:
        rows = [Job(id=key, modified_on="2026-07-02T10:00:00Z", summary="new") for key in (1, 2)]
        counts = merge_page(
            connection, JOBS, 1001, rows, fetch_seq=2, fetched_at=NOON, absent=frozenset({"active", "_extra"})
        )
    assert counts.updated == 2
    assert stored(database, "summary, active, _deleted_at", "jobs") == [("new", False, NOON), ("new", True, None)]


def event(job_id: int, key: int) -> JobEvent:
    return JobEvent(job_id=job_id, id=key)


def test_rows_of_a_compound_key_take_the_fast_path_while_none_begins_like_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[int] = []
    honest = merge._Landing.merge  # pyright: ignore[reportPrivateUsage]

    def count(self: Any, page: Any) -> tuple[int, int]:
        merged.append(len(page.records))
        return honest(self, page)

    monkeypatch.setattr(merge._Landing, "merge", count)  # pyright: ignore[reportPrivateUsage]
    history = CATALOG["job_history"]
    land(database, event(1, 1), event(1, 2), seq=1, resource=history)
    land(database, event(2, 1), event(3, 1), seq=2, resource=history)
    assert merged == []
    assert land(database, event(3, 1), event(3, 2), seq=3, resource=history).inserted == 1
    assert merged == [2]

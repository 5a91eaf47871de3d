"""Quarantine and drift: nothing is dropped in silence, and nothing is said a thousand times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from st_platform.warehouse.database import Database
from st_platform.warehouse.quarantine import (
    BrokenRow,
    DriftNotice,
    note_drift,
    open_quarantine,
    quarantine_rows,
    resolve_quarantined,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
BROKEN = BrokenRow("expected int, got str", "/balance", b'{"id": 7, "balance": "x\x00\xff"}', "7")


def test_a_broken_row_is_kept_byte_for_byte(database: Database) -> None:
    with database.connection() as connection:
        quarantine_rows(connection, 1001, "customers", [BROKEN], fetch_seq=3, at=NOON)
        found = connection.execute(
            "SELECT tenant_id, resource, record_key, reason, pointer, raw, first_seen_at, fetch_seq, resolved_at"
            " FROM platform.quarantine"
        ).fetchall()
    assert found == [(1001, "customers", "7", BROKEN.reason, "/balance", BROKEN.raw, NOON, 3, None)]


def test_the_same_broken_row_again_raises_its_count(database: Database) -> None:
    with database.connection() as connection:
        for seq in (3, 5, 4):
            rows = [BROKEN, BrokenRow("unreadable", "", b"{")]
            quarantine_rows(connection, 1001, "customers", rows, fetch_seq=seq, at=NOON + timedelta(hours=seq))
        found = connection.execute(
            "SELECT record_key, occurrences, fetch_seq, first_seen_at, last_seen_at FROM platform.quarantine"
            " ORDER BY record_key"
        ).fetchall()
    first, last = NOON + timedelta(hours=3), NOON + timedelta(hours=5)
    assert found == [("7", 3, 5, first, last), (None, 3, 5, first, last)]


def test_a_row_that_came_in_well_is_resolved_and_may_break_again(database: Database) -> None:
    with database.connection() as connection:
        quarantine_rows(connection, 1001, "customers", [BROKEN], fetch_seq=1, at=NOON)
        quarantine_rows(connection, 2002, "customers", [BROKEN], fetch_seq=1, at=NOON)
        assert resolve_quarantined(connection, 1001, "customers", ["6", "7"], at=NOON) == 1
        assert open_quarantine(connection, 1001, "customers") == 0
        assert open_quarantine(connection, 2002, "customers") == 1
        quarantine_rows(connection, 1001, "customers", [BROKEN], fetch_seq=2, at=NOON)
        assert open_quarantine(connection, 1001, "customers") == 1


def test_reasons_that_postgres_cannot_hold_are_made_readable(database: Database) -> None:
    with database.connection() as connection:
        rows = [BrokenRow("nul \x00", "/\ud800", b"{}", "\x00")]
        quarantine_rows(connection, 1001, "customers", rows, fetch_seq=1, at=NOON)
        found = connection.execute("SELECT reason, record_key FROM platform.quarantine").fetchone()
    assert found == ("nul \ufffd", "\ufffd")


def test_drift_is_told_once_per_field_kind_and_day(database: Database) -> None:
    field, value = DriftNotice("newField", "unknown field", "1"), DriftNotice("createdOn", "year 1")
    with database.connection() as connection:
        assert note_drift(connection, 1001, "customers", [field, value, field], at=NOON) == (
            "year 1: createdOn",
            "unknown field: newField (1)",
        )
        assert note_drift(connection, 1001, "customers", [field], at=NOON + timedelta(hours=1)) == ()
        assert note_drift(connection, 1001, "customers", [field], at=NOON + timedelta(days=1)) == (
            "unknown field: newField (1)",
        )
        assert note_drift(connection, 2002, "customers", [field], at=NOON) != ()
        found = connection.execute(
            "SELECT seen_on, occurrences FROM platform.drift_notices WHERE field = 'newField' AND tenant_id = 1001"
            " ORDER BY seen_on"
        ).fetchall()
    assert found == [(NOON.date(), 2), (NOON.date() + timedelta(days=1), 1)]

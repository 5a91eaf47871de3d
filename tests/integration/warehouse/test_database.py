"""The fixtures themselves, and what a session promises."""

from __future__ import annotations

from st_platform.warehouse.database import Database


def test_a_session_speaks_utc_and_acts_as_the_loader(database: Database) -> None:
    with database.connection() as connection:
        row = connection.execute("SELECT current_user, current_setting('TimeZone')").fetchone()
    assert row == ("st_loader", "UTC")

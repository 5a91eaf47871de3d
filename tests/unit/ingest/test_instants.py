"""Instants: order and cuts below the microsecond, and what a time without a zone may mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.instants import BadInstant, as_datetime, as_text, normalised, order_key

tenths_of_microseconds = st.integers(min_value=0, max_value=10**14)


def written(ticks: int, *, trimmed: bool) -> str:
    """An instant as .NET writes it: seven digits, or fewer when they end in zeros."""
    seconds, fraction = divmod(ticks, 10**7)
    text = f"{fraction:07d}"
    text = text.rstrip("0") if trimmed else text
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' + text if text else ''}Z"


@given(tenths_of_microseconds, tenths_of_microseconds, st.booleans(), st.booleans())
def test_instants_sort_as_they_happened_however_many_digits_they_are_written_with(
    one: int, other: int, one_trimmed: bool, other_trimmed: bool
) -> None:
    a, b = written(one, trimmed=one_trimmed), written(other, trimmed=other_trimmed)
    assert (order_key(a) < order_key(b)) == (one < other)
    assert (order_key(a) == order_key(b)) == (one == other)


@given(tenths_of_microseconds)
def test_a_seventh_digit_is_cut_and_never_rounded_up(ticks: int) -> None:
    moment = as_datetime(written(ticks, trimmed=True))
    assert int(moment.timestamp()) == ticks // 10**7
    assert moment.microsecond == ticks % 10**7 // 10


def test_the_last_tick_of_a_day_stays_on_its_day() -> None:
    assert as_datetime("2026-07-05T23:59:59.9999999Z").day == 5


def test_a_query_gets_z_and_never_an_offset() -> None:
    assert as_text(datetime(2026, 7, 5, 1, 2, 3, tzinfo=UTC)) == "2026-07-05T01:02:03Z"


@pytest.mark.parametrize(
    ("text", "stored", "note"),
    [
        ("2026-07-05T23:59:59.9999999Z", "2026-07-05T23:59:59.9999999Z", None),
        ("2026-07-05T10:00:00Z", "2026-07-05T10:00:00Z", None),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z", None),
        ("2026-07-05T01:00:00.1234567-04:00", "2026-07-05T05:00:00.1234567Z", "converted to UTC"),
        ("2025-10-13T00:00:00", "2025-10-13T00:00:00Z", "midnight without a time zone is read as UTC"),
        ("2025-10-13T00:00:00.000", "2025-10-13T00:00:00.000Z", "midnight without a time zone is read as UTC"),
        ("2025-10-13", "2025-10-13T00:00:00Z", "midnight without a time zone is read as UTC"),
        ("0001-01-01T00:00:00Z", None, "year 0001 stands for no value"),
        ("0001-01-01T00:00:00", None, "year 0001 stands for no value"),
    ],
)
def test_odd_instants_are_brought_into_one_form(text: str, stored: str | None, note: str | None) -> None:
    assert normalised(text) == (stored, note)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2025-10-13T10:30:00", "states no time zone"),
        ("2025-02-30T00:00:00Z", "day is out of range"),
        ("2025-01-01T25:00:00Z", "hour must be in"),
        ("yesterday, around noon", "not an ISO 8601 instant"),
        ("", "not an ISO 8601 instant"),
    ],
)
def test_a_time_that_names_no_moment_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadInstant, match=reason):
        normalised(text)

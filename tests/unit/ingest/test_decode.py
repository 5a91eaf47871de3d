"""Decoding pages: strict where the page is as documented, patient row by row where it is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.decode import Decoded, Decoder
from st_platform.ingest.repair import Note, Refusal
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.envelope import parse_page
from st_platform.warehouse.merge import Row

JOBS = Decoder(CATALOG["jobs"])
CREDIT_MEMOS = Decoder(CATALOG["credit_memos"])


def page_of(*rows: str | bytes) -> bytes:
    parts = [row.encode() if isinstance(row, str) else row for row in rows]
    return b'{"hasMore":false,"continueFrom":"x","data":[' + b",".join(parts) + b"]}"


def decode(*rows: str | bytes, decoder: Decoder = JOBS) -> Decoded:
    body = page_of(*rows)
    return decoder.page(body, lambda: parse_page(body).rows)


def only(decoded: Decoded) -> Any:
    assert not decoded.refused, decoded.refused[0].refusal
    (record,) = decoded.records()
    return record


def ids(decoded: Decoded) -> list[int]:
    return list(map(attrgetter("id"), decoded.records()))


def refused(decoded: Decoded) -> tuple[tuple[object, ...] | None, str, str]:
    assert not decoded.rows
    (row,) = decoded.refused
    return row.key, row.refusal.pointer, row.refusal.reason


def test_a_page_as_documented_is_decoded_whole_without_asking_for_rows() -> None:
    def never() -> Sequence[bytes]:
        raise AssertionError("the strict decode should have taken this page")

    decoded = JOBS.page(page_of('{"id":1,"total":"12.50"}', '{"id":2,"customFields":[{"name":"a"}]}'), never)
    assert decoded.received == 2
    assert ids(decoded) == [1, 2]


# -- values that break other pipelines -------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["9007199254740993.01", '"9007199254740993.01"'])
def test_money_keeps_every_digit_whether_sent_as_number_or_text(spelling: str) -> None:
    assert only(decode(f'{{"id":1,"total":{spelling}}}')).total == Decimal("9007199254740993.01")


@pytest.mark.parametrize(
    "spelling", ["NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"-inf"', "1e999", '"1e999"']
)
def test_what_is_no_number_puts_its_row_into_quarantine(spelling: str) -> None:
    key, pointer, reason = refused(decode(f'{{"id":7,"total":{spelling}}}'))
    assert (key, pointer) == ((7,), "/total")
    assert "no number" in reason or "not a number" in reason


def test_an_integer_beyond_int64_is_quarantined_and_never_turned_into_a_float() -> None:
    key, pointer, reason = refused(decode('{"id":7,"customerId":123456789012345678901234567890}'))
    assert (key, pointer) == ((7,), "/customerId")
    assert "9223372036854775807" in reason


@pytest.mark.parametrize(
    ("spelling", "stored"),
    [
        ("a\\u0000b", "a\ufffdb"),
        ("a\\\\u0000b", "a\\u0000b"),
        ("\\ud800", "\ufffd"),
        ("\\udc00x", "\ufffdx"),
        ("\\uD83D\\uDE00", "😀"),
        ("\\ud83d\\ude00\\ud83d", "😀\ufffd"),
    ],
)
def test_characters_no_database_stores_are_replaced_and_all_others_kept(spelling: str, stored: str) -> None:
    decoded = decode(f'{{"id":1,"summary":"{spelling}","customFields":[{{"value":"{spelling}"}}]}}')
    record = only(decoded)
    assert record.summary == stored
    assert json.loads(bytes(record.custom_fields)) == [{"value": stored}]
    replaced = [note.field for note in decoded.notes if "U+FFFD" in note.what]
    assert replaced == (["summary", "customFields"] if "\ufffd" in stored else [])


@pytest.mark.parametrize("levels", [65, 500, 100_000])
def test_a_row_nested_too_deep_is_quarantined_without_a_crash(levels: int) -> None:
    deep = b'{"id":7,"externalData":' + b"[" * levels + b"]" * levels + b"}"
    decoded = decode(b'{"id":1}', deep, b'{"id":2}')
    assert ids(decoded) == [1, 2]
    (row,) = decoded.refused
    assert (row.key, row.refusal.pointer) == ((7,), "/externalData")
    assert "deeper than 64" in row.refusal.reason


def test_sixty_four_levels_and_hundreds_of_flat_objects_are_fine() -> None:
    levels = "[" * 63 + "]" * 63
    assert only(decode(f'{{"id":1,"externalData":{levels}}}')).id == 1
    flat = json.dumps([{"key": str(n)} for n in range(300)])
    assert only(decode(f'{{"id":1,"externalData":{flat}}}')).id == 1
    assert only(decode(f'{{"id":1,"externalData":{flat},"new":1}}')).id == 1


def test_of_a_repeated_field_the_last_one_counts() -> None:
    assert only(decode('{"id":1,"summary":"old","summary":"new"}')).summary == "new"


def test_a_row_that_is_not_utf8_is_quarantined() -> None:
    key, _, reason = refused(decode(b'{"id":7,"summary":"\xff\xfe"}'))
    assert key == (7,)
    assert "not UTF-8" in reason


@pytest.mark.parametrize(
    ("text", "stored", "note"),
    [
        ("0001-01-01T00:00:00Z", None, "year 0001 stands for no value"),
        ("2025-10-13T00:00:00", "2025-10-13T00:00:00Z", "midnight without a time zone is read as UTC"),
        ("2025-10-13T02:00:00.1234567+02:00", "2025-10-13T00:00:00.1234567Z", "converted to UTC"),
    ],
)
def test_odd_times_are_mended_with_a_note(text: str, stored: str | None, note: str) -> None:
    decoded = decode(f'{{"id":1,"modifiedOn":"{text}"}}')
    assert only(decoded).modified_on == stored
    assert decoded.notes == {Note("modifiedOn", note): 1}


def test_a_time_without_a_zone_is_never_guessed() -> None:
    key, pointer, reason = refused(decode('{"id":7,"modifiedOn":"2025-10-13T10:30:00.0000000"}'))
    assert (key, pointer) == ((7,), "/modifiedOn")
    assert "states no time zone" in reason


def test_calendar_dates_come_with_and_without_midnight() -> None:
    for text in ("2025-10-13", "2025-10-13T00:00:00", "2025-10-13T00:00:00Z"):
        assert only(decode(f'{{"id":1,"date":"{text}"}}', decoder=CREDIT_MEMOS)).date.startswith("2025-10-13")
    decoded = decode('{"id":1,"date":"0001-01-01T00:00:00"}', decoder=CREDIT_MEMOS)
    assert only(decoded).date is None


# -- drift and broken rows -------------------------------------------------------------------------------------


def test_unknown_fields_are_kept_beside_the_record_and_counted() -> None:
    decoded = decode('{"id":1,"colour":"red","size":{"w":1}}', '{"id":2}', '{"id":3,"colour":null}')
    assert [row.extra if isinstance(row, Row) else None for row in decoded.rows] == [
        b'{"colour":"red","size":{"w":1}}',
        None,
        b'{"colour":null}',
    ]
    assert decoded.unknown == {"colour": 2, "size": 1}
    assert not decoded.refused


def test_an_unknown_field_that_is_no_json_puts_its_row_into_quarantine() -> None:
    assert refused(decode('{"id":7,"colour":NaN}'))[:2] == ((7,), "/colour")


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ('{"id":"seven"}', "/id"),
        ('{"id":7,"total":{}}', "/total"),
        ('{"id":7,"total":""}', "/total"),
        ('{"id":7,"active":"yes"}', "/active"),
        ('{"id":7,"modifiedOn":17}', "/modifiedOn"),
        ('{"id":7.5}', "/id"),
        ('{"total":1}', ""),
        ("[1]", ""),
        ("null", ""),
        ('"text"', ""),
    ],
)
def test_a_row_that_breaks_a_type_is_quarantined_with_a_pointer_and_the_page_goes_on(row: str, pointer: str) -> None:
    decoded = decode('{"id":1}', row, '{"id":2}')
    assert ids(decoded) == [1, 2]
    (broken,) = decoded.refused
    assert broken.refusal.pointer == pointer
    assert broken.refusal.raw == row.encode()
    assert decoded.received == 3


def test_the_key_of_a_broken_row_is_read_if_it_can_be() -> None:
    assert refused(decode('{"id":7,"total":{}}'))[0] == (7,)
    assert refused(decode('{"id":{},"total":1}'))[0] is None
    assert refused(decode('{"total":1}'))[0] is None


@pytest.mark.parametrize(
    ("received", "broken", "stops"),
    [(1, 1, False), (10, 1, False), (10, 2, True), (199, 2, True), (200, 2, False), (5000, 50, False), (5000, 51, True),
     (20000, 100, False), (20000, 101, True)],
)  # fmt: skip
def test_more_than_one_percent_or_a_hundred_broken_rows_are_beyond_repair(
    received: int, broken: int, stops: bool
) -> None:
    row = decode('{"id":"x"}').refused[0]
    assert Decoded(received, [], list, (row,) * broken).is_beyond_repair is stops


def test_a_row_that_only_the_database_refuses_leaves_the_others() -> None:
    page = decode('{"id":1}', '{"id":2,"colour":1}', '{"id":3}')
    decoded = JOBS.refuse(page, 1, "job_number", "Postgres says no")
    assert ids(decoded) == [1, 3]
    assert [bytes(raw) for raw in decoded.raws()] == [b'{"id":1}', b'{"id":3}']
    (row,) = decoded.refused
    assert (row.key, row.refusal) == ((2,), Refusal("/jobNumber", "Postgres says no", b'{"id":2,"colour":1}'))


def test_a_row_the_database_refuses_is_looked_at_again_for_the_real_reason() -> None:
    page = decode('{"id":7,"date":"2025-02-30T00:00:00"}', decoder=CREDIT_MEMOS)
    refusal = CREDIT_MEMOS.refuse(page, 0, None, "date/time field value out of range").refused[0].refusal
    assert (refusal.pointer, "day is out of range" in refusal.reason) == ("/date", True)


# -- properties ------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
job_fields = st.sampled_from([column.api_name for column in CATALOG["jobs"].columns] + ["colour", "size"])
rows = st.lists(st.dictionaries(job_fields, json_values, max_size=6), max_size=6)


@given(rows)
def test_every_row_of_any_page_ends_up_as_a_record_or_in_quarantine(page: list[dict[str, object]]) -> None:
    decoded = decode(*(json.dumps(row) for row in page))
    assert decoded.received == len(page) == len(decoded.rows) + len(decoded.refused)
    for row in decoded.rows:
        if isinstance(row, Row) and row.extra is not None:
            assert set(msgspec.json.decode(row.extra)) <= {"colour", "size"}


@given(rows)
def test_the_fast_and_the_patient_path_read_the_same_from_a_sound_page(page: list[dict[str, object]]) -> None:
    texts = [json.dumps(row).encode() for row in page]
    fast, patient = decode(*texts), JOBS.rows(texts)
    as_read = [msgspec.json.encode(record) for record in fast.records()]
    assert as_read == [msgspec.json.encode(record) for record in patient.records()]
    assert [row.refusal for row in fast.refused] == [row.refusal for row in patient.refused]
    assert fast.unknown == patient.unknown

"""Rows that hold records in a list: each element is one, broken ones alone are refused, nothing is lost or invented."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from st_platform.ingest.decode import Decoded, Decoder
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.envelope import parse_page
from st_platform.servicetitan.records.jpm import JobEvent
from st_platform.warehouse.merge import Row

HISTORY = Decoder(CATALOG["job_history"])


def decode(*rows: str) -> Decoded:
    body = b'{"hasMore":false,"continueFrom":"x","data":[' + ",".join(rows).encode() + b"]}"
    return HISTORY.page(body, lambda: parse_page(body).rows)


def row(job: int, *events: dict[str, Any], **more: Any) -> str:
    return json.dumps({"jobId": job, "history": events, **more})


def event(key: int, **more: Any) -> dict[str, Any]:
    return {"id": key, "eventType": "Job Booked", "date": "2026-06-01T10:00:00Z", **more}


def keys(decoded: Decoded) -> list[tuple[object, ...]]:
    return list(HISTORY.keys(decoded))


def test_each_element_is_a_record_with_the_id_of_its_job() -> None:
    decoded = decode(row(7, event(1), event(2, employeeId=5)), row(8, event(1)))
    assert keys(decoded) == [(7, 1), (7, 2), (8, 1)]
    assert decoded.received == 3
    assert decoded.records()[1] == JobEvent(7, 2, 5, "Job Booked", "2026-06-01T10:00:00Z")


def test_a_page_as_documented_is_taken_apart_at_once() -> None:
    def never() -> list[bytes]:
        raise AssertionError("the strict decode should have taken this page")

    decoded = HISTORY.page(b'{"hasMore":false,"data":[' + row(7, event(1), event(2)).encode() + b"]}", never)
    assert decoded.received == 2


@pytest.mark.parametrize("empty", ['{"jobId":9,"history":[]}', '{"jobId":9,"history":null}', '{"jobId":9}'])
@pytest.mark.parametrize("other", ["{}", '{"jobId":1,"history":[{"id":1}]}'])
def test_a_row_without_elements_is_seen_and_holds_no_record(empty: str, other: str) -> None:
    decoded = decode(empty, row(7, event(1)), other)
    assert decoded.empty == 1
    assert (7, 1) in keys(decoded)
    assert decoded.received == len(decoded.rows) + len(decoded.refused)
    assert not any(row.refusal.raw == empty.encode() for row in decoded.refused)


def test_a_broken_element_is_refused_alone_with_its_row_and_a_pointer_into_it() -> None:
    whole = row(7, event(1), event(2, date="yesterday"), event(3))
    decoded = decode(whole, row(8, event(1)))
    assert keys(decoded) == [(7, 1), (7, 3), (8, 1)]
    assert decoded.received == 4
    (refused,) = decoded.refused
    assert refused.key == (7, 2)
    assert refused.refusal.pointer == "/history/1/date"
    assert refused.refusal.raw == whole.encode()


@pytest.mark.parametrize(
    ("whole", "pointer"),
    [
        ('{"history":[{"id":1}]}', "/jobId"),
        ('{"jobId":"seven","history":[{"id":1},{"id":2}]}', "/jobId"),
        ('{"jobId":7,"history":{"id":1}}', "/history"),
        ('{"jobId":7,"history":[1]}', "/history/0"),
        ('{"jobId":7,"history":[{"id":NaN}]}', "/history/0/id"),
        ('{"jobId":7,"history":[{"employeeId":1}]}', "/history/0"),
        ("[1]", ""),
    ],
)
def test_a_row_that_cannot_be_taken_apart_is_one_refused_row(whole: str, pointer: str) -> None:
    decoded = decode(row(6, event(1)), whole)
    assert keys(decoded) == [(6, 1)]
    (refused,) = decoded.refused
    assert (refused.refusal.pointer, refused.refusal.raw) == (pointer, whole.encode())
    assert decoded.received == 2


def test_fields_that_are_new_on_the_row_or_the_element_are_kept_with_each_record() -> None:
    decoded = decode(row(7, event(1, mood="good"), event(2), source="api"))
    first, second = decoded.rows
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert first.extra is not None
    assert second.extra is not None
    assert json.loads(first.extra) == {"mood": "good", "source": "api"}
    assert json.loads(second.extra) == {"source": "api"}
    assert decoded.unknown == {"mood": 1, "source": 2}


def test_a_record_that_the_database_refuses_is_evidence_by_its_whole_row() -> None:
    whole = row(7, event(1), event(2))
    decoded = decode(whole)
    rest = HISTORY.refuse(decoded, 1, "event_type", "no room")
    (refused,) = rest.refused
    assert (refused.key, refused.refusal.pointer) == ((7, 2), "/history/1/eventType")
    assert refused.refusal.raw == whole.encode()
    assert keys(rest) == [(7, 1)]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)
"""Without NUL, which no row keeps and which its evidence does."""
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 99)},
        optional={"eventType": TEXTS, "employeeId": st.none() | st.integers(0, 9), "date": st.none()},
    ),
    max_size=4,
)


@given(st.lists(st.tuples(st.integers(1, 9), EVENTS), max_size=5))
def test_both_ways_of_taking_a_page_apart_give_the_same(rows: list[tuple[int, list[dict[str, Any]]]]) -> None:
    texts = [row(job, *events) for job, events in rows]
    fast, slow = decode(*texts), HISTORY.rows([text.encode() for text in texts])
    assert list(map(astuple, fast.records())) == list(map(astuple, slow.records()))
    assert (fast.received, fast.empty) == (slow.received, slow.empty)
    assert fast.received == sum(len(events) for _, events in rows)
    for record, raw in zip(fast.records(), fast.raws(), strict=True):
        assert astuple(msgspec.json.decode(raw, type=JobEvent)) == astuple(record)

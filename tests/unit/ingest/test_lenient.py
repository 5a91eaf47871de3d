"""Cutting a page that no JSON parser accepts into its rows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from st_platform.servicetitan.lenient import cut_object, cut_page, depth_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=5), values, st.sampled_from([None, 1]))
def test_a_sound_page_is_cut_into_exactly_its_rows(rows: list[object], more: object, indent: int | None) -> None:
    page = {"first": {"data": [1, 2]}, "hasMore": more, "data": rows, "last": "data"}
    cut = cut_page(json.dumps(page, indent=indent).encode())
    assert cut is not None
    assert [json.loads(row) for row in cut.rows] == rows
    assert json.loads(cut.envelope) == {**page, "data": []}


@given(st.lists(st.dictionaries(st.text(), values, min_size=1, max_size=2), min_size=1, max_size=3), st.data())
def test_a_truncated_page_is_never_taken_for_a_whole_one(rows: list[object], data: st.DataObject) -> None:
    body = json.dumps({"hasMore": False, "data": rows}).encode()
    assert cut_page(body[: data.draw(st.integers(0, len(body) - 1))]) is None


def test_one_row_that_is_no_json_leaves_the_others_alone() -> None:
    cut = cut_page(b'{"data":[{"id":1},{"id":2,"total":NaN},{"id":3,"name":"a,]}"}],"hasMore":true}')
    assert cut is not None
    assert cut.rows == (b'{"id":1}', b'{"id":2,"total":NaN}', b'{"id":3,"name":"a,]}"}')
    assert json.loads(cut.envelope) == {"data": [], "hasMore": True}


def test_what_is_not_a_page_is_not_cut() -> None:
    for body in (b"", b"<html>", b"[1,2]", b'{"rows":[]}', b'{"data":[1,]}', b'{"data":[{"a":"x}]}', b'{"data":[}]'):
        assert cut_page(body) is None, body


def test_a_hundred_thousand_brackets_are_counted_without_recursion() -> None:
    row = b'{"id":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    cut = cut_page(b'{"data":[' + row + b',{"id":2}],"hasMore":false}')
    assert cut is not None
    assert len(cut.rows) == 2
    assert depth_of(cut.rows[0]) == 100_001


@given(st.lists(st.tuples(st.text(), values), max_size=5))
def test_an_object_is_cut_into_its_members_repeated_ones_included(members: list[tuple[str, object]]) -> None:
    text = "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in members) + "}"
    cut = cut_object(text.encode())
    assert cut is not None
    assert [(json.loads(key), json.loads(value)) for key, value in cut] == members


def test_what_is_not_one_object_has_no_members() -> None:
    for text in (b"", b"null", b"[1]", b'{"a":1}{"b":2}', b'{"a":1,}', b'{"a"}', b'x{"a":1}', b'{"a":1', b'{"a":[}'):
        assert cut_object(text) is None, text

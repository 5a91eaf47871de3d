"""Looking into JSON that no parser accepts."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.brackets import cut_object, depth_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_hundred_thousand_brackets_are_counted_without_recursion() -> None:
    row = b'{"id":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert depth_of(row) == 100_001
    assert [key for key, _ in cut_object(row) or ()] == [b'"id"', b'"x"']


@given(values)
def test_depth_counts_brackets_outside_strings_only(value: object) -> None:
    def depth(part: object) -> int:
        if isinstance(part, dict):
            return 1 + max(map(depth, part.values()), default=0)
        return 1 + max(map(depth, part), default=0) if isinstance(part, list) else 0

    assert depth_of(json.dumps(value).encode()) == depth(value)


@given(st.lists(st.tuples(st.text(), values), max_size=5))
def test_an_object_is_cut_into_its_members_repeated_ones_included(members: list[tuple[str, object]]) -> None:
    text = "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in members) + "}"
    cut = cut_object(text.encode())
    assert cut is not None
    assert [(json.loads(key), json.loads(value)) for key, value in cut] == members


def test_what_is_not_one_object_has_no_members() -> None:
    for text in (b"", b"null", b"[1]", b'{"a":1}{"b":2}', b'{"a":1,}', b'{"a"}', b'x{"a":1}', b'{"a":1', b'{"a":[}'):
        assert cut_object(text) is None, text

"""COPY text, checked by reading it back the way PostgreSQL documents it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.servicetitan.records import Column
from st_platform.warehouse._copy_text import DELIMITER, NULL, CopyBlock, render, version_order

TYPES = ["bigint", "boolean", "numeric", "double precision", "timestamptz", "date", "text", "jsonb"]
COLUMNS = [Column(kind.replace(" ", "_"), kind, kind, kind) for kind in TYPES]
ROW: tuple[Any, ...] = (
    7,
    True,
    Decimal("1.10"),
    0.1,
    "2026-07-01T10:00:00.1234567Z",
    "2026-07-01T00:00:00",
    "text",
    msgspec.Raw(b'{"a": 1}'),
)
NOTHING: tuple[Any, ...] = (8, None, None, None, None, None, None, msgspec.Raw(b"null"))


def block_of(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], **beside: Any) -> CopyBlock:
    """The block of records that have these values."""
    record = msgspec.defstruct("Row", [column.attribute for column in columns])
    return render(columns, [record(*row) for row in rows], **beside)


def read(data: bytes) -> list[list[str | None]]:
    """The rows of a block: PostgreSQL splits lines and fields first, then compares with NULL, then unescapes."""
    lines = data.decode().split("\n")
    assert lines.pop() == "", "the last row ends like all others"
    return [[_value(field) for field in line.split(DELIMITER)] for line in lines]


def _value(field: str) -> str | None:
    if field == NULL:
        return None
    named = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}

    def meant(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chr(int(found[1], 16))
        return named.get(found[2], found[2])

    return re.sub(r"\\(?:x([0-9a-fA-F]{1,2})|(.))", meant, field, flags=re.DOTALL)


def test_every_type_is_written_as_postgres_reads_it() -> None:
    block = block_of(COLUMNS, [ROW, NOTHING])
    assert block.columns == tuple(TYPES)
    assert read(block.data) == [
        ["7", "t", "1.10", "0.1", "2026-07-01T10:00:00.123456", "2026-07-01", "text", '{"a": 1}'],
        ["8", None, None, None, None, None, None, None],
    ]


def test_columns_without_a_single_value_are_left_out() -> None:
    assert block_of(COLUMNS, [NOTHING, NOTHING]).columns == ("bigint",)


def test_a_value_far_down_the_page_brings_its_column_along() -> None:
    """Rows are written some hundred at a time, and all of them with the same columns."""
    rows: list[tuple[Any, ...]] = [(place, None, None, msgspec.Raw(b"")) for place in range(1500)]
    rows[1234] = (1234, "2026-07-01T00:00:00Z", "found", msgspec.Raw(b"[1]"))
    block = block_of([COLUMNS[0], COLUMNS[4], COLUMNS[6], COLUMNS[7]], rows)
    assert block.columns == ("bigint", "timestamptz", "text", "jsonb")
    found = read(block.data)
    assert [row[0] for row in found] == [str(place) for place in range(1500)]
    assert found[1234] == ["1234", "2026-07-01T00:00:00Z", "found", "[1]"]
    assert {tuple(row[1:]) for place, row in enumerate(found) if place != 1234} == {(None, None, None)}


def test_integers_and_nulls_beside_each_other() -> None:
    rows = [(1, -5, Decimal(1)), (2, None, None), (2**63 - 1, 0, Decimal("0.00"))]
    integer = Column("integer", "integer", "integer", "integer")
    assert read(block_of([COLUMNS[0], integer, COLUMNS[2]], rows).data) == [
        ["1", "-5", "1"],
        ["2", None, None],
        [str(2**63 - 1), "0", "0.00"],
    ]


def test_constants_and_unknown_fields_are_further_columns() -> None:
    block = block_of(COLUMNS[:1], [(1,), (2,)], extras=[b'{"x": 1}', None], constants={"tenant_id": "1001"})
    assert block.columns == ("bigint", "_extra", "tenant_id")
    assert read(block.data) == [["1", '{"x": 1}', "1001"], ["2", None, "1001"]]


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        ("2026-07-01T23:59:59.9999999Z", "2026-07-01T23:59:59.999999"),
        ("2026-07-01T23:59:59.999999Z", "2026-07-01T23:59:59.999999"),
        ("2026-07-01T23:59:59.9Z", "2026-07-01T23:59:59.9Z"),
        ("2026-07-01T23:59:59Z", "2026-07-01T23:59:59Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999"),
    ],
)
def test_instants_are_cut_and_year_one_is_null(instant: str, written: str | None) -> None:
    rows = [(1, instant), (2, "2026-07-01T00:00:00Z")]
    [[_, found], _] = read(block_of([COLUMNS[0], COLUMNS[4]], rows).data)
    assert (found and found.rstrip("Z")) == (written and written.rstrip("Z"))


def test_offsets_are_kept_when_an_instant_is_cut() -> None:
    rows = [(1, "2026-07-01T19:59:59.9999999-04:00"), (2, None)]
    assert read(block_of([COLUMNS[0], COLUMNS[4]], rows).data)[0][1] == "2026-07-01T19:59:59.999999-04:00"


any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
awkward = st.sampled_from(
    ["\x1d", "\x1e", "\x1f", "\\", "\n", "\r", "\\N", "\\x1d", "\x00", "\ud800", "", "\\.", "None"]
)


def readable(text: str) -> str:
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


@given(st.lists(st.one_of(st.none(), any_text, awkward), min_size=1, max_size=6))
def test_any_texts_survive(texts: list[str | None]) -> None:
    """Whatever page they are in: the quick way and the careful way agree."""
    rows = list(enumerate(texts))
    found = read(block_of([COLUMNS[0], COLUMNS[6]], rows).data)
    wanted = [None if text is None else readable(text) for text in texts]
    if not any(text is not None for text in texts):
        wanted = []
    assert [row[1] for row in found if len(row) > 1] == wanted


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=6,
)


@given(st.lists(json_values, min_size=1, max_size=4), st.booleans())
def test_any_nested_json_survives(values: list[Any], ascii_only: bool) -> None:
    """Escaped or not: what comes back means the same, apart from what jsonb cannot hold."""
    import json

    raws = [json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for value in values]
    rows = [(place, msgspec.Raw(raw)) for place, raw in enumerate(raws)]
    found = [row[1] for row in read(block_of([COLUMNS[0], COLUMNS[7]], rows).data) if len(row) > 1]
    for value, text in zip(values, found, strict=False):
        if value is None:
            assert text is None
            continue
        assert text is not None
        assert "\\u0000" not in text.replace("\\\\", "")
        meant = json.loads(text)
        if ascii_only:
            assert _readable_json(meant) == _readable_json(json.loads(json.dumps(value)))
            assert _readable_json(meant) == meant, "nothing that jsonb refuses is left"


def _readable_json(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list):
        return [_readable_json(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {readable(key): _readable_json(item) for key, item in value.items()}  # pyright: ignore
    return value


def test_versions_are_ordered_by_all_their_digits_whatever_their_length() -> None:
    ordered = [
        None,
        "2026-07-01T10:00:00Z",
        "2026-07-01T10:00:00.0000001Z",
        "2026-07-01T10:00:00.1Z",
        "2026-07-01T10:00:00.1000001Z",
        "2026-07-01T10:00:01Z",
    ]
    shuffled = ordered[3:] + ordered[:3]
    assert sorted(shuffled, key=version_order) == ordered
    assert version_order("0001-01-01T00:00:00Z") == version_order(None)
    assert version_order("2026-07-01T10:00:00.10Z") == version_order("2026-07-01T10:00:00.1Z")

"""Columns that the API does not send: filled from what was asked, and from what tells rows without an id apart."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_platform.ingest.decode import Decoded, Decoder
from st_platform.ingest.filling import Filling
from st_platform.servicetitan.catalog import CATALOG
from st_platform.servicetitan.envelope import parse_page
from st_platform.servicetitan.records.marketing_ads import AdsPerformance
from st_platform.warehouse.merge import Row

ADS, LEADS = CATALOG["marketing_ads_performance"], CATALOG["attributed_leads"]
DAY = date(2026, 6, 1)


def filling(segment: str = "AdGroup") -> Filling:
    return Filling(ADS, DAY, segment)


def decode(rows: list[dict[str, Any]], fill: Filling | None = None) -> Decoded:
    body = json.dumps({"hasMore": False, "page": 1, "data": rows}).encode()
    return Decoder(ADS).page(body, lambda: parse_page(body).rows, fill or filling())


def ad(campaign: int, group: int | None = None, clicks: int = 0, **more: Any) -> dict[str, Any]:
    beside = {} if group is None else {"adGroup": {"id": group, "name": "g"}}
    return {"campaign": {"id": campaign, "name": "c"}, **beside, "digitalStats": {"clicks": clicks}, **more}


def keys(decoded: Decoded) -> list[str]:
    return [str(key) for _, _, key in Decoder(ADS).keys(decoded)]


def test_a_row_knows_the_day_the_segment_and_what_it_is_about() -> None:
    (record,) = decode([ad(7, 8, returnOnInvestment=1.5)]).records()
    assert isinstance(record, AdsPerformance)
    assert (record.day, record.segmentation, record.segment_key) == ("2026-06-01", "AdGroup", "7/8/-")
    assert json.loads(bytes(record.campaign)) == {"id": 7, "name": "c"}


def test_parts_of_an_identity_that_are_missing_or_null_are_written_as_such() -> None:
    fill = Filling(LEADS, DAY, None)
    row = {"dateTime": "2026-06-01T10:00:00Z", "leadType": 2, "call": {"id": 5}, "booking": None, "job": {"id": None}}
    body = json.dumps({"hasMore": False, "data": [row]}).encode()
    (record,) = Decoder(LEADS).page(body, lambda: parse_page(body).rows, fill).records()
    assert getattr(record, "lead_key", None) == "2026-06-01T10:00:00Z/2/5/-/-"


def test_a_field_of_the_api_that_is_called_like_a_filled_column_is_unknown_not_trusted() -> None:
    decoded = decode([ad(7, day="1999-01-01")])
    (row,) = decoded.rows
    assert isinstance(row, Row)
    assert (getattr(row.record, "day", None), row.extra) == ("2026-06-01", b'{"day":"1999-01-01"}')
    assert decoded.unknown == {"day": 1}


def test_two_rows_that_claim_one_identity_are_told_apart_and_a_repetition_is_not() -> None:
    assert keys(decode([ad(7, 8, 1), ad(7, 8, 1), ad(7, 9)])) == ["7/8/-", "7/8/-", "7/9/-"]
    assert sorted(keys(decode([ad(7, 8, 1), ad(7, 8, 2), ad(7, 8, 3)]))) == ["7/8/-", "7/8/-#2", "7/8/-#3"]


def test_over_the_pages_of_one_reading_the_numbering_goes_on() -> None:
    fill = filling()
    assert keys(decode([ad(7, 8, 1)], fill)) == ["7/8/-"]
    assert keys(decode([ad(7, 8, 2), ad(7, 8, 1)], fill)) == ["7/8/-#2", "7/8/-"]


def test_a_broken_row_of_a_filled_resource_has_no_key_to_go_by() -> None:
    decoded = decode([ad(7), ad(8, returnOnInvestment="much")])
    assert keys(decoded) == ["7/-/-"]
    assert decoded.refused[0].key is None


ROWS = st.lists(st.builds(ad, st.integers(1, 2), st.none() | st.integers(1, 2), st.integers(0, 2)), max_size=8)


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_in_which_rows_come_does_not_change_what_they_are_called(
    orders: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    def named(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(key, json.dumps(row)) for key, row in zip(keys(decode(rows)), rows, strict=True)}

    first, second = map(named, orders)
    assert first == second
    assert len({key for key, _ in first}) == len({row for _, row in first}), "one name for each content"


@given(ROWS)
def test_row_by_row_gives_the_same_as_the_whole_page(rows: list[dict[str, Any]]) -> None:
    slow = Decoder(ADS).rows([json.dumps(row).encode() for row in rows], filling())
    assert [key for *_, key in Decoder(ADS).keys(slow)] == keys(decode(rows))


def test_numbering_by_order_of_arrival_would_rename_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken variant of the test of orders: it can tell."""
    rows = [ad(7, 8, 1), ad(7, 8, 2)]
    monkeypatch.setattr("st_platform.ingest.filling.sorted", lambda places, **_: places, raising=False)
    first, second = keys(decode(rows)), keys(decode(rows[::-1]))
    assert dict(zip(first, rows, strict=True)) != dict(zip(second, rows[::-1], strict=True))

"""Rows that are not as documented, from the wire into quarantine, `_extra` or, mended, into the table."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from st_platform.ingest.report import Certificate
from st_platform.ingest.sync import QuarantineThresholdExceeded
from st_platform.ingest.windows import Window
from tests.syncing import EVERYTHING, Bench, day

DAY = Window(day(2026, 6, 12), day(2026, 6, 13))
NIGHT = day(2026, 6, 12) + timedelta(microseconds=123456)
INJECTION = "=cmd|' /C calc'!A0'); DROP TABLE servicetitan.jobs; --\t\\.\n<script>\x1e\x1f"


def spoil(bench: Bench, **raw: str) -> int:
    """Give one job values as JSON text, on a day of its own; its id."""
    job = min(bench.simulator.truth("jobs"))
    bench.simulator.edit("jobs", "set", id=job, raw=raw, modified_on="2026-06-12T12:00:00.0000000Z")
    return job


def only_entry(bench: Bench) -> dict[str, Any]:
    (entry,) = bench.query("SELECT * FROM platform.quarantine")
    return entry


@pytest.mark.parametrize(
    ("raw", "pointer", "reason"),
    [
        ({"total": "NaN"}, "/total", "NaN"),
        ({"total": '"NaN"'}, "/total", "NaN"),
        ({"total": "-Infinity"}, "/total", "Infinity"),
        ({"total": "1e999"}, "/total", "not a number"),
        ({"customerId": "123456789012345678901234567890"}, "/customerId", "9223372036854775807"),
        ({"total": '{"amount": 1}'}, "/total", "got `object`"),
        ({"jobNumber": "17"}, "/jobNumber", "got `int`"),
        ({"active": '"yes"'}, "/active", "got `str`"),
        ({"externalData": "[" * 1000 + "]" * 1000}, "/externalData", "deeper than 64"),
        ({"externalData": "[" * 100_000 + "]" * 100_000}, "/externalData", "deeper than 64"),
        ({"completedOn": '"2026-06-12T10:30:00"'}, "/completedOn", "no time zone"),
        ({"completedOn": '"2026-02-30T10:30:00Z"'}, "/completedOn", "day is out of range"),
        ({"externalData": '[{"value": 1e200000}]'}, "/externalData", "overflows numeric"),
    ],
)
def test_a_broken_row_is_quarantined_and_its_page_goes_on(
    bench: Bench, raw: dict[str, str], pointer: str, reason: str
) -> None:
    rows = len(bench.simulator.truth("jobs"))
    job = spoil(bench, **raw)
    report = bench.sync("jobs", EVERYTHING)
    assert (report.quarantined, report.certificate) == (1, Certificate.CAUGHT_UP)
    assert report.received == report.inserted + report.unchanged + 1
    assert job not in bench.rows("jobs")
    assert len(bench.rows("jobs")) >= rows - 10
    entry = only_entry(bench)
    assert (entry["record_key"], entry["pointer"], entry["resolved_at"]) == (str(job), pointer, None)
    assert reason in entry["reason"]
    assert bytes(entry["raw"]).startswith(b"{")


@pytest.mark.parametrize(
    ("raw", "column", "stored"),
    [
        ({"total": "9007199254740993.01"}, "total", Decimal("9007199254740993.01")),
        ({"total": '"0.10"'}, "total", Decimal("0.10")),
        ({"summary": '"a\\u0000b"'}, "summary", "a\ufffdb"),
        ({"summary": '"a\\ud800b"'}, "summary", "a\ufffdb"),
        ({"summary": '"\\ud83d\\ude00"'}, "summary", "😀"),
        ({"summary": json.dumps(INJECTION)}, "summary", INJECTION),
        ({"externalData": '[{"value": "\\u0000\\udfff"}]'}, "external_data", [{"value": "\ufffd\ufffd"}]),
        ({"externalData": '{"a": 1, "a": 2}'}, "external_data", {"a": 2}),
        ({"jobStatus": '"Never heard of"'}, "job_status", "Never heard of"),
        ({"completedOn": '"0001-01-01T00:00:00Z"'}, "completed_on", None),
        ({"completedOn": '"2026-06-12T00:00:00"'}, "completed_on", day(2026, 6, 12)),
        ({"completedOn": '"2026-06-12T02:00:00.1234569+02:00"'}, "completed_on", NIGHT),
    ],
)  # fmt: skip
def test_odd_values_are_stored_exactly_or_mended(bench: Bench, raw: dict[str, str], column: str, stored: Any) -> None:
    job = spoil(bench, **raw)
    report = bench.sync("jobs", DAY)
    assert report.quarantined == 0
    assert bench.rows("jobs")[job][column] == stored


def test_a_row_without_a_modification_time_is_merged_and_not_rewritten_each_time(bench: Bench) -> None:
    bench.sync("membership_status_changes")
    before = bench.query("SELECT max(_changed_at) AS at FROM servicetitan.membership_status_changes")
    again = bench.sync("membership_status_changes", refresh=True)
    assert again.unchanged == again.received > 0
    assert bench.query("SELECT max(_changed_at) AS at FROM servicetitan.membership_status_changes") == before


def test_of_two_contents_with_one_modification_time_the_later_read_counts(bench: Bench) -> None:
    job = spoil(bench, summary='"first"')
    bench.sync("jobs", DAY)
    spoil(bench, summary='"second"')
    report = bench.sync("jobs", DAY)
    assert report.updated == 1
    assert bench.rows("jobs")[job]["summary"] == "second"


def test_an_unknown_field_is_kept_and_noticed_once_a_day(bench: Bench) -> None:
    job = spoil(bench, warehouseZone='{"code": "N4"}')
    first = bench.sync("jobs", DAY)
    assert first.drift == ("unknown field: warehouseZone",)
    assert bench.rows("jobs")[job]["_extra"] == {"warehouseZone": {"code": "N4"}}
    assert bench.sync("jobs", DAY).drift == ()
    bench.simulator.advance(days=1)
    assert bench.sync("jobs", DAY).drift == ("unknown field: warehouseZone",)
    notices = bench.query("SELECT field, kind, seen_on FROM platform.drift_notices ORDER BY seen_on")
    assert [notice["field"] for notice in notices] == ["warehouseZone"] * 2


def test_a_time_far_in_the_future_is_loaded_and_noticed(bench: Bench) -> None:
    job = min(bench.simulator.truth("jobs"))
    bench.simulator.edit("jobs", "set", id=job, raw={}, modified_on="2026-06-15T13:00:00.0000000Z")
    bench.simulator.fault(resource="jobs", replace=[["2026-06-15T13:00:00.0000000Z", "2999-12-31T00:00:00.0000000Z"]])
    report = bench.sync("jobs", bench.today)
    assert any("lies in the future" in notice for notice in report.drift)
    assert bench.rows("jobs")[job]["modified_on"].year == 2999


def test_a_quarantined_row_that_comes_back_well_is_resolved(bench: Bench) -> None:
    job = spoil(bench, total='"none"')
    bench.sync("jobs", DAY)
    bench.sync("jobs", DAY)
    assert only_entry(bench)["occurrences"] == 2
    bench.simulator.edit("jobs", "set", id=job, raw={"total": "12.5"}, modified_on="2026-06-12T12:30:00.0000000Z")
    report = bench.sync("jobs", DAY)
    assert report.quarantined == 0
    assert bench.rows("jobs")[job]["total"] == Decimal("12.5")
    assert only_entry(bench)["resolved_at"] is not None


def test_too_many_broken_rows_stop_the_feed_before_the_page(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=40)
    bench.simulator.fault(resource="jobs", nth=2, rows=[{"row": n, "raw": {"total": '"x"'}} for n in range(3)])
    with pytest.raises(QuarantineThresholdExceeded, match="3 of the 40 rows"):
        bench.sync("jobs", Window(None, day(2026, 6, 14)), generation="g")
    (lane,) = bench.lanes("jobs")
    assert (lane["pages"], lane["received"], lane["state"]) == (1, 40, "open")
    assert len(bench.query("SELECT FROM platform.quarantine")) == 3, "the evidence is kept"
    position = lane["position"]
    bench.simulator.clear_faults()
    bench.simulator.clear_requests()
    bench.sync("jobs", Window(None, day(2026, 6, 14)), generation="g")
    assert bench.requests("jobs")[0]["params"]["from"] in position, "the next run begins with the same page"


def test_a_page_that_is_no_json_at_all_stops_with_the_position_unmoved(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=40)
    bench.simulator.fault(
        resource="jobs", after=1, status=200, body="<html>maintenance</html>", content_type="text/html"
    )
    with pytest.raises(Exception, match="JSON"):
        bench.sync("jobs", Window(None, day(2026, 6, 14)))
    assert bench.lanes("jobs")[0]["pages"] == 1

"""Saved rows from a file, through the same decode, merge and quarantine as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from st_platform.ingest.errors import QuarantineThresholdExceeded, SyncFailed
from st_platform.ingest.files import ingest_file
from st_platform.ingest.report import Certificate
from st_platform.servicetitan.catalog import CATALOG
from tests.syncing import EVERYTHING, Bench

JOBS = CATALOG["jobs"]


def saved(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "jobs.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_saved_rows_land_as_a_page_does(bench: Bench, tmp_path: Path) -> None:
    truth = bench.simulator.truth("jobs")
    path = saved(tmp_path, [json.dumps(row) for row in truth.values()])
    report = ingest_file(JOBS, bench.simulator.tenant, path, database=bench.database)
    assert (report.received, report.inserted, report.calls) == (len(truth), len(truth), 0)
    bench.assert_true("jobs")
    again = ingest_file(JOBS, bench.simulator.tenant, path, database=bench.database)
    assert (again.unchanged, again.data_version) == (len(truth), report.data_version)
    assert again.certificate is Certificate.CAUGHT_UP


def test_old_rows_of_a_file_replace_no_newer_ones(bench: Bench, tmp_path: Path) -> None:
    job = min(bench.simulator.truth("jobs"))
    old = json.dumps(bench.simulator.truth("jobs")[job])
    bench.simulator.edit("jobs", "set", id=job, fields={"summary": "newer"})
    bench.simulator.advance(minutes=20)
    bench.sync("jobs", EVERYTHING)
    ingest_file(JOBS, bench.simulator.tenant, saved(tmp_path, [old]), database=bench.database)
    assert bench.rows("jobs")[job]["summary"] == "newer"


def test_broken_lines_are_quarantined_and_empty_ones_skipped(bench: Bench, tmp_path: Path) -> None:
    good = [json.dumps({"id": number}) for number in range(300)]
    path = saved(tmp_path, ["\ufeff" + good[0], "", *good[1:], "  ", '{"id": 900, "total": "x"}', "{not json"])
    report = ingest_file(JOBS, bench.simulator.tenant, path, database=bench.database)
    assert (report.received, report.inserted, report.quarantined) == (302, 300, 2)
    assert {entry["record_key"] for entry in bench.query("SELECT * FROM platform.quarantine")} == {"900", None}


def test_a_file_of_something_else_is_refused(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(QuarantineThresholdExceeded):
        ingest_file(JOBS, bench.simulator.tenant, saved(tmp_path, ["a,b", "1,2"]), database=bench.database)
    with pytest.raises(SyncFailed, match="cannot be read"):
        ingest_file(JOBS, bench.simulator.tenant, tmp_path / "nothing", database=bench.database)
    assert bench.rows("jobs") == {}


def test_a_file_neither_deletes_nor_moves_a_position(bench: Bench, tmp_path: Path) -> None:
    bench.sync("campaign_costs")
    bench.sync("campaigns")
    before = bench.lanes("campaigns")
    for name in ("campaign_costs", "campaigns"):
        row = json.dumps(next(iter(bench.simulator.truth(name).values())))
        ingest_file(CATALOG[name], bench.simulator.tenant, saved(tmp_path, [row]), database=bench.database)
    assert not [row for row in bench.rows("campaign_costs").values() if row["_deleted_at"]]
    assert bench.lanes("campaigns")[: len(before)] == before

"""A comparison with the source as the only thing that follows a day of edits: it alone brings the truth.

Every resource with polling in between is in tests/integration/catalog.
"""

from __future__ import annotations

from typing import Any

import pytest

from st_platform.ingest import key_reading
from st_platform.servicetitan.catalog import CATALOG, LoadMode
from tests.integration.ingest.comparing import compare
from tests.syncing import EVERYTHING, Bench

EDITS = 12


def poll(bench: Bench, name: str) -> None:
    """Read what is new, as a schedule would."""
    mode = CATALOG[name].load_mode
    bench.sync(name, {LoadMode.DATED: bench.today, LoadMode.WINDOW: EVERYTHING}.get(mode))


def a_day_of_edits(bench: Bench, name: str, *, polls: bool = True) -> None:
    bench.sync(name, EVERYTHING if CATALOG[name].is_dated else None)
    bench.simulator.random_edits(name, count=EDITS, seed=11)
    bench.simulator.advance(minutes=20)
    if polls:
        poll(bench, name)


def is_deleted(name: str, row: dict[str, Any]) -> bool:
    """Whether a row of the source says so itself."""
    flag = CATALOG[name].deleted_when
    return flag is not None and row.get(flag[0]) == flag[1]


def assert_all_true(bench: Bench, name: str) -> None:
    truth, found = bench.truth(name), bench.rows(name)
    living = {key for key, row in found.items() if row["_deleted_at"] is None}
    assert living == {key for key, row in truth.items() if not is_deleted(name, row)}
    assert set(truth) <= set(found)
    bench.assert_true_of(name, set(truth))


@pytest.mark.parametrize("name", ["customers", "job_types", "campaign_costs", "tag_types"])
def test_without_any_polling_a_comparison_alone_brings_the_same(bench: Bench, name: str) -> None:
    a_day_of_edits(bench, name, polls=False)
    compare(bench, name, deep=True)
    assert_all_true(bench, name)


def test_a_comparison_that_marks_nothing_would_leave_rows_that_are_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken variant of the tests above: they can tell."""
    monkeypatch.setattr(key_reading.KeyReader, "ask", lambda _, keys: (set(keys), key_reading.Landed()))
    a_day_of_edits(bench, "ap_bills")
    bench.simulator.edit("ap_bills", "remove", id=min(bench.simulator.truth("ap_bills")))
    compare(bench, "ap_bills", deep=True)
    with pytest.raises(AssertionError):
        assert_all_true(bench, "ap_bills")

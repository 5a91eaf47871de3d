"""Facts of the catalog and of comparisons, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from st_platform.ingest.reconcile import Method, ReconcileReport
from st_platform.orchestration.naming import AREAS, extract_group
from st_platform.orchestration.wording import deletion_signal, endpoint_kind, outcome_of
from st_platform.servicetitan.catalog import CATALOG


def report(**changes: Any) -> ReconcileReport:
    values: dict[str, Any] = {
        "tenant": "acme",
        "resource": "jobs",
        "run_id": None,
        "at": datetime(2026, 7, 1, tzinfo=UTC),
        "method": Method.COUNT,
        "granted": True,
        "source_count": 1200,
        "warehouse_count": 1200,
        "missing": 0,
        "stale": 0,
        "gone": 0,
        "healed": 0,
        "deleted": 0,
        "parked": 0,
        "certified": True,
        "calls": 1,
        "seconds": 0.1,
    }
    return ReconcileReport(**values | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "1,200 here, 1,200 in the source: they agree"),
        ({"granted": False}, "not granted"),
        ({"method": Method.NONE, "note": "it has no list"}, "not compared: it has no list"),
        (
            {"method": Method.KEYS, "source_count": None, "missing": 3, "healed": 3},
            "1,200 here, not counted: 3 missing, 3 healed",
        ),
        ({"gone": 700, "parked": 700}, "1,200 here, 1,200 in the source: 700 gone, 700 parked"),
        ({"certified": False, "note": "pages moved"}, "1,200 here, 1,200 in the source: pages moved"),
    ],
)
def test_a_comparison_is_said_in_a_few_words(changes: dict[str, Any], said: str) -> None:
    assert outcome_of(report(**changes)) == said


def test_every_resource_has_a_kind_and_says_how_its_removed_rows_are_noticed() -> None:
    kinds = {endpoint_kind(entry) for entry in CATALOG.values()}
    signals = {name: deletion_signal(entry) for name, entry in CATALOG.items()}

    assert kinds == {"feed", "list", "window"}
    assert signals["jobs"] == "active = false"
    assert signals["memberships"] == "status = Deleted"
    assert signals["campaign_costs"] == "absent from a complete read"
    assert signals["attributed_leads"] == "absent from its day"
    assert signals["customers"] == "absent from a reconciliation by keys"


def test_areas_name_modules_that_exist_and_a_module_without_one_is_its_own() -> None:
    modules = {entry.module for entry in CATALOG.values()}

    assert set(AREAS) <= modules
    assert extract_group("acme", CATALOG["jobs"]) == "acme__jobs"
    assert extract_group("acme", CATALOG["invoices"]) == "acme__accounting"

"""For every resource: a first load, a day of random edits under polling, a comparison; then all is as at the source."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from st_platform.ingest.errors import IngestError
from st_platform.ingest.reconcile import ReconcileReport, reconcile
from st_platform.ingest.report import Certificate
from st_platform.ingest.windows import Window
from st_platform.servicetitan.catalog import CATALOG, LoadMode, Resource
from st_platform.servicetitan.errors import ServiceTitanError
from st_platform.warehouse.database import Database
from tests.integration.catalog.truth import Row, differences, stretches, true_rows
from tests.simulated import NOW, Simulator
from tests.syncing import Bench, midnight

every_resource = pytest.mark.parametrize("name", CATALOG)

TENANT = 1001
EDITS = 25


def first_day(entry: Resource) -> date:
    """How far back the days of a date window are read here."""
    assert entry.window is not None
    return NOW.date() - timedelta(days=12 if entry.window.slice else 300)


@pytest.fixture
def bench(simulator: Simulator, database: Database) -> Bench:
    simulator.options(unlimited=True)
    return Bench(simulator, database)


def load(bench: Bench, entry: Resource) -> Certificate:
    """Everything there is, as a first backfill reads it: up to yesterday as one stretch, and today."""
    if entry.load_mode in (LoadMode.TAIL, LoadMode.SNAPSHOT):
        return bench.sync(entry).certificate
    start = midnight(first_day(entry)) if entry.window else None
    bench.sync(entry, Window(start, bench.today.start))
    return bench.sync(entry, bench.today).certificate


def poll(bench: Bench, entry: Resource) -> None:
    """What a schedule asks for: the day before until it is complete, today, and for date windows the days before."""
    if entry.window is not None:
        load(bench, entry)
    elif entry.is_dated:
        assert bench.today.start
        bench.sync(entry, Window(bench.today.start - timedelta(days=1), bench.today.start))
        bench.sync(entry, bench.today)
    else:
        bench.sync(entry)


def compare(bench: Bench, entry: Resource, **more: Any) -> ReconcileReport:
    with bench.client() as client:
        return reconcile(bench.simulator.tenant, entry, client=client, database=bench.database, deep=True, **more)


def truth(bench: Bench, entry: Resource) -> list[Row]:
    if entry.window is None:
        return true_rows(bench, entry, tenant_id=TENANT)
    return _asked_day_by_day(bench, entry)


def _asked_day_by_day(bench: Bench, entry: Resource) -> list[Row]:
    """The rows of a date window, asked with nothing but HTTP."""
    window, today = entry.window, bench.now.date()
    assert window is not None
    parameter, segments = window.segments or ("", ("",))
    rows: list[Row] = []
    with bench.client() as client:
        for day, start, end in stretches(window, first_day(entry), today):
            for segment in segments:
                params = {window.start: start, window.end: end, "page": 1, "pageSize": window.page_size}
                params |= {parameter: segment} if parameter else {}
                page = httpx.Response(200, content=client.get(window.path, params)).json()
                assert not page["hasMore"]
                rows += [{**row, "_day": day.isoformat(), "_segment": segment} for row in page["data"]]
    return rows


@every_resource
def test_after_a_day_of_edits_the_warehouse_is_the_truth(bench: Bench, name: str) -> None:
    entry = CATALOG[name]
    load(bench, entry)
    assert differences(bench, entry, truth(bench, entry), tenant_id=TENANT) == [], "after the first load"
    for part in range(3):
        if entry.name != "marketing_ads_performance":
            bench.simulator.random_edits(name, count=EDITS // 3, seed=part)
        bench.simulator.advance(hours=5)
        poll(bench, entry)
    bench.simulator.advance(minutes=20)
    poll(bench, entry)
    if entry.window is None:
        assert compare(bench, entry).granted
    assert differences(bench, entry, truth(bench, entry), tenant_id=TENANT) == []
    if entry.window is None:
        again = compare(bench, entry)
        assert (again.missing, again.stale, again.gone, again.parked) == (0, 0, 0, 0)
        assert again.certified


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("jobs", "summary", "something else"),
        ("campaign_costs", "dailyCost", 0.01),
        ("payroll_settings", "hourlyRate", 0.01),
        ("job_history", "eventType", "something else"),
        ("attributed_leads", "job", {"id": 99, "name": "x"}),
    ],
)
def test_the_comparison_notices_what_is_wrong(bench: Bench, name: str, field: str, value: object) -> None:
    entry = CATALOG[name]
    load(bench, entry)
    rows = truth(bench, entry)
    assert differences(bench, entry, rows, tenant_id=TENANT) == []

    def noticed(rows: list[Row]) -> set[str]:
        return {difference.what for difference in differences(bench, entry, rows, tenant_id=TENANT)}

    *others, last = rows
    column = next(column.name for column in entry.columns if column.api_name == field)
    assert noticed([*others, {**last, field: value}]) & {column, "missing"}
    assert noticed(others) == {"gone from the source, and not marked"}
    first = f"ctid = (SELECT min(ctid) FROM servicetitan.{name} WHERE tenant_id = {TENANT})"
    with bench.database.connection() as connection:
        connection.execute(f"UPDATE servicetitan.{name} SET _deleted_at = now() WHERE {first}".encode())
    assert noticed(rows) == {"the mark of deletion"}
    with bench.database.connection() as connection:
        connection.execute(f"DELETE FROM servicetitan.{name} WHERE _deleted_at IS NOT NULL".encode())
    assert "missing" in noticed(rows)


PARTIAL: dict[str, dict[str, Any]] = {
    "killed between two pages": {"query": {"page": "2"}, "cut_after": 200},
    "refused": {"status": 403},
    "refused on a later page": {"query": {"page": "2"}, "status": 403},
    "an empty answer where rows stood": {
        "status": 200,
        "body": '{"page":1,"pageSize":5,"hasMore":false,"totalCount":0,"data":[]}',
    },
    "pages that lost their rows": {"query": {"page": "2"}, "envelope": {"hasMore": "false"}},
}


@pytest.mark.parametrize("fault", PARTIAL)
@pytest.mark.parametrize("name", ["jobs", "ap_bills", "campaign_costs", "installed_equipment", "pricebook_materials"])
def test_a_partial_read_marks_nothing(bench: Bench, name: str, fault: str) -> None:
    entry = CATALOG[name]
    assert entry.list is not None
    load(bench, entry)
    living = _living(bench, name)
    small = replace(entry, list=replace(entry.list, page_size=5))
    bench.simulator.fault(path=entry.list.path.partition("{tenant}")[2] + "$", **PARTIAL[fault])
    for read in (lambda: compare(bench, small), lambda: bench.sync(small, refresh=True)):
        with suppress(IngestError, ServiceTitanError):
            read()
        assert _living(bench, name) == living > 10
    assert any(rule["hit"] for rule in bench.simulator.faults())


def _living(bench: Bench, name: str) -> int:
    query = f"SELECT count(*) AS living FROM servicetitan.{name} WHERE tenant_id = %s AND _deleted_at IS NULL"
    return bench.query(query, TENANT)[0]["living"]


def test_the_day_of_edits_holds_every_kind_of_change(bench: Bench) -> None:
    kinds: set[str] = set()
    for name in ("customers", "jobs", "ap_bills"):
        kinds |= {edit["op"] for edit in bench.simulator.random_edits(name, count=60, seed=3)}
    assert kinds >= {"set", "touch", "insert", "merge", "remove"}
    assert kinds & {"deactivate", "delete"}
    assert isinstance(bench.now, datetime)

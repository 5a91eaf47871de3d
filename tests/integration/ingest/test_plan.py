"""Estimates of an initial load, against what the load then costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from st_platform.ingest.plan import calls_for, plan_initial_load
from st_platform.servicetitan.catalog import CATALOG, IdsFilter
from tests.syncing import EVERYTHING, Bench


def test_a_list_is_counted_to_the_row(bench: Bench) -> None:
    entries = [entry for entry in CATALOG.values() if entry.list and entry.list.ids is not IdsFilter.REQUIRED]
    with bench.client() as client:
        estimates = plan_initial_load(bench.simulator.tenant, entries, client)
        assert client.calls == sum(len(entry.list.parts) for entry in entries if entry.list)
    for estimate in estimates:
        listing = CATALOG[estimate.resource].list
        rows = bench.simulator.truth(estimate.resource).values()
        flagless = listing is not None and listing.all_rows is None
        hidden = CATALOG[estimate.resource].deleted_when is not None and flagless
        shown = [row for row in rows if row.get("active") is not False or not hidden]
        assert estimate.rows == len(shown), estimate
        assert estimate.basis == "count of the list"
        assert estimate.calls == 1
    assert bench.lanes("jobs") == [], "nothing is loaded"


def test_a_feed_without_a_list_is_measured_by_its_density(bench: Bench) -> None:
    bench.simulator.options(feed_page_size=10)
    true = len(bench.simulator.truth("invoice_items"))
    with bench.client() as client:
        (estimate,) = plan_initial_load(bench.simulator.tenant, [CATALOG["invoice_items"]], client)
        assert client.calls <= 5
    assert estimate.rows is not None
    assert true / 3 < estimate.rows < true * 3
    assert "density" in estimate.basis


def test_the_number_of_calls_is_what_the_load_then_needs(bench: Bench) -> None:
    with bench.client() as client:
        estimates = plan_initial_load(bench.simulator.tenant, [CATALOG["jobs"], CATALOG["campaign_costs"]], client)
    costs = {estimate.resource: estimate.calls for estimate in estimates}
    assert bench.sync("campaign_costs").calls == costs["campaign_costs"]
    assert bench.sync("jobs", EVERYTHING).calls <= (costs["jobs"] or 0) + 1


def test_calls_count_overlap_and_second_passes() -> None:
    assert calls_for(0, 5000, from_feed=True, is_sorted=False) == 1
    assert calls_for(100_000, 5000, from_feed=True, is_sorted=False) == 20 + 5
    assert calls_for(10_000_000, 5000, from_feed=True, is_sorted=False) == 2000 + 24
    assert calls_for(12_000, 5000, from_feed=False, is_sorted=False) == 2 * 3
    assert calls_for(12_000, 5000, from_feed=False, is_sorted=True) == 3
    assert calls_for(5_000, 5000, from_feed=False, is_sorted=False) == 1


def test_a_resource_that_is_not_granted_says_so_and_the_others_are_estimated(bench: Bench) -> None:
    bench.simulator.scopes(["tn.jpm.jobs:r"])
    bench.simulator.revoke_tokens()
    with bench.client() as client:
        invoices, jobs = plan_initial_load(bench.simulator.tenant, [CATALOG["invoices"], CATALOG["jobs"]], client)
    assert (invoices.rows, "not granted" in invoices.basis) == (None, True)
    assert jobs.rows


def test_a_window_of_dates_is_estimated_from_one_of_its_days(bench: Bench) -> None:
    bench.simulator.options(unlimited=True)
    entry = CATALOG["marketing_ads_performance"]
    assert entry.window is not None
    entry = replace(entry, window=replace(entry.window, history=timedelta(days=10)))
    with bench.client() as client:
        (estimate,) = plan_initial_load(bench.simulator.tenant, [entry], client)
        assert client.calls == 3
    report = bench.sync(entry, EVERYTHING)
    assert estimate.calls == report.calls
    assert estimate.rows is not None
    assert report.received / 3 < estimate.rows < report.received * 3

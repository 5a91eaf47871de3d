"""The rows of demand agree with each other and with the books: references, statuses, sums; at any instant."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from st_platform.simulator.business.profile import PROFILES, SIZES, Size
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import DAY, HOUR, day_ticks
from st_platform.simulator.rows.ads import Segmentation, performance
from st_platform.simulator.rows.view import View
from st_platform.simulator.tables import open_books, tables_in
from tests.unit.simulator.books import Books, cents, read_books

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
Row = dict[str, Any]

_REFERENCES = (
    ("calls", "customer.id", "customers"),
    ("calls", "location.id", "locations"),
    ("calls", "campaign.id", "campaigns"),
    ("calls", "job.id", "jobs"),
    ("calls", "lead.id", "leads"),
    ("calls", "reason.id", "call_reasons"),
    ("leads", "customerId", "customers"),
    ("leads", "locationId", "locations"),
    ("leads", "campaignId", "campaigns"),
    ("leads", "callId", "calls"),
    ("leads", "bookingId", "bookings"),
    ("leads", "callReasonId", "call_reasons"),
    ("leads", "dismissingReasonId", "call_reasons"),
    ("leads", "jobTypeId", "job_types"),
    ("leads", "businessUnitId", "business_units"),
    ("bookings", "campaignId", "campaigns"),
    ("bookings", "jobId", "jobs"),
    ("bookings", "dismissingReasonId", "call_reasons"),
    ("jobs", "leadCallId", "calls"),
    ("jobs", "bookingId", "bookings"),
    ("jobs", "createdFromEstimateId", "estimates"),
    ("jobs", "estimateIds", "estimates"),
    ("customer_contacts", "customerId", "customers"),
    ("location_contacts", "locationId", "locations"),
    ("campaigns", "category.id", "campaign_categories"),
    ("estimates", "jobId", "jobs"),
    ("estimates", "customerId", "customers"),
    ("estimates", "soldBy", "technicians"),
    ("memberships", "membershipTypeId", "membership_types"),
    ("memberships", "billingTemplateId", "invoice_templates"),
    ("membership_types", "billingTemplateId", "invoice_templates"),
    ("recurring_services", "membershipId", "memberships"),
    ("recurring_services", "locationId", "locations"),
    ("recurring_services", "recurringServiceTypeId", "recurring_service_types"),
    ("recurring_services", "invoiceTemplateId", "invoice_templates"),
    ("recurring_services", "activatedFromId", "invoices"),
    ("recurring_service_types", "jobTypeId", "job_types"),
    ("recurring_service_events", "locationRecurringServiceId", "recurring_services"),
    ("recurring_service_events", "membershipId", "memberships"),
    ("recurring_service_events", "jobId", "jobs"),
    ("attributed_leads", "job.id", "jobs"),
    ("attributed_leads", "customer.id", "customers"),
    ("attributed_leads", "call.id", "calls"),
    ("attributed_leads", "booking.id", "bookings"),
    ("attributed_leads", "leadForm.leadNumber", "leads"),
    ("attributed_leads", "attribution.stCampaignId", "campaigns"),
    ("estimate_items", "invoiceItemId", "invoice_items"),
)


def discrepancies(books: Books) -> list[str]:
    """What is wrong, one line each; empty when all is well."""
    return [*_references(books), *_statuses(books), *_sums(books), *_members(books)]


def _references(books: Books) -> Iterator[str]:
    for resource, path, parent in _REFERENCES:
        for number, row in books[resource].items():
            value: Any = row
            for step in path.split("."):
                value = None if value is None else value[step]
            for one in value if isinstance(value, list) else [value]:
                if one is None:
                    continue
                if one not in books[parent]:
                    yield f"{resource} {number}: {path} {one} is not in {parent}"
                elif not _old_enough(row, books[parent][one], parent):
                    yield f"{resource} {number}: modified before its {path} {one} was there"


def _old_enough(row: Row, other: Row, parent: str) -> bool:
    known = row.get("modifiedOn")
    return known is None or parent in ("technicians",) or other.get("createdOn", "") <= known


def _statuses(books: Books) -> Iterator[str]:
    for row in books["bookings"].values():
        if (row["jobId"] is not None) != (row["status"] == "Converted"):
            yield f"bookings {row['id']}: {row['status']} with job {row['jobId']}"
    for row in books["calls"].values():
        if row["type"] == "Booked" and (row["job"] is None or row["direction"] != "Inbound"):
            yield f"calls {row['id']}: booked without a job"
        if (row["type"] == "Excused") != bool(row["excuseMemo"]):
            yield f"calls {row['id']}: {row['type']} with memo {row['excuseMemo']!r}"
    for row in books["jobs"].values():
        call, booking = books["calls"].get(row["leadCallId"]), books["bookings"].get(row["bookingId"])
        if call is not None and (call["campaign"]["id"], call["customer"]["id"]) != (
            row["campaignId"],
            row["customerId"],
        ):
            yield f"jobs {row['id']}: lead call {call['id']} of another campaign or customer"
        if booking is not None and (booking["campaignId"], booking["jobId"]) != (row["campaignId"], row["id"]):
            yield f"jobs {row['id']}: booking {booking['id']} of another campaign or job"
        for other in (call, booking):
            if other is not None and other["createdOn"] > row["createdOn"]:
                yield f"jobs {row['id']}: made before {other['id']}"
        estimate = books["estimates"].get(row["createdFromEstimateId"])
        if estimate is not None and not (
            estimate["status"]["name"] == "Sold" and estimate["soldOn"] < row["createdOn"]
        ):
            yield f"jobs {row['id']}: from estimate {estimate['id']}, which is {estimate['status']}"
        if row["jobGeneratedLeadSource"] is not None and estimate is None:
            yield f"jobs {row['id']}: generated by a technician without an estimate"


def _sums(books: Books) -> Iterator[str]:
    for row in books["estimates"].values():
        if sum(cents(item["total"]) for item in row["items"]) != cents(row["subtotal"]):
            yield f"estimates {row['id']}: items do not come to {row['subtotal']}"
        for item in row["items"]:
            if books["estimate_items"].get(item["id"]) != item:
                yield f"estimates {row['id']}: item {item['id']} is another one in the list of items"
            if abs(cents(item["qty"]) * cents(item["unitRate"]) - cents(item["total"]) * 100) > 50:
                yield f"estimate_items {item['id']}: {item['qty']} x {item['unitRate']} is not {item['total']}"
        if (row["status"]["name"] == "Sold") != (row["soldOn"] is not None):
            yield f"estimates {row['id']}: {row['status']} and sold on {row['soldOn']}"
    embedded = {item["id"] for row in books["estimates"].values() for item in row["items"]}
    for stray in books["estimate_items"].keys() - embedded:
        yield f"estimate_items {stray}: on no estimate"


def _members(books: Books) -> Iterator[str]:
    promised = {row["jobId"]: row for row in books["recurring_service_events"].values() if row["jobId"] is not None}
    for row in books["jobs"].values():
        event = promised.get(row["id"])
        if (row["membershipId"] is not None) != (event is not None):
            yield f"jobs {row['id']}: of membership {row['membershipId']} without its event"
        elif event is not None and event["membershipId"] != row["membershipId"]:
            yield f"jobs {row['id']}: the event is of another membership"
    for row in books["recurring_service_events"].values():
        service = books["recurring_services"].get(row["locationRecurringServiceId"])
        if service is None or service["membershipId"] != row["membershipId"]:
            yield f"recurring_service_events {row['id']}: its service is of another membership"
        if (row["status"] == "Won") != (row["jobId"] is not None):
            yield f"recurring_service_events {row['id']}: {row['status']} with job {row['jobId']}"
    templates = books["invoice_templates"]
    for row in templates.values():
        if (
            sum(cents(item["quantity"]) * cents(item["unitPrice"]) for item in row["items"])
            != cents(row["total"]) * 100
        ):
            yield f"invoice_templates {row['id']}: items do not come to {row['total']}"


@pytest.mark.parametrize(("seed", "profile"), [(1, 0), (2, 1), (3, 0)])
def test_the_rows_agree_at_every_hour_of_a_tiny_business(seed: int, profile: int) -> None:
    tables = tables_in(open_books(run_business(seed, PROFILES[profile], SIZES["tiny"], ANCHOR)))
    start = day_ticks(ANCHOR) - 365 * DAY
    for at in (start, start + 40 * DAY + 15 * HOUR, NOW - 3 * DAY, NOW, NOW + 3 * HOUR, NOW + 140 * DAY):
        assert discrepancies(read_books(tables, at)) == [], at


def _orphan_call(books: Books) -> None:
    books["calls"].pop(next(row["leadCallId"] for row in books["jobs"].values() if row["leadCallId"]))


def _cent_more(books: Books) -> None:
    row = next(iter(books["estimates"].values()))
    row["subtotal"] = row["subtotal"] + 1


def _unsold(books: Books) -> None:
    job = next(row for row in books["jobs"].values() if row["createdFromEstimateId"])
    books["estimates"][job["createdFromEstimateId"]]["status"] = {"value": 0, "name": "Open"}


def _lost_event(books: Books) -> None:
    events = books["recurring_service_events"]
    events.pop(next(row["id"] for row in events.values() if row["jobId"]))


def _other_campaign(books: Books) -> None:
    next(row for row in books["jobs"].values() if row["leadCallId"])["campaignId"] += 1


@pytest.mark.parametrize("breaking", [_orphan_call, _cent_more, _unsold, _lost_event, _other_campaign])
def test_rows_that_disagree_are_noticed(breaking: Callable[[Books], None]) -> None:
    books = read_books(tables_in(open_books(run_business(1, PROFILES[0], SIZES["tiny"], ANCHOR))), NOW)
    assert discrepancies(books) == []
    breaking(books)
    assert discrepancies(books) != []


@pytest.fixture(scope="module")
def view() -> View:
    return open_books(run_business(3, PROFILES[1], Size(customers=3000, years=2, ahead_days=150), ANCHOR))


def _figures(view: View, segmentation: Segmentation, start: int, end: int, at: int = NOW) -> dict[str, list[int]]:
    """What adds up, in whole numbers, by campaign, ad group and keyword."""
    figures: dict[str, list[int]] = {}
    for text in performance(view, segmentation, start, end, at):
        row = json.loads(text, parse_float=str)
        ads, leads = row["digitalStats"], row["leadStats"]
        counted = ("leads", "leadCalls", "onlineBooking", "manualBooking", "bookedJobs", "ranJobs", "soldJobs")
        figures[f"{row['campaign']['id']}/{row['adGroup']['id']}/{row['keyword']['id']}"] = [
            *(ads[name] for name in ("impressions", "clicks", "conversions")),
            *(leads[name] for name in counted),
            *(cents(value) for value in (ads["cost"], leads["revenue"], leads["potentialRevenue"])),
        ]
    return figures


def _added(parts: list[dict[str, list[int]]]) -> dict[str, list[int]]:
    total: dict[str, list[int]] = defaultdict(lambda: [0] * 13)
    for part in parts:
        for key, figures in part.items():
            total[key] = [a + b for a, b in zip(total[key], figures, strict=True)]
    return dict(total)


@pytest.mark.parametrize("segmentation", list(Segmentation))
def test_the_days_of_a_window_add_up_to_the_window(view: View, segmentation: Segmentation) -> None:
    start, end = NOW - 47 * DAY, NOW + 2 * DAY
    whole = _figures(view, segmentation, start, end)
    days = [_figures(view, segmentation, day, day + DAY) for day in range(start, end, DAY)]
    assert _added(days) == whole
    assert _added(days[1:]) != whole
    odd = [start, start + 5 * HOUR + 7, start + 19 * DAY + 1, NOW - 3, end]
    assert _added([_figures(view, segmentation, a, z) for a, z in pairwise(odd)]) == whole


def test_keywords_add_up_to_ad_groups_and_these_to_campaigns(view: View) -> None:
    start = NOW - 90 * DAY
    fine, middle, coarse = (
        _figures(view, one, start, NOW) for one in (Segmentation(3), Segmentation(2), Segmentation(1))
    )
    assert _added([{key.rsplit("/", 1)[0] + "/": figures} for key, figures in fine.items()]) == middle
    assert _added([{key.split("/", 1)[0] + "//": figures} for key, figures in middle.items()]) == coarse


def test_what_the_ads_module_spent_is_what_campaign_costs_say(view: View) -> None:
    """Month by month within 2 %, once the month is over and its cost has been corrected."""
    at = NOW + 140 * DAY
    tables = {table.resource: table for table in tables_in(view)}
    costs = read_books([tables["campaign_costs"]], at)["campaign_costs"].values()
    compared = 0
    for cost in costs:
        first = np.datetime64(f"{cost['year']}-{cost['month']:02d}", "M")
        start, end = (int(month.astype("M8[D]").astype(np.int64)) * DAY for month in (first, first + 1))
        if end > at - 60 * DAY:
            continue
        spent = _figures(view, Segmentation.CAMPAIGN, start, end, at).get(f"{cost['campaignId']}//")
        if spent is None:
            continue
        expected = cents(cost["dailyCost"]) * (end - start) // DAY
        assert abs(spent[10] - expected) <= 0.02 * expected
        assert abs(spent[10] - 1.05 * expected) > 0.02 * expected
        compared += 1
    assert compared > 60


def test_the_ads_module_sees_a_biased_part_of_what_happened(view: View) -> None:
    leads = view.ads.leads
    campaigns = view.business.company.campaigns
    credited = leads.campaign != leads.original
    assert 0.02 < credited.mean() < 0.3
    assert {campaigns[row].category for row in set(leads.original[credited].tolist())} >= {"Organic", "Paid Search"}
    digital = np.isin(view.demand.calls.campaign, np.unique(leads.campaign)) & (view.demand.calls.outbound == 0)
    seen = np.unique(leads.row[leads.type == 1])
    missed = np.setdiff1d(np.flatnonzero(digital), seen)
    assert 0.05 < len(missed) / digital.sum() < 0.3
    organic = np.isin(view.demand.calls.campaign, [n for n, c in enumerate(campaigns) if c.category == "Organic"])
    assert np.isin(np.flatnonzero(organic), seen).mean() < 0.15
    assert set(leads.type.tolist()) == {1, 2, 3, 4}


def test_ads_figures_settle_within_their_attribution_window(view: View) -> None:
    """A day that is read again after a month never changes any more, before that it does."""
    day = NOW // DAY * DAY - 60 * DAY
    states = [_figures(view, Segmentation.CAMPAIGN, day, day + 20 * DAY, day + n * DAY) for n in (20, 50, 90, 200)]
    assert states[0] != states[1]
    assert states[1] == states[2] == states[3]

"""The simulated business holds together: at any instant, for any seed, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from st_platform.simulator.business.profile import PROFILES, SIZES, Size
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import DAY, HOUR, day_ticks
from st_platform.simulator.table import Table
from st_platform.simulator.tables import tables_of
from tests.unit.simulator.books import Books, cents, discrepancies, modified_days, read_books

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
MIDDLE = Size(customers=1200, years=2, ahead_days=120)


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return tables_of(run_business(3, PROFILES[0], MIDDLE, ANCHOR))


@pytest.fixture(scope="module")
def books(tables: list[Table]) -> Books:
    return read_books(tables, NOW)


def test_a_middling_business_has_no_discrepancy(books: Books) -> None:
    assert discrepancies(books) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_books_hold_at_every_hour_of_a_tiny_business(seed: int, profile: object) -> None:
    own = next(one for one in PROFILES if one is profile)
    tables = tables_of(run_business(seed, own, SIZES["tiny"], ANCHOR))
    start = day_ticks(ANCHOR) - 365 * DAY
    for at in (start, start + 40 * DAY + 15 * HOUR, NOW - 3 * DAY, NOW, NOW + 3 * HOUR, NOW + 140 * DAY):
        assert discrepancies(read_books(tables, at)) == []


def _cent_more(books: Books) -> None:
    row = next(row for row in books["invoices"].values() if row["items"])
    row["items"][0]["total"] = str(Decimal(row["items"][0]["total"]) + Decimal("0.01"))


def _lost_application(books: Books) -> None:
    next(row for row in books["payments"].values() if row["appliedTo"])["appliedTo"].pop()


def _orphan(books: Books) -> None:
    books["customers"].pop(next(iter(books["jobs"].values()))["customerId"])


def _status_without_event(books: Books) -> None:
    next(row for row in books["memberships"].values() if row["status"] == "Active")["status"] = "Canceled"


def _open_job_completed(books: Books) -> None:
    next(row for row in books["jobs"].values() if row["jobStatus"] == "Completed")["completedOn"] = None


def _circle(books: Books) -> None:
    row = next(row for row in books["customers"].values() if row["mergedToId"] is not None)
    books["customers"][row["mergedToId"]]["mergedToId"] = row["id"]


@pytest.mark.parametrize(
    "breaking", [_cent_more, _lost_application, _orphan, _status_without_event, _open_job_completed, _circle]
)
def test_the_auditor_notices_books_that_are_wrong(breaking: Callable[[Books], None]) -> None:
    books = read_books(tables_of(run_business(1, PROFILES[0], SIZES["tiny"], ANCHOR)), NOW)
    assert discrepancies(books) == []
    breaking(books)
    assert discrepancies(books) != []


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    def rows(seed: int) -> list[str]:
        tables = tables_of(run_business(seed, PROFILES[1], SIZES["tiny"], ANCHOR))
        return [text for table in tables for text in _texts(table, NOW)]

    first = rows(5)
    assert rows(5) == first
    assert rows(6) != first


def test_a_row_as_of_the_past_does_not_know_its_future(tables: list[Table]) -> None:
    """What is shown of an instant depends on nothing that happens after it."""
    early, late = NOW - 200 * DAY, NOW
    for table in tables:
        rows = table.existing(early)
        then, now = table.versions.modified(rows, early), table.versions.modified(rows, late)
        still = (then == now) & (table.removed_at[rows] > late)
        same = rows[still][:300]
        times = table.versions.modified(same, early)
        assert table.render(same, times, early) == table.render(same, times, late), table.resource


def test_every_kind_of_row_that_the_models_must_cope_with_occurs(books: Books) -> None:
    invoices, items = list(books["invoices"].values()), list(books["invoice_items"].values())
    by_id = books["invoices"]
    assert {row["invoiceConfiguration"] for row in invoices} == {
        "JobInvoice",
        "ProjectInvoice",
        "CounterSales",
        "MembershipInvoice",
        "InterestChargeInvoice",
        "ARImportInvoice",
    }
    adjustments = [row for row in invoices if row["adjustmentToId"] is not None]
    assert any(by_id[row["adjustmentToId"]]["adjustmentToId"] is not None for row in adjustments)
    assert {row["job"] is None for row in adjustments} == {True, False}
    assert any(row["invoiceConfiguration"] == "ProjectInvoice" and row["job"] is None for row in invoices)
    assert any(not row["active"] for row in invoices)
    assert any(cents(row["balance"]) < 0 for row in invoices)

    accounts = Counter((item["generalLedgerAccount"] or {"type": "none"})["type"] for item in items)
    assert {"Income", "Liability", None, "none"} <= set(accounts)
    assert any(not item["active"] for item in items)
    assert any(not item["isChargeable"] for item in items)
    assert any(item["type"] == "PriceModifier" and cents(item["total"]) < 0 for item in items)
    assert any(item["membershipTypeId"] for item in items)
    assert any(item["businessUnit"] is None for item in items)

    payments = list(books["payments"].values())
    assert any(row["refundedPaymentId"] for row in payments)
    assert any(row["active"] and cents(row["unappliedAmount"]) > 0 for row in payments)
    assert any(not row["active"] for row in payments)
    assert any(len(row["appliedTo"]) > 1 for row in payments)
    memos = list(books["credit_memos"].values())
    assert {bool(row["appliedTo"]) for row in memos} == {True, False}

    statuses = {row["status"] for row in books["memberships"].values()}
    assert statuses == {"Active", "Suspended", "Expired", "Canceled", "Deleted"}
    assert any(row["renewedById"] for row in books["memberships"].values())
    assert any(row["to"] is None for row in books["memberships"].values())
    assert any(_changes_twice_a_day(books))

    jobs = list(books["jobs"].values())
    assert {"Scheduled", "Completed", "Canceled"} <= {row["jobStatus"] for row in jobs}
    assert any(row["recallForId"] and books["jobs"][row["recallForId"]]["recallForId"] for row in jobs)
    assert any(row["warrantyId"] for row in jobs)
    assert any(row["createdFromEstimateId"] for row in jobs)
    assert any(not row["active"] for row in jobs)
    for resource in ("customers", "locations"):
        assert any(row["mergedToId"] for row in books[resource].values())
    chained = [row for row in books["customers"].values() if row["mergedToId"]]
    assert any(books["customers"][row["mergedToId"]]["mergedToId"] for row in chained)
    assert {row["soldThreshold"] is None for row in books["job_types"].values()} == {True, False}
    for resource in ("campaigns", "job_types", "business_units"):
        assert any(not row["active"] for row in books[resource].values()), resource


def test_a_job_goes_through_its_stages_one_after_the_other(tables: list[Table]) -> None:
    jobs = next(table for table in tables if table.resource == "jobs")
    status = jobs.columns["jobStatus"]
    follows = {
        "Scheduled": {"Scheduled", "Dispatched", "Canceled"},
        "Dispatched": {"Dispatched", "InProgress"},
        "InProgress": {"InProgress", "Hold", "Completed"},
        "Hold": {"Hold", "InProgress"},
        "Completed": {"Completed", "InProgress"},
        "Canceled": {"Canceled"},
    }
    seen: set[str] = set()
    for row in range(1500):
        entries = jobs.versions.by_row[jobs.versions.starts[row] : jobs.versions.starts[row + 1]]
        stages = [str(status(np.array([row]), int(jobs.versions.times[entry]))[0]) for entry in entries]
        seen.update(stages)
        for before, after in pairwise(stages):
            assert after in follows[before], (row, stages)
    assert seen == set(follows)


def test_every_recent_day_has_rows_last_modified_on_it_and_old_ones_remain(books: Books) -> None:
    dated = {"customers", "locations", "jobs", "invoices", "invoice_items", "payments", "memberships"}
    for table in tables_of(run_business(3, PROFILES[0], SIZES["small"], ANCHOR)):
        if table.resource in dated:
            days = modified_days(table, NOW, 60)
            assert sum(count > 0 for count in days) >= 58, (table.resource, days)
    untouched = [row for row in books["customers"].values() if row["modifiedOn"] < "2024-06-01"]
    assert untouched, "customers last modified before the books were opened"


def test_business_has_seasons_grows_and_rests_on_sundays(books: Books) -> None:
    created = Counter(row["createdOn"][:7] for row in books["jobs"].values())
    assert created["2025-07"] > 1.25 * created["2025-05"]
    weekdays = Counter(date.fromisoformat(row["createdOn"][:10]).weekday() for row in books["jobs"].values())
    assert weekdays[6] < weekdays[0] / 2
    campaigns = Counter(row["campaignId"] for row in books["jobs"].values())
    assert len(campaigns) >= 10


def test_every_id_grows_with_the_time_of_creation(books: Books) -> None:
    for resource, rows in books.items():
        moments = [row["createdOn"] for _, row in sorted(rows.items()) if "createdOn" in row]
        assert moments == sorted(moments), resource


def test_two_tenants_share_ids_but_no_rows() -> None:
    first, second = (read_books(tables_of(run_business(1, p, SIZES["tiny"], ANCHOR)), NOW) for p in PROFILES)
    for resource in first:
        shared = set(first[resource]) & set(second[resource])
        assert shared, resource
    both = set(first["customers"]) & set(second["customers"])
    assert any(first["customers"][one] != second["customers"][one] for one in both)


def test_sizes_are_what_they_say() -> None:
    business = run_business(1, PROFILES[0], SIZES["small"], ANCHOR)
    at = day_ticks(ANCHOR)
    assert 5_500 <= int(np.sum(business.customers.created <= at)) <= 6_500
    assert 20_000 <= int(np.sum(business.jobs.created <= at)) <= 28_000
    assert 100_000 <= int(np.sum(business.lines.created <= at)) <= 160_000


def _changes_twice_a_day(books: Books) -> list[bool]:
    days = Counter((row["membershipId"], row["createdOn"][:10]) for row in books["membership_status_changes"].values())
    return [count > 1 for count in days.values()]


def _texts(table: Table, at: int) -> list[str]:
    rows = table.existing(at)
    return table.render(rows, table.versions.modified(rows, at), at)

"""What the simulated tenants buy, keep and install holds together: at any instant, for any seed, to the cent."""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from st_platform.simulator.business.goods.payables import PRICE_DIFFERENCES
from st_platform.simulator.business.profile import PROFILES, SIZES, Size
from st_platform.simulator.business.tenant import run_business
from st_platform.simulator.instants import DAY, HOUR, day_ticks, parse
from st_platform.simulator.table import Table
from st_platform.simulator.tables import tables_of
from tests.unit.simulator.books import Books, cents, read_books
from tests.unit.simulator.goods_books import AROUND, GOODS, goods_discrepancies, received_lines

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
END = NOW + 60 * DAY
MIDDLE = Size(customers=450, years=2, ahead_days=60)


def wanted(tables: list[Table], *more: str) -> list[Table]:
    return [table for table in tables if table.resource in {*GOODS, *AROUND, *more}]


def tiny(seed: int, profile: int = 0) -> list[Table]:
    return tables_of(run_business(seed, PROFILES[profile], SIZES["tiny"], ANCHOR))


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return tables_of(run_business(4, PROFILES[0], MIDDLE, ANCHOR))


@pytest.fixture(scope="module")
def books(tables: list[Table]) -> Books:
    return read_books(wanted(tables, "campaign_costs"), NOW)


@pytest.fixture(scope="module")
def ended(tables: list[Table]) -> Books:
    """Everything that ever happens to the middling business."""
    return read_books(wanted(tables), END)


@pytest.fixture(scope="module")
def small_books() -> Books:
    return read_books(wanted(tiny(1)), NOW + 100 * DAY)


def test_the_goods_of_a_middling_business_have_no_discrepancy(books: Books) -> None:
    assert goods_discrepancies(books) == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("profile", [0, 1])
def test_the_goods_hold_at_every_hour_of_a_tiny_business(seed: int, profile: int) -> None:
    tables = wanted(tiny(seed, profile))
    start = day_ticks(ANCHOR) - 365 * DAY
    for at in (start, start + 60 * DAY + 15 * HOUR, NOW - 3 * DAY, NOW, NOW + 140 * DAY):
        assert goods_discrepancies(read_books(tables, at)) == []


def _cent_more_on_a_bill(books: Books) -> None:
    row = next(row for row in books["inventory_bills"].values() if row["summary"] == "")
    row["billAmount"] = str(Decimal(row["billAmount"]) + Decimal("0.01"))


def _cent_more_on_a_receipt(books: Books) -> None:
    row = next(iter(books["inventory_receipts"].values()))
    row["taxAmount"] = row["taxAmount"] + Decimal("0.01")


def _received_twice(books: Books) -> None:
    row = next(row for row in books["inventory_receipts"].values() if row["active"])
    row["items"][0]["quantity"] = row["items"][0]["quantity"] * 2


def _order_before_its_job(books: Books) -> None:
    row = next(row for row in books["purchase_orders"].values() if row["jobId"] is not None)
    books["jobs"][row["jobId"]]["createdOn"] = "2099-01-01T00:00:00.0000000Z"


def _unknown_sku(books: Books) -> None:
    row = next(row for row in books["invoice_items"].values() if row["type"] == "Material")
    books["pricebook_materials"].pop(row["skuId"])


def _payable_lost_its_bill(books: Books) -> None:
    row = next(row for row in books["ap_bills"].values() if row["source"] == "Purchasing")
    row["referenceNumber"] = "7"


def _more_went_back_than_came(books: Books) -> None:
    row = next(iter(books["inventory_returns"].values()))
    item = row["items"][0]
    extra = item["quantity"] * 1000
    item["quantity"] += extra
    row["returnAmount"] += extra * item["cost"]


def _account_of_another_type(books: Books) -> None:
    row = next(row for row in books["invoice_items"].values() if row["generalLedgerAccount"] is not None)
    books["gl_accounts"][row["generalLedgerAccount"]["id"]]["type"] = "Liability"


def _unit_elsewhere(books: Books) -> None:
    job = next(row for row in books["jobs"].values() if row["equipmentIds"])
    books["installed_equipment"][job["equipmentIds"][0]]["locationId"] += 1


def _unit_that_nobody_sold(books: Books) -> None:
    row = next(row for row in books["installed_equipment"].values() if row["invoiceItemId"] is not None)
    books["invoice_items"][row["invoiceItemId"]]["installedEquipmentId"] = None


def _stock_miscounted(books: Books) -> None:
    next(iter(books["inventory_adjustments"].values()))["items"][0]["totalCost"] += 1


@pytest.mark.parametrize(
    "breaking",
    [
        _cent_more_on_a_bill,
        _cent_more_on_a_receipt,
        _received_twice,
        _order_before_its_job,
        _unknown_sku,
        _payable_lost_its_bill,
        _more_went_back_than_came,
        _account_of_another_type,
        _unit_elsewhere,
        _unit_that_nobody_sold,
        _stock_miscounted,
    ],
)
def test_the_auditor_notices_goods_that_are_wrong(small_books: Books, breaking: Callable[[Books], None]) -> None:
    assert goods_discrepancies(small_books) == []
    books = deepcopy(small_books)
    breaking(books)
    assert len(goods_discrepancies(books)) >= 1


def test_the_same_seed_gives_the_same_goods_and_another_seed_others() -> None:
    def texts(seed: int) -> list[str]:
        found: list[str] = []
        for table in tiny(seed):
            if table.resource in GOODS:
                rows = table.existing(NOW)
                found += table.render(rows, table.versions.modified(rows, NOW), NOW)
        return found

    first = texts(5)
    assert texts(5) == first
    assert texts(6) != first


def test_everything_that_purchasing_must_cope_with_occurs_even_in_a_tiny_business() -> None:
    books = read_books(wanted(tiny(2)), NOW + 140 * DAY)
    orders, receipts = books["purchase_orders"].values(), books["inventory_receipts"].values()
    assert {"Received", "Canceled"} <= {row["status"] for row in orders}
    assert {row["jobId"] is None for row in orders} == {True, False}
    assert max(Counter(row["purchaseOrderId"] for row in receipts if row["active"]).values()) == 2
    assert any(row["taxAmount"] for row in receipts)
    assert any(row["shippingAmount"] for row in receipts)
    assert any(row["summary"] == "Price differs" for row in books["inventory_bills"].values())
    assert any(not row["active"] for row in books["inventory_bills"].values())
    assert {"CreditReceived", "Canceled"} <= {row["status"] for row in books["inventory_returns"].values()}
    assert any(row["dateCanceled"] for row in books["inventory_adjustments"].values())
    assert {row["source"] for row in books["ap_bills"].values()} == {
        "Standalone",
        "Purchasing",
        "Recurring",
        "OCR",
        "API",
    }
    assert {"Reconciled", "Canceled"} <= {row["status"] for row in books["ap_bills"].values()}
    assert any(not row["active"] for row in books["inventory_vendors"].values())
    for resource in ("pricebook_services", "pricebook_materials", "pricebook_equipment", "pricebook_categories"):
        assert any(not row["active"] for row in books[resource].values()), resource
    units = books["installed_equipment"].values()
    assert {row["status"] for row in units} == {"Installed", "Replaced"}
    assert any(row["equipmentId"] is None for row in units)
    assert any(row["installedOn"] is None for row in units)


def test_units_of_a_called_off_install_are_canceled_or_sent_back_for_credit(ended: Books) -> None:
    books = ended
    lost = [
        row
        for row in books["purchase_orders"].values()
        if row["jobId"] is not None and books["jobs"][row["jobId"]]["jobStatus"] == "Canceled"
    ]
    back = {row["purchaseOrderId"] for row in books["inventory_returns"].values()}
    settled = [row for row in lost if parse(row["createdOn"]) < END - 40 * DAY]
    assert {row["status"] for row in settled} >= {"Canceled", "Received"}
    assert all(row["id"] in back for row in settled if row["status"] == "Received")


def test_some_payables_vanish_and_nothing_says_so(tables: list[Table]) -> None:
    table = next(table for table in tables if table.resource == "ap_bills")
    gone = np.flatnonzero(table.removed_at <= NOW)
    assert len(gone)
    before = int(table.removed_at[gone[0]]) - 1
    assert table.exists(int(gone[0]), before)
    row = json.loads(table.render(gone[:1], table.versions.modified(gone[:1], before), before)[0])
    assert "active" not in row
    assert table.first_id + int(gone[0]) not in read_books([table], NOW)["ap_bills"]


def test_bills_differ_from_orders_on_the_known_share_only(books: Books) -> None:
    received = received_lines(books)
    bills = [row for row in books["inventory_bills"].values() if row["active"]]
    differs = [
        any(cents(item["cost"]) != cents(received[item["receiptItemId"]][1]["cost"]) for item in row["items"])
        for row in bills
    ]
    assert abs(fmean(differs) - PRICE_DIFFERENCES) < 0.02
    billed = {row["billId"] for row in books["inventory_receipts"].values() if row["active"]}
    assert {row["id"] for row in bills if row["summary"] != "Entered twice"} <= billed


def test_what_installs_use_is_what_was_bought_for_them(books: Books) -> None:
    """The equipment of each finished install: orders against the cost that invoice lines carry, within four percent."""
    used: dict[int, int] = defaultdict(int)
    for item in books["invoice_items"].values():
        job = books["invoices"][item["invoiceId"]]["job"]
        if item["installedEquipmentId"] is not None and job is not None:
            used[job["id"]] += cents(item["totalCost"])
    bought: dict[int, int] = defaultdict(int)
    for row in books["purchase_orders"].values():
        if row["jobId"] in used and row["status"] != "Canceled":
            units = [item for item in row["items"] if item["skuType"] == "Equipment"]
            bought[row["jobId"]] += sum(cents(item["total"]) for item in units)
    assert len(used) > 50
    assert all(abs(bought[job] / cost - 1) < 0.04 for job, cost in used.items())


def test_stock_that_leaves_the_trucks_is_bought_again(ended: Books) -> None:
    """Of each item: what invoice lines used up was ordered, but for the last fortnight; each truck may hold a piece."""
    used, recent, ordered, broken = (defaultdict[int, int](int) for _ in range(4))
    for item in ended["invoice_items"].values():
        if item["type"] in ("Material", "Equipment") and item["active"]:
            used[item["skuId"]] += cents(item["quantity"])
            recent[item["skuId"]] += cents(item["quantity"]) if parse(item["createdOn"]) > END - 20 * DAY else 0
    trucks = {None}
    for row in ended["purchase_orders"].values():
        trucks.add(row["technicianId"])
        for item in row["items"] if row["status"] != "Canceled" else ():
            ordered[item["skuId"]] += cents(item["quantity"])
    for row in ended["inventory_returns"].values():
        for item in row["items"] if row["status"] != "Canceled" else ():
            ordered[item["skuId"]] -= cents(item["quantity"])
            broken[item["skuId"]] += cents(item["quantity"]) if row["jobId"] is None else 0
    assert set(ordered) == set(used)
    for sku, quantity in used.items():
        low = quantity - recent[sku] - broken[sku]
        assert low * 0.99 <= ordered[sku] <= quantity * 1.02 + 100 * len(trucks), sku


def test_materials_and_equipment_cost_what_they_cost_in_the_trade(ended: Books) -> None:
    """A quarter to two fifths of revenue, on invoice lines as in purchases, which agree within eight percent."""
    items = [row for row in ended["invoice_items"].values() if row["active"]]
    revenue = sum(cents(row["total"]) for row in items)
    spent = sum(cents(row["totalCost"]) for row in items if row["type"] in ("Material", "Equipment"))
    bought = sum(
        cents(item["total"])
        for row in ended["purchase_orders"].values()
        for item in row["items"]
        if row["status"] != "Canceled"
    )
    back = sum(cents(r["returnAmount"]) for r in ended["inventory_returns"].values() if r["status"] != "Canceled")
    assert 0.25 < spent / revenue < 0.40
    assert 0.25 < (bought - back) / revenue < 0.40
    assert abs((bought - back) / spent - 1) < 0.08


def test_every_price_on_an_invoice_follows_from_the_pricebook_of_its_day(tables: list[Table], books: Books) -> None:
    """Technicians may go eight percent under the list and nine over it; the list itself rises in small steps."""
    by_name = {table.resource: table for table in tables}
    resources = {"Service": "pricebook_services", "Material": "pricebook_materials", "Equipment": "pricebook_equipment"}
    open_prices = ("MB-", "ADJ", "MISC", "OLD-")
    lines = [
        row
        for row in books["invoice_items"].values()
        if row["type"] in resources and cents(row["price"]) and not row["skuName"].startswith(open_prices)
    ]
    for row in lines[:: max(1, len(lines) // 150)]:
        table, at = by_name[resources[row["type"]]], parse(row["createdOn"])
        item = json.loads(table.render(np.array([row["skuId"] - table.first_id]), np.array([at]), at)[0])
        assert 0.91 < float(row["price"]) / item["price"] < 1.105, row["skuName"]
        if row["type"] != "Service":
            assert abs(float(row["cost"]) - item["cost"]) < 0.01 + 0.01 * item["cost"], row["skuName"]


def test_list_prices_rise_several_times_and_never_fall(tables: list[Table]) -> None:
    table = next(table for table in tables if table.resource == "pricebook_equipment")
    prices = []
    for at in range(NOW - 700 * DAY, NOW, 50 * DAY):
        prices.append(json.loads(table.render(np.array([0]), np.array([at]), at)[0])["price"])
    assert all(earlier <= later for earlier, later in pairwise(prices))
    assert len(set(prices)) >= 6


def test_advertising_bills_are_what_the_campaigns_cost_when_they_came(tables: list[Table], books: Books) -> None:
    table = next(table for table in tables if table.resource == "campaign_costs")
    bills = [row for row in books["ap_bills"].values() if row["summary"].startswith("Advertising, campaign")]
    assert len(bills) > 80
    for row in bills[::4]:
        due = date.fromisoformat(row["billDate"][:10])
        year, month = (due.year - 1, 12) if due.month == 1 else (due.year, due.month - 1)
        known = [
            cents(cost["dailyCost"])
            for cost in read_books([table], parse(row["createdOn"]))["campaign_costs"].values()
            if (cost["campaignId"], cost["year"], cost["month"]) == (int(row["summary"].split()[-1]), year, month)
        ]
        assert [daily * monthrange(year, month)[1] for daily in known] == [cents(row["billAmount"])]


def test_units_age_break_and_are_covered_as_units_do(books: Books) -> None:
    units = list(books["installed_equipment"].values())
    found = [row for row in units if row["invoiceItemId"] is None and row["installedOn"] is not None]
    ages = [(parse(row["createdOn"]) - parse(row["installedOn"])) / DAY / 365.25 for row in found]
    assert 3 < fmean(ages) < 14
    assert min(ages) > 0
    assert max(ages) < 35
    calls = Counter(
        row["locationId"] for row in books["jobs"].values() if row["recallForId"] is None and not row["equipmentIds"]
    )
    busy = [age for age, row in zip(ages, found, strict=True) if calls[row["locationId"]] >= 4]
    quiet = [age for age, row in zip(ages, found, strict=True) if calls[row["locationId"]] <= 1]
    assert fmean(busy) > fmean(quiet) + 0.5
    sold = [row for row in units if row["invoiceItemId"] is not None]
    assert all(row["serviceProviderWarrantyEnd"] > row["installedOn"] for row in sold)
    assert all(row["manufacturerWarrantyEnd"] > row["installedOn"] for row in sold)
    assert all(row["serialNumber"] for row in sold)
    assert len({row["serialNumber"] for row in sold}) == len(sold)
    replaced = [row for row in units if row["status"] == "Replaced"]
    assert len(replaced) > 20
    assert all(row["actualReplacementDate"] >= row["createdOn"][:10] or row["invoiceItemId"] for row in replaced)


def test_maintenance_is_about_the_unit_that_stands_there_by_then(books: Books) -> None:
    units = books["installed_equipment"]
    visits = [row for row in books["jobs"].values() if row["equipmentIds"]]
    assert len(visits) > 100
    newest: dict[tuple[int, str], list[tuple[str, int]]] = defaultdict(list)
    slots = {"Air Conditioner": "cooling", "Heat Pump": "cooling", "Water Heater": "water"}
    for row in units.values():
        newest[row["locationId"], slots.get(row["type"]["name"], "other")].append((row["createdOn"], row["id"]))
    for job in visits:
        unit = units[job["equipmentIds"][0]]
        there = newest[unit["locationId"], slots[unit["type"]["name"]]]
        assert max(pair for pair in there if pair[0] <= job["createdOn"])[1] == unit["id"]

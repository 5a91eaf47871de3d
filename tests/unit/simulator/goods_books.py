"""An auditor of simulated goods: reads rows as the API shows them and lists everything that does not add up.

Knows the API's JSON only, nothing of how the rows were generated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.unit.simulator.books import Books, Row, cents

GOODS = (
    "pricebook_services",
    "pricebook_materials",
    "pricebook_equipment",
    "pricebook_categories",
    "purchase_orders",
    "inventory_receipts",
    "inventory_returns",
    "inventory_adjustments",
    "inventory_vendors",
    "inventory_bills",
    "ap_bills",
    "gl_accounts",
    "installed_equipment",
)
AROUND = (
    "customers",
    "locations",
    "jobs",
    "projects",
    "invoices",
    "invoice_items",
    "payments",
    "business_units",
    "technicians",
)
_BOOK_OF = {
    "Service": "pricebook_services",
    "Material": "pricebook_materials",
    "Equipment": "pricebook_equipment",
}
_REFERENCES = (
    ("purchase_orders", "jobId", "jobs"),
    ("purchase_orders", "invoiceId", "invoices"),
    ("purchase_orders", "projectId", "projects"),
    ("purchase_orders", "vendorId", "inventory_vendors"),
    ("purchase_orders", "technicianId", "technicians"),
    ("purchase_orders", "businessUnitId", "business_units"),
    ("inventory_receipts", "purchaseOrderId", "purchase_orders"),
    ("inventory_receipts", "jobId", "jobs"),
    ("inventory_receipts", "vendorId", "inventory_vendors"),
    ("inventory_returns", "purchaseOrderId", "purchase_orders"),
    ("inventory_returns", "jobId", "jobs"),
    ("inventory_returns", "projectId", "projects"),
    ("inventory_returns", "vendorId", "inventory_vendors"),
    ("inventory_bills", "purchaseOrderId", "purchase_orders"),
    ("inventory_bills", "jobId", "jobs"),
    ("inventory_bills", "vendor.id", "inventory_vendors"),
    ("ap_bills", "purchaseOrderId", "purchase_orders"),
    ("ap_bills", "jobId", "jobs"),
    ("ap_bills", "vendor.id", "inventory_vendors"),
    ("installed_equipment", "equipmentId", "pricebook_equipment"),
    ("installed_equipment", "locationId", "locations"),
    ("installed_equipment", "invoiceItemId", "invoice_items"),
    ("invoice_items", "installedEquipmentId", "installed_equipment"),
    ("invoice_items", "generalLedgerAccount.id", "gl_accounts"),
    ("invoice_items", "costOfSaleAccount.id", "gl_accounts"),
    ("invoice_items", "assetAccount.id", "gl_accounts"),
    ("payments", "generalLedgerAccount.id", "gl_accounts"),
    ("pricebook_categories", "parentId", "pricebook_categories"),
)


def goods_discrepancies(books: Books) -> list[str]:
    """What is wrong, one line each; empty when all is well."""
    return [
        *_references(books),
        *_skus(books),
        *_accounts(books),
        *_orders(books),
        *_receipts(books),
        *_bills(books),
        *_payables(books),
        *_returns(books),
        *_adjustments(books),
        *_units(books),
    ]


def value_of(row: Row, path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = None if value is None else value[step]
    return value


def lines_total(items: list[Row]) -> int:
    """Quantities times costs, in cents."""
    products = [cents(item["quantity"]) * cents(item["cost"]) for item in items]
    assert all(product % 100 == 0 for product in products)
    return sum(products) // 100


def _references(books: Books) -> Iterator[str]:
    for resource, path, parent in _REFERENCES:
        for row in books[resource].values():
            value = value_of(row, path)
            if value is None:
                continue
            if value not in books[parent]:
                yield f"{resource} {row['id']}: {path} {value} is not in {parent}"
            elif parent != "customers" and books[parent][value]["createdOn"] > row["createdOn"]:
                yield f"{resource} {row['id']}: made before its {path} {value}"
    for job in books["jobs"].values():
        for number in job["equipmentIds"]:
            unit = books["installed_equipment"].get(number)
            if unit is None or unit["createdOn"] > job["createdOn"]:
                yield f"jobs {job['id']}: unit {number} is not there"
            elif unit["locationId"] != job["locationId"]:
                yield f"jobs {job['id']}: unit {number} stands somewhere else"


def _skus(books: Books) -> Iterator[str]:
    """Whatever line names an item names one that the pricebook of its type has under that code."""
    for row in books["invoice_items"].values():
        if row["type"] in _BOOK_OF:
            item = books[_BOOK_OF[row["type"]]].get(row["skuId"])
            if item is None or item["code"] != row["skuName"] or item["createdOn"] > row["createdOn"]:
                yield f"invoice_items {row['id']}: {row['type']} {row['skuName']} is not in the pricebook"
    stocked = books["pricebook_materials"] | books["pricebook_equipment"]
    for resource, code in (
        ("purchase_orders", "skuCode"),
        ("inventory_receipts", "code"),
        ("inventory_returns", "code"),
        ("inventory_adjustments", "code"),
        ("inventory_bills", "skuCode"),
        ("ap_bills", "skuCode"),
    ):
        for row in books[resource].values():
            for item in row["items"]:
                if item["skuId"] not in stocked or stocked[item["skuId"]]["code"] != item[code]:
                    yield f"{resource} {row['id']}: {item['skuId']} {item[code]} is not in the pricebook"


def _accounts(books: Books) -> Iterator[str]:
    accounts = books["gl_accounts"]
    for row in books["invoice_items"].values():
        for field in ("generalLedgerAccount", "costOfSaleAccount", "assetAccount"):
            named = row[field]
            if named is not None and accounts[named["id"]]["type"] != named["type"]:
                yield f"invoice_items {row['id']}: {field} is of type {named['type']} here"
    for row in books["ap_bills"].values():
        for item in row["expenseItems"]:
            if item["generalLedgerAccount"]["id"] not in accounts:
                yield f"ap_bills {row['id']}: account {item['generalLedgerAccount']} is not in the chart"


def _orders(books: Books) -> Iterator[str]:
    come: dict[int, int] = defaultdict(int)
    for row in books["inventory_receipts"].values():
        for item in row["items"] if row["active"] else ():
            come[item["purchaseOrderItemId"]] += cents(item["quantity"])
    for row in books["purchase_orders"].values():
        total = lines_total(row["items"]) + cents(row["tax"]) + cents(row["shipping"])
        if total != cents(row["total"]):
            yield f"purchase_orders {row['id']}: lines, tax and freight come to {total}, total is {row['total']}"
        for item in row["items"]:
            received = come[item["id"]]
            if received != cents(item["quantityReceived"]):
                yield f"purchase_orders {row['id']}: {item['quantityReceived']} received, receipts say {received}"
            if received > cents(item["quantity"]):
                yield f"purchase_orders {row['id']}: more received than ordered"
        open_ = [item for item in row["items"] if cents(item["quantityReceived"]) < cents(item["quantity"])]
        if (row["status"] == "Received") != (not open_ and row["receivedOn"] is not None):
            yield f"purchase_orders {row['id']}: {row['status']} with {len(open_)} open lines"
        moments = [row["createdOn"], row["sentOn"], row["receivedOn"]]
        known = [moment for moment in moments if moment is not None]
        if known != sorted(known):
            yield f"purchase_orders {row['id']}: {known} is not the order of things"


def _receipts(books: Books) -> Iterator[str]:
    tax: dict[int, int] = defaultdict(int)
    freight: dict[int, int] = defaultdict(int)
    for row in books["inventory_receipts"].values():
        order = books["purchase_orders"][row["purchaseOrderId"]]
        total = lines_total(row["items"]) + cents(row["taxAmount"]) + cents(row["shippingAmount"])
        if total != cents(row["receiptAmount"]):
            yield f"inventory_receipts {row['id']}: comes to {total}, says {row['receiptAmount']}"
        ordered = {item["id"]: item for item in order["items"]}
        for item in row["items"]:
            line = ordered.get(item["purchaseOrderItemId"])
            if line is None or line["skuId"] != item["skuId"] or line["cost"] != item["cost"]:
                yield f"inventory_receipts {row['id']}: item {item['id']} is not what order {order['id']} says"
        if row["billId"] is not None and row["billId"] not in books["inventory_bills"]:
            yield f"inventory_receipts {row['id']}: bill {row['billId']} is not there"
        if row["active"]:
            tax[order["id"]] += cents(row["taxAmount"])
            freight[order["id"]] += cents(row["shippingAmount"])
    for row in books["purchase_orders"].values():
        if row["status"] == "Received" and (tax[row["id"]], freight[row["id"]]) != (
            cents(row["tax"]),
            cents(row["shipping"]),
        ):
            yield f"purchase_orders {row['id']}: tax or freight of its receipts is another"


def received_lines(books: Books) -> dict[int, tuple[Row, Row]]:
    """Every line of a receipt with its receipt, by the line's id."""
    return {item["id"]: (row, item) for row in books["inventory_receipts"].values() for item in row["items"]}


def _bills(books: Books) -> Iterator[str]:
    received = received_lines(books)
    billed: dict[int, int] = defaultdict(int)
    for row in books["inventory_bills"].values():
        total = lines_total(row["items"]) + cents(row["taxAmount"]) + cents(row["shippingAmount"])
        if total != cents(row["billAmount"]):
            yield f"inventory_bills {row['id']}: comes to {total}, says {row['billAmount']}"
        lines = [received[item["receiptItemId"]] for item in row["items"]]
        receipts = {receipt["id"]: receipt for receipt, _ in lines}
        if len(receipts) != 1:
            yield f"inventory_bills {row['id']}: lines of {len(receipts)} receipts"
            continue
        receipt = next(iter(receipts.values()))
        if receipt["createdOn"] > row["createdOn"] or receipt["purchaseOrderId"] != row["purchaseOrderId"]:
            yield f"inventory_bills {row['id']}: receipt {receipt['id']} is not its cause"
        if len(lines) != len(receipt["items"]) or any(
            cents(item["quantity"]) != cents(line["quantity"])
            for item, (_, line) in zip(row["items"], lines, strict=True)
        ):
            yield f"inventory_bills {row['id']}: not the quantities of receipt {receipt['id']}"
        dearer = any(
            cents(item["cost"]) != cents(line["cost"]) for item, (_, line) in zip(row["items"], lines, strict=True)
        )
        same = cents(row["billAmount"]) == cents(receipt["receiptAmount"])
        if same == dearer or (dearer and row["summary"] not in ("Price differs", "Entered twice")):
            yield f"inventory_bills {row['id']}: {row['billAmount']} for a receipt of {receipt['receiptAmount']}"
        if row["active"] and row["summary"] != "Entered twice":
            billed[receipt["id"]] += 1
            if receipt["billId"] != row["id"]:
                yield f"inventory_receipts {receipt['id']}: names bill {receipt['billId']}, not {row['id']}"
    for number, count in billed.items():
        if count > 1:
            yield f"inventory_receipts {number}: billed {count} times"


def _payables(books: Books) -> Iterator[str]:
    second: dict[str, list[Row]] = defaultdict(list)
    for row in books["ap_bills"].values():
        purchased = row["source"] == "Purchasing"
        if purchased != (row["billType"] == "Procurement") or purchased != bool(row["items"]):
            yield f"ap_bills {row['id']}: {row['source']} of type {row['billType']}"
        if purchased:
            second[row["referenceNumber"]].append(row)
        elif sum(cents(item["amount"]) for item in row["expenseItems"]) != cents(row["billAmount"]):
            yield f"ap_bills {row['id']}: expenses do not come to {row['billAmount']}"
        if (row["status"] == "Canceled") != (row["dateCanceled"] is not None):
            yield f"ap_bills {row['id']}: {row['status']} with dateCanceled {row['dateCanceled']}"
    for row in books["inventory_bills"].values():
        twins = second.pop(row["referenceNumber"], [])
        for twin in twins:
            same = ("purchaseOrderId", "billAmount", "taxAmount", "billDate", "postDate", "jobId")
            if any(twin[field] != row[field] for field in same) or twin["createdOn"] < row["createdOn"]:
                yield f"ap_bills {twin['id']}: is not the second record of {row['id']}"
        if len(twins) > 1:
            yield f"inventory_bills {row['id']}: {len(twins)} records among the payables"
    for number in second:
        yield f"ap_bills: {number} has no inventory bill"


def _returns(books: Books) -> Iterator[str]:
    received, back = received_lines(books), defaultdict(int)
    for row in books["inventory_returns"].values():
        total = lines_total(row["items"]) + cents(row["taxAmount"]) + cents(row["shippingAmount"])
        if total != cents(row["returnAmount"]):
            yield f"inventory_returns {row['id']}: comes to {total}, says {row['returnAmount']}"
        for item in row["items"]:
            receipt, line = received[item["receiptItemId"]]
            back[line["id"]] += cents(item["quantity"])
            if receipt["createdOn"] > row["createdOn"] or line["cost"] != item["cost"] or not receipt["active"]:
                yield f"inventory_returns {row['id']}: item {item['id']} does not come from receipt {receipt['id']}"
        credited = row["creditReceivedOn"] is not None
        if credited != (row["status"] == "CreditReceived") or (credited and row["returnedOn"] is None):
            yield f"inventory_returns {row['id']}: {row['status']} with credit on {row['creditReceivedOn']}"
    for number, quantity in back.items():
        if quantity > cents(received[number][1]["quantity"]):
            yield f"inventory_receipts: more went back of line {number} than came"


def _adjustments(books: Books) -> Iterator[str]:
    for row in books["inventory_adjustments"].values():
        for item in row["items"]:
            if cents(item["quantity"]) * cents(item["cost"]) != cents(item["totalCost"]) * 100:
                yield f"inventory_adjustments {row['id']}: item {item['id']} is not {item['totalCost']}"


def _units(books: Books) -> Iterator[str]:
    for row in books["installed_equipment"].values():
        location = books["locations"].get(row["locationId"])
        if location is not None and location["customerId"] != row["customerId"]:
            yield f"installed_equipment {row['id']}: belongs to {row['customerId']}, its location does not"
        if row["invoiceItemId"] is not None:
            line = books["invoice_items"][row["invoiceItemId"]]
            if line["installedEquipmentId"] != row["id"] or line["skuId"] != row["equipmentId"]:
                yield f"installed_equipment {row['id']}: invoice item {line['id']} knows nothing of it"
        if (row["status"] == "Replaced") != (row["actualReplacementDate"] is not None):
            yield f"installed_equipment {row['id']}: {row['status']} on {row['actualReplacementDate']}"
    sold = {row["invoiceItemId"] for row in books["installed_equipment"].values()}
    for row in books["invoice_items"].values():
        if row["installedEquipmentId"] is not None and row["id"] not in sold:
            yield f"invoice_items {row['id']}: unit {row['installedEquipmentId']} was not sold on it"

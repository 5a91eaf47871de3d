"""An auditor of the simulated books: reads rows as the API shows them and lists everything that does not add up.

Knows the API's JSON only, nothing of how the rows were generated.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from st_platform.simulator.table import Table

Row = dict[str, Any]
Books = dict[str, dict[int, Row]]


def read_books(tables: list[Table], at: int) -> Books:
    """Every row that exists at an instant, by resource and id; by number where rows have none."""
    books: Books = {}
    for table in tables:
        rows = table.existing(at)
        texts = table.render(rows, table.versions.modified(rows, at), at)
        numbers = (rows + table.first_id).tolist()
        parsed = (json.loads(text, parse_float=Decimal) for text in texts)
        books[table.resource] = {row.get("id", number): row for number, row in zip(numbers, parsed, strict=True)}
    return books


def discrepancies(books: Books) -> list[str]:
    """What is wrong, one line each; empty when all is well."""
    return [
        *_references(books),
        *_invoice_sums(books),
        *_applications(books),
        *_customer_balances(books),
        *_statuses(books),
        *_merges(books),
    ]


def cents(value: Any) -> int:
    """An amount of either spelling in cents; refuses fractions of a cent."""
    scaled = Decimal(str(value)) * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} is not a whole number of cents")
    return int(scaled)


_REFERENCES = (
    ("locations", "customerId", "customers"),
    ("locations", "mergedToId", "locations"),
    ("customers", "mergedToId", "customers"),
    ("jobs", "customerId", "customers"),
    ("jobs", "locationId", "locations"),
    ("jobs", "jobTypeId", "job_types"),
    ("jobs", "businessUnitId", "business_units"),
    ("jobs", "campaignId", "campaigns"),
    ("jobs", "invoiceId", "invoices"),
    ("jobs", "membershipId", "memberships"),
    ("jobs", "recallForId", "jobs"),
    ("jobs", "warrantyId", "jobs"),
    ("jobs", "soldById", "technicians"),
    ("jobs", "jobGeneratedLeadSource.jobId", "jobs"),
    ("invoices", "customer.id", "customers"),
    ("invoices", "location.id", "locations"),
    ("invoices", "businessUnit.id", "business_units"),
    ("invoices", "job.id", "jobs"),
    ("invoices", "membershipId", "memberships"),
    ("invoices", "adjustmentToId", "invoices"),
    ("invoice_items", "invoiceId", "invoices"),
    ("invoice_items", "technicianId", "technicians"),
    ("payments", "customer.id", "customers"),
    ("payments", "refundedPaymentId", "payments"),
    ("credit_memos", "customer.id", "customers"),
    ("memberships", "customerId", "customers"),
    ("memberships", "locationId", "locations"),
    ("memberships", "renewedById", "memberships"),
    ("memberships", "soldById", "technicians"),
    ("membership_status_changes", "membershipId", "memberships"),
    ("campaign_costs", "campaignId", "campaigns"),
    ("technicians", "businessUnitId", "business_units"),
)


def _references(books: Books) -> Iterator[str]:
    for resource, path, parent in _REFERENCES:
        for row in books[resource].values():
            value: Any = row
            for step in path.split("."):
                value = None if value is None else value[step]
            if value is not None and value not in books[parent]:
                yield f"{resource} {row['id']}: {path} {value} is not in {parent}"
    for resource in ("payments", "credit_memos"):
        for row in books[resource].values():
            for part in row["appliedTo"]:
                if part["appliedTo"] not in books["invoices"]:
                    yield f"{resource} {row['id']}: applied to unknown invoice {part['appliedTo']}"


def _invoice_sums(books: Books) -> Iterator[str]:
    by_feed: dict[int, int] = defaultdict(int)
    for item in books["invoice_items"].values():
        quantity, price, total = cents(item["quantity"]), cents(item["price"]), cents(item["total"])
        if abs(quantity * price - total * 100) > 50:
            yield f"invoice_items {item['id']}: {item['quantity']} x {item['price']} is not {item['total']}"
        invoice = books["invoices"].get(item["invoiceId"])
        if item["active"] or (invoice is not None and not invoice["active"]):
            by_feed[item["invoiceId"]] += total
    removed = {i["id"] for i in books["invoice_items"].values() if not i["active"]}
    for row in books["invoices"].values():
        embedded = sum(cents(item["total"]) for item in row["items"])
        if embedded != cents(row["subTotal"]):
            yield f"invoices {row['id']}: items come to {embedded}, subTotal is {row['subTotal']}"
        if cents(row["subTotal"]) + cents(row["salesTax"]) != cents(row["total"]):
            yield f"invoices {row['id']}: {row['subTotal']} + {row['salesTax']} is not {row['total']}"
        if row["active"] and by_feed[row["id"]] != embedded:
            yield f"invoices {row['id']}: items come to {embedded} here and to {by_feed[row['id']]} in their own feed"
        if row["active"] and any(item["id"] in removed for item in row["items"]):
            yield f"invoices {row['id']}: shows an item that was taken off"


def _applications(books: Books) -> Iterator[str]:
    applied: dict[int, int] = defaultdict(int)
    for row in books["payments"].values():
        used = sum(cents(part["appliedAmount"]) for part in row["appliedTo"])
        if cents(row["total"]) - used != cents(row["unappliedAmount"]):
            yield f"payments {row['id']}: {row['total']} less {used} is not unapplied {row['unappliedAmount']}"
        for part in row["appliedTo"]:
            applied[part["appliedTo"]] += cents(part["appliedAmount"])
        if not row["active"] and row["appliedTo"]:
            yield f"payments {row['id']}: inactive and still applied"
        if (row["refundedPaymentId"] is not None) != (cents(row["total"]) < 0):
            yield f"payments {row['id']}: total {row['total']} and refundedPaymentId {row['refundedPaymentId']}"
    for row in books["credit_memos"].values():
        used = sum(cents(part["appliedAmount"]) for part in row["appliedTo"])
        if cents(row["total"]) - used != cents(row["balance"]):
            yield f"credit_memos {row['id']}: {row['total']} less {used} is not {row['balance']}"
        if cents(row["subTotal"]) + cents(row["salesTax"]) != cents(row["total"]):
            yield f"credit_memos {row['id']}: {row['subTotal']} + {row['salesTax']} is not {row['total']}"
        for part in row["appliedTo"]:
            applied[part["appliedTo"]] += cents(part["appliedAmount"])
    for row in books["invoices"].values():
        if cents(row["total"]) - applied[row["id"]] != cents(row["balance"]):
            yield f"invoices {row['id']}: {row['total']} less {applied[row['id']]} is not {row['balance']}"
        if (row["paidOn"] is not None) != (cents(row["balance"]) == 0 and cents(row["total"]) != 0):
            yield f"invoices {row['id']}: paidOn {row['paidOn']} at balance {row['balance']}"


def _customer_balances(books: Books) -> Iterator[str]:
    owed: dict[int, int] = defaultdict(int)
    for row in books["invoices"].values():
        owed[row["customer"]["id"]] += cents(row["balance"]) if row["active"] else 0
    for row in books["payments"].values():
        owed[row["customer"]["id"]] -= cents(row["unappliedAmount"]) if row["active"] else 0
    for row in books["credit_memos"].values():
        owed[row["customer"]["id"]] -= cents(row["balance"]) if row["active"] else 0
    for row in books["customers"].values():
        if owed[row["id"]] != cents(row["balance"]):
            yield f"customers {row['id']}: balance {row['balance']}, open items come to {owed[row['id']]}"


def _statuses(books: Books) -> Iterator[str]:
    for row in books["jobs"].values():
        if (row["completedOn"] is not None) != (row["jobStatus"] == "Completed"):
            yield f"jobs {row['id']}: {row['jobStatus']} with completedOn {row['completedOn']}"
        invoice = books["invoices"][row["invoiceId"]]
        if row["jobStatus"] in ("Scheduled", "Dispatched", "Canceled") and invoice["items"]:
            yield f"jobs {row['id']}: {row['jobStatus']} and already billed"
    last: dict[int, str] = {}
    for change in sorted(books["membership_status_changes"].values(), key=lambda one: (one["createdOn"], one["id"])):
        if last.get(change["membershipId"], "Active") != change["oldStatus"]:
            yield f"membership_status_changes {change['id']}: starts from {change['oldStatus']}"
        last[change["membershipId"]] = change["newStatus"]
    for row in books["memberships"].values():
        recorded = last.get(row["id"], "Active")
        if recorded != row["status"] and row["status"] != "Expired":
            yield f"memberships {row['id']}: {row['status']}, the last change says {recorded}"
        if row["status"] == "Deleted" and row["active"]:
            yield f"memberships {row['id']}: deleted and active"


def _merges(books: Books) -> Iterator[str]:
    for resource in ("customers", "locations"):
        for row in books[resource].values():
            if row["mergedToId"] is not None and row["active"]:
                yield f"{resource} {row['id']}: merged and active"
            seen = {row["id"]}
            target = row["mergedToId"]
            while target is not None:
                if target in seen:
                    yield f"{resource} {row['id']}: its merges go round in a circle"
                    break
                seen.add(target)
                target = books[resource][target]["mergedToId"]


def modified_days(table: Table, at: int, days: int) -> list[int]:
    """How many rows were last modified on each of the last `days` full days, the newest first."""
    day = 864_000_000_000
    rows = table.existing(at)
    ages = (at // day) - table.versions.modified(rows, at) // day
    return [int(np.sum(ages == age)) for age in range(1, days + 1)]

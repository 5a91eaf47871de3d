"""What is true of a simulated business, worked out from its own books: nothing here knows the models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]

BURDEN = Decimal("0.25")
BONUSES = ("InvoiceRelatedBonus", "CustomBonus")
RETURNED = ("Returned", "CreditReceived")


@dataclass
class Books:
    """The true rows of one tenant by resource, and the zone its days are in."""

    rows: Mapping[str, Sequence[Row]]
    timezone: ZoneInfo

    def __getitem__(self, resource: str) -> Sequence[Row]:
        return [row for row in self.rows[resource] if row.get("active") is not False]

    def day(self, instant: str | None) -> date | None:
        """The tenant's day of an instant."""
        if instant is None:
            return None
        return datetime.fromisoformat(f"{instant[:19]}+00:00").astimezone(self.timezone).date()

    def completed(self) -> dict[int, Row]:
        """Completed jobs by id."""
        return {row["id"]: row for row in self.rows["jobs"] if row["jobStatus"] == "Completed"}


def pay(books: Books) -> dict[tuple[int, str], Decimal]:
    """What each technician was paid, by technician and kind: labor for hours, incentive for bonuses, burden on both."""
    total: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for item in books["gross_pay_items"]:
        if item["employeeType"] != "Technician":
            continue
        amount = money(item["amount"]) + money(item["amountAdjustment"])
        kind = item["grossPayItemType"]
        if kind == "TimesheetTime":
            total[item["employeeId"], "labor"] += amount
        elif kind in BONUSES:
            total[item["employeeId"], "incentive"] += amount
        else:
            continue
        total[item["employeeId"], "burden"] += amount * BURDEN
    return total


def goods(books: Books) -> dict[int, Decimal]:
    """What the goods of each job cost: per item the bills, else the receipts, else the orders, else the invoice."""
    orders = {row["id"]: row for row in books["purchase_orders"]}
    kinds: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for kind, documents in (
        ("1 bill", books["inventory_bills"]),
        ("2 receipt", books["inventory_receipts"]),
        ("3 order", [row for row in orders.values() if row["status"] != "Canceled"]),
    ):
        for document in documents:
            order = orders.get(document.get("purchaseOrderId") or 0, {})
            if not (job := document.get("jobId") or order.get("jobId")):
                continue
            for item, amount in _with_extras(kind, document):
                kinds[job, item][kind] += amount
    invoices = {row["id"]: row for row in books["invoices"]}
    for line in books["invoice_items"]:
        if (invoice := invoices.get(line["invoiceId"])) and (job := job_of(invoice, invoices)):
            kinds[job, line["skuId"]]["4 invoice"] += money(line["totalCost"])
    cost: dict[int, Decimal] = defaultdict(Decimal)
    for (job, _), found in kinds.items():
        cost[job] += found[min(found)]
    for back in books["inventory_returns"]:
        order = orders.get(back.get("purchaseOrderId") or 0, {})
        if back["status"] in RETURNED and (job := back.get("jobId") or order.get("jobId")):
            cost[job] -= sum((amount for _, amount in _with_extras("return", back)), Decimal())
    return cost


def _with_extras(kind: str, document: Row) -> list[tuple[int, Decimal]]:
    """The lines of a purchase with their parts of its tax, shipping and other costs, not rounded."""
    lines: list[tuple[int, Decimal]] = []
    for line in document["items"]:
        received = money(line.get("quantityReceived"))
        quantity = received if kind == "3 order" and received else money(line["quantity"])
        lines.append((line["skuId"], quantity * money(line["cost"])))
    value = sum((amount for _, amount in lines), Decimal())
    names = ("tax", "shipping", "taxAmount", "shippingAmount", "otherAmount", "otherCosts")
    extras = sum((money(document.get(name)) for name in names), Decimal())
    return [(item, amount + (extras * amount / value if value else 0)) for item, amount in lines]


def job_of(invoice: Row, invoices: Mapping[int, Row]) -> int | None:
    """The job of an invoice; an adjustment belongs to that of the invoice it goes back to."""
    seen: set[int] = set()
    while not (invoice.get("job") or {}).get("id") and invoice.get("adjustmentToId") not in (None, 0, *seen):
        seen.add(invoice["adjustmentToId"])
        if (before := invoices.get(invoice["adjustmentToId"])) is None:
            return None
        invoice = before
    return (invoice.get("job") or {}).get("id") or None


def active_members(books: Books, at: date) -> set[int]:
    """The customers with a membership that is active at the end of a day, merged ones under who they are now."""
    changes: dict[int, list[tuple[str, int, str, date]]] = defaultdict(list)
    for row in books.rows["membership_status_changes"]:
        day = books.day(row["createdOn"])
        assert day is not None
        changes[row["membershipId"]].append((row["createdOn"], row["id"], row["newStatus"], day))
    whose = merged(books.rows["customers"])
    found: set[int] = set()
    for row in books["memberships"]:
        begins = written_day(row["from"]) or books.day(row["createdOn"])
        if row["status"] == "Deleted" or begins is None or begins > at:
            continue
        status = "Active"
        for _, _, new, day in sorted(changes[row["id"]]):
            status = new if day <= at else status
        ends, cancelled = written_day(row["to"]), written_day(row["cancellationDate"])
        over = (ends is not None and ends < at) or (
            row["status"] == "Canceled" and cancelled is not None and cancelled <= at
        )
        if status == "Active" and not over:
            customer: int = row["customerId"]
            found.add(whose.get(customer, customer))
    return found


def merged(customers: Iterable[Row]) -> dict[int, int]:
    """Who a merged customer is now."""
    into = {row["id"]: row["mergedToId"] for row in customers if row.get("mergedToId")}
    found: dict[int, int] = {}
    for start in into:
        reached, seen = start, {start}
        while (following := into.get(reached)) is not None and following not in seen:
            seen.add(following)
            reached = following
        found[start] = reached
    return found


def money(value: object) -> Decimal:
    return Decimal(str(value or 0))


def written_day(stamp: str | None) -> date | None:
    """The date of a field that people fill in: what is written, in no zone."""
    return None if not stamp else date.fromisoformat(stamp[:10])

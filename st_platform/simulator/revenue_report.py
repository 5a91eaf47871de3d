"""The report "revenue by business unit" as this business would download it: a CSV with a line per business unit.

Adds up the rows as they are now, in whole cents, row by row; shares nothing with the models that it is compared with.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from st_platform.simulator.store import Shelf

_COLUMNS = ("Name", "Completed Jobs", "Completed Revenue", "Adjustment Revenue", "Non-Job Revenue", "Total Revenue")


def revenue_report(shelves: Mapping[str, Shelf], timezone: str, month: str, at: int) -> str:
    """The report of a month, `YYYY-MM`, as of an instant.

    Completed Revenue: income lines on the invoices of jobs completed in the month, days being the tenant's. Adjustment
    and Non-Job Revenue: income lines of invoices that bear a date in it. An item counts for its own business unit, else
    for that of its job, else for that of its invoice.
    """
    zone = ZoneInfo(timezone)
    units = {row["id"]: row["name"] for row in _rows(shelves["business_units"], at)}
    jobs = {row["id"]: row for row in _rows(shelves["jobs"], at)}
    invoices = {row["id"]: row for row in _rows(shelves["invoices"], at) if row["active"]}
    cents: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    completed: dict[str, set[int]] = defaultdict(set)
    for item in _rows(shelves["invoice_items"], at):
        invoice = invoices.get(item["invoiceId"])
        account = item["generalLedgerAccount"]
        if invoice is None or not item["active"] or item["isChargeable"] is False:
            continue
        if account is None or account["type"] != "Income" or invoice["invoiceConfiguration"] == "ARImportInvoice":
            continue
        job = _job_of(invoice, invoices, jobs)
        if invoice["adjustmentToId"]:
            column, day = "Adjustment Revenue", invoice["invoiceDate"][:7]
        elif job is None:
            column, day = "Non-Job Revenue", invoice["invoiceDate"][:7]
        elif job["jobStatus"] == "Completed":
            column, day = "Completed Revenue", f"{datetime.fromisoformat(job['completedOn']).astimezone(zone):%Y-%m}"
        else:
            continue
        if day != month:
            continue
        unit = units.get(_unit(item, job, invoice), "No business unit")
        cents[unit][column] += int(Decimal(item["total"]) * 100)
        if column == "Completed Revenue" and job is not None:
            completed[unit].add(job["id"])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    sums: dict[str, int] = defaultdict(int)
    for unit in sorted(cents):
        parts = [cents[unit][column] for column in _COLUMNS[2:5]]
        writer.writerow([unit, len(completed[unit]), *map(_dollars, [*parts, sum(parts)])])
        for column, part in zip(_COLUMNS[2:], [*parts, sum(parts)], strict=True):
            sums[column] += part
    jobs_in_all = len(set().union(*completed.values()))
    writer.writerow(["Total", jobs_in_all, *(_dollars(sums[column]) for column in _COLUMNS[2:])])
    return out.getvalue()


def _rows(shelf: Shelf, at: int) -> Iterator[Mapping[str, Any]]:
    for chunk in shelf.truth(at):
        for _, text in chunk:
            yield json.loads(text)


def _job_of(
    invoice: Mapping[str, Any], invoices: Mapping[int, Mapping[str, Any]], jobs: Mapping[int, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The job of an invoice, or of the invoice at the end of what it adjusts."""
    seen: set[int] = set()
    while invoice["job"] is None and invoice["adjustmentToId"] in invoices and invoice["id"] not in seen:
        seen.add(invoice["id"])
        invoice = invoices[invoice["adjustmentToId"]]
    return jobs.get(invoice["job"]["id"]) if invoice["job"] else None


def _unit(item: Mapping[str, Any], job: Mapping[str, Any] | None, invoice: Mapping[str, Any]) -> int | None:
    if item["businessUnit"]:
        return item["businessUnit"]["id"]
    if job is not None and job["businessUnitId"]:
        return job["businessUnitId"]
    return invoice["businessUnit"]["id"] if invoice["businessUnit"] else None


def _dollars(cents: int) -> str:
    """`-1,234.50` as `($1,234.50)`, the way such files write it."""
    text = f"${abs(cents) // 100:,}.{abs(cents) % 100:02}"
    return f"({text})" if cents < 0 else text

"""Assembles the simulated business of every tenant for a seed, a size and an anchor day."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from st_platform.simulator import instants
from st_platform.simulator.instants import DAY, HOUR, to_ticks
from st_platform.simulator.table import Render, Table, build_table
from st_platform.simulator.universe import Universe

_TENANTS = {"northwind": (1001, "America/New_York"), "sunbelt": (2002, "America/Phoenix")}


def build_universe(
    *,
    seed: int,
    size: str,
    tenants: list[str] | None,
    now: datetime,
    ticking: bool,
    state_dir: Path | None,
) -> Universe:
    """The tenants' tables, generated, and everything else of a simulator around them."""
    tables = {
        (name, tenant_id, zone): _tables(seed, tenant_id, to_ticks(now))
        for name, (tenant_id, zone) in _TENANTS.items()
        if tenants is None or name in tenants
    }
    return Universe(tables, seed=seed, start=now, ticking=ticking, end=to_ticks(now) + 400 * DAY)


def _render(make: Callable[[int], dict[str, Any]], created: np.ndarray, first: int, has_modified: bool) -> Render:
    def render(rows: np.ndarray, modified: np.ndarray, at: int) -> list[str]:
        texts = []
        for row, when in zip(rows.tolist(), modified.tolist(), strict=True):
            fields = {"id": first + row} | make(row)
            if has_modified:
                fields |= {"createdOn": instants.text(int(created[row])), "modifiedOn": instants.text(when)}
            texts.append(json.dumps(fields, separators=(",", ":")))
        return texts

    return render


def _tables(seed: int, tenant_id: int, now: int) -> list[Table]:
    chance = np.random.default_rng([seed, tenant_id])
    start = now - 365 * DAY
    named = {"id": 1, "name": "Main"}
    money = [f"{cents // 100}.{cents % 100:02d}" for cents in chance.integers(5_000, 900_000, 1000).tolist()]
    day = lambda row: f"{np.datetime64(int((start + row * DAY) // DAY), 'D')!s}T00:00:00Z"  # noqa: E731
    makers: dict[str, tuple[int, int, Callable[[int], dict[str, Any]], bool]] = {
        "business_units": (10, 4, lambda r: {"active": True, "name": f"Unit {r}", "officialName": f"Unit {r}"}, True),
        "technicians": (100, 8, lambda r: {"active": True, "name": f"Tech {r}", "businessUnitId": 10 + r % 4}, True),
        "job_types": (
            30,
            6,
            lambda r: {"active": True, "name": f"Type {r}", "soldThreshold": None if r % 2 else 50.0},
            True,
        ),
        "campaigns": (
            50,
            5,
            lambda r: {"active": True, "name": f"Campaign {r}", "category": named | {"active": True}},
            True,
        ),
        "campaign_costs": (
            500,
            60,
            lambda r: {"year": 2026, "month": r % 12 + 1, "dailyCost": 12.5, "campaignId": 50 + r // 12},
            False,
        ),
        "customers": (
            1000,
            60,
            lambda r: {
                "active": True,
                "name": f"Customer {r}",
                "type": "Residential",
                "balance": 0.0,
                "mergedToId": None,
                "address": {
                    "street": "1 Main St",
                    "unit": None,
                    "city": "Albany",
                    "state": "NY",
                    "zip": "12207",
                    "country": "USA",
                },
                "customFields": [],
                "tagTypeIds": [],
                "externalData": [],
            },
            True,
        ),
        "locations": (
            5000,
            80,
            lambda r: {"customerId": 1000 + r % 60, "active": True, "name": f"Location {r}", "mergedToId": None},
            True,
        ),
        "jobs": (
            20000,
            240,
            lambda r: {
                "jobNumber": str(20000 + r),
                "customerId": 1000 + r % 60,
                "locationId": 5000 + r % 80,
                "jobStatus": "Completed",
                "businessUnitId": 10 + r % 4,
                "jobTypeId": 30 + r % 6,
                "campaignId": 50 + r % 5,
                "completedOn": day(r),
                "invoiceId": 40000 + r,
                "total": 100.0,
                "active": True,
            },
            True,
        ),
        "invoices": (
            40000,
            240,
            lambda r: {
                "total": money[r],
                "subTotal": money[r],
                "salesTax": "0.00",
                "balance": "0.00",
                "active": True,
                "invoiceConfiguration": "JobInvoice",
                "invoiceDate": day(r),
                "customer": {"id": 1000 + r % 60, "name": "x"},
                "location": {"id": 5000 + r % 80, "name": "x"},
                "businessUnit": named,
                "job": {"id": 20000 + r, "number": str(20000 + r), "type": "x"},
                "adjustmentToId": None,
                "items": [],
            },
            True,
        ),
        "invoice_items": (
            60000,
            480,
            lambda r: {
                "invoiceId": 40000 + r // 2,
                "total": money[r % 1000],
                "price": money[r % 1000],
                "quantity": "1.00",
                "cost": "1.00",
                "totalCost": "1.00",
                "type": "Service",
                "skuId": 7,
                "skuName": "TASK",
                "membershipTypeId": 0,
                "isChargeable": True,
                "generalLedgerAccount": {
                    "id": 1,
                    "name": "Sales",
                    "number": "4000",
                    "type": "Income",
                    "detailType": "Income",
                },
                "active": True,
            },
            True,
        ),
        "payments": (
            80000,
            220,
            lambda r: {
                "active": True,
                "appliedTo": [
                    {
                        "appliedAmount": money[r],
                        "appliedBy": "x",
                        "appliedId": r + 1,
                        "appliedOn": day(r),
                        "appliedTo": 40000 + r,
                        "appliedToReferenceNumber": str(r),
                    }
                ],
                "total": money[r],
                "unappliedAmount": "0.00",
                "date": day(r),
                "type": "Check",
                "typeId": "3",
                "refundedPaymentId": None,
                "customer": {"id": 1000 + r % 60, "name": "x"},
            },
            True,
        ),
        "credit_memos": (
            90000,
            10,
            lambda r: {
                "date": day(r)[:10],
                "subTotal": 10.0,
                "salesTax": 0.0,
                "total": 10.0,
                "balance": 10.0,
                "appliedTo": [],
                "customer": {"id": 1000 + r, "name": "x"},
                "active": True,
            },
            True,
        ),
        "memberships": (
            95000,
            20,
            lambda r: {
                "from": day(r),
                "to": day(r + 365),
                "status": "Active",
                "active": True,
                "customerId": 1000 + r,
                "membershipTypeId": 3,
                "businessUnitId": 10,
                "billingFrequency": "Annual",
            },
            True,
        ),
        "membership_status_changes": (
            97000,
            5,
            lambda r: {
                "oldStatus": "Active",
                "newStatus": "Suspended",
                "note": None,
                "createdById": 1,
                "membershipId": 95000 + r,
                "createdOn": day(r),
            },
            False,
        ),
    }
    tables = []
    for resource, (first, count, make, has_modified) in makers.items():
        created = np.sort(chance.integers(start, now + 100 * DAY, count))
        touched = created + chance.integers(HOUR, 200 * DAY, count)
        events = [(touched, np.arange(count))] if has_modified else []
        tables.append(build_table(resource, first, created, events, _render(make, created, first, has_modified)))
    return tables

"""What purchase orders, receipts, returns and bills have in common when written: items, places, vendors, accounts."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.vendors import VENDORS
from st_platform.simulator.business.pricebook import (
    ACCOUNTS,
    EQUIPMENT,
    INVENTORY,
    MATERIALS,
    SKU_IDS,
    SKUS,
)
from st_platform.simulator.business.work import NONE
from st_platform.simulator.rows.accounting import account
from st_platform.simulator.rows.json_text import Texts, chosen, where
from st_platform.simulator.rows.view import First, View

WAREHOUSE, FIRST_TRUCK = 1601, 1602
"""Ids of the inventory locations: the warehouse, and one truck for each technician."""

SKU_ID = np.array(SKU_IDS)
SKU_CODE = [json.dumps(sku.code) for sku in SKUS]
SKU_NAME = [json.dumps(sku.name, ensure_ascii=False) for sku in SKUS]
SKU_TEXT = [json.dumps(f"<p>{sku.name}</p>", ensure_ascii=False) for sku in SKUS]
SKU_TYPE = [json.dumps(sku.type) for sku in SKUS]
PART_NUMBER = [json.dumps(f"V-{sku.code}-{number:03d}") for number, sku in enumerate(SKUS)]
VENDOR_NAME = [json.dumps(vendor.name, ensure_ascii=False) for vendor in VENDORS]


def _nameless(number: int) -> str:
    """An account as the inventory module writes it: without its id."""
    one = ACCOUNTS[number]
    return json.dumps({"name": one.name, "number": one.number, "type": one.type, "detailType": one.detail})


def _ledger(write: Callable[[int], str], number: int) -> str:
    sku = SKUS[number]
    texts = [write(one) for one in (sku.account, EQUIPMENT if sku.type == "Equipment" else MATERIALS, INVENTORY)]
    return f'"generalLedgerAccount":{texts[0]},"costOfSaleAccount":{texts[1]},"assetAccount":{texts[2]}'


_GOODS = [sku.type in ("Material", "Equipment") for sku in SKUS]
LEDGERS = [_ledger(_nameless, number) if goods else "" for number, goods in enumerate(_GOODS)]
"""The three accounts of each item, for the inventory module."""
ACCOUNT_LEDGERS = [_ledger(account, number) if goods else "" for number, goods in enumerate(_GOODS)]
"""The same for the accounting module, with ids."""


def vendors(rows: Ints) -> Texts:
    """`{id, name}` of vendors."""
    return [f'{{"id":{row + First.VENDOR},"name":{VENDOR_NAME[row]}}}' for row in rows.tolist()]


def inventory_locations(truck: Ints) -> Ints:
    """The ids of the warehouse and the trucks."""
    return np.where(truck == NONE, WAREHOUSE, truck + FIRST_TRUCK)


def location_names(truck: Ints) -> Texts:
    return ['"Main warehouse"' if one == NONE else f'"Truck {one + FIRST_TRUCK}"' for one in truck.tolist()]


def depot(view: View) -> str:
    """The tenant's own address."""
    profile = view.business.profile
    town = profile.towns[0]
    address = {
        "street": "500 Depot Rd",
        "unit": None,
        "city": town.city,
        "state": profile.state,
        "zip": town.zip,
        "country": "USA",
    }
    return json.dumps(address, ensure_ascii=False)


def ship_to(view: View, job: Ints) -> Texts:
    """To the job's location, else to the depot."""
    site = view.business.jobs.location[np.maximum(job, 0)]
    return where(job != NONE, view.names.addresses(site, geo=False), depot(view))


def ship_to_texts(job: Ints) -> Texts:
    return where(job != NONE, '"Job site"', '"Main warehouse"')


def spread(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """The lines of each of some rows, and which of the rows they belong to."""
    start = np.cumsum(count) - count
    lines = np.repeat(first - start, count) + np.arange(int(count.sum()))
    return lines, np.repeat(np.arange(len(count)), count)


def grouped(texts: Texts, count: Ints) -> Texts:
    """JSON arrays of so many texts each."""
    edges = [0, *np.cumsum(count).tolist()]
    return [f"[{','.join(texts[a:z])}]" for a, z in pairwise(edges)]


def units_named(view: View, unit: Ints) -> Texts:
    """`{id, name}` of business units, null where there is none."""
    names = [
        f'{{"id":{row + First.BUSINESS_UNIT},"name":{json.dumps(one.name)}}}'
        for row, one in enumerate(view.business.company.units)
    ]
    return chosen([*names, "null"], unit)


def unit_rows(view: View, job: Ints, truck: Ints) -> Ints:
    """The business unit that a purchase is for: the job's, else the truck's, else none."""
    crew = view.business.company.technicians.unit
    stock = np.where(truck == NONE, NONE, crew[np.maximum(truck, 0)])
    return np.where(job != NONE, view.job_units[np.maximum(job, 0)], stock)

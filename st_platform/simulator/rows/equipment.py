"""Installed equipment as the Equipment Systems module writes it."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.installed import MODELS
from st_platform.simulator.business.goods.pricing import unit_cost
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    objects,
    until,
    where,
)
from st_platform.simulator.rows.view import First, View

_TYPES = sorted({model.type for model in MODELS})
_TYPE = [json.dumps({"id": 1701 + _TYPES.index(model.type), "name": model.type}) for model in MODELS]
_NAME = [json.dumps(model.name, ensure_ascii=False) for model in MODELS]
_MAKER = [json.dumps(model.manufacturer) for model in MODELS]
_MODEL = [json.dumps(f"{model.code[3:]}-{model.warranty}" if model.code else "") for model in MODELS]
_LIFE = np.array([model.life * 12 for model in MODELS])
_WARRANTY = np.array([model.warranty for model in MODELS])
_OURS = 24
"""Months of the tenant's own warranty on what it sold."""
_MONTH = round(365.25 * DAY / 12)


def equipment_ids(view: View) -> Ints:
    """The pricebook id of each model, `NONE` for those in no pricebook."""
    book = view.supply.prices.books["Equipment"]
    by_code = {sku.code: one for sku, one in zip(book.items, book.ids.tolist(), strict=True)}
    return np.array([by_code.get(model.code or "", NONE) for model in MODELS])


def _serials(view: View, rows: Ints) -> Texts:
    """Week of manufacture, a letter and six digits, as makers stamp them; nothing where the plate cannot be read."""
    units, chance = view.supply.installed.units, view.business.chance
    made = np.where(units.made[rows] == NEVER, units.created[rows] - 3000 * DAY, units.made[rows])
    day = made // DAY
    year = (day / 365.25 + 1970).astype(int) % 100
    week = (day // 7 % 52 + 1).tolist()
    letter = chance.among(rows, "serial letter", 20).tolist()
    digits = chance.among(rows, "serial", 1_000_000).tolist()
    texts = [
        f'"{y:02d}{w:02d}{"ABCDEFGHJKLMNPQRSTUV"[c]}{d:06d}"'
        for y, w, c, d in zip(year.tolist(), week, letter, digits, strict=True)
    ]
    unreadable = (units.line[rows] == NONE) & (chance.fraction(rows, "plate") < 0.25)
    return where(unreadable, '""', texts)


def installed_equipment(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, units = view.business, view.supply.installed.units
    model, line, location = units.model[rows], units.line[rows], units.location[rows]
    sold, installed = line != NONE, units.installed[rows]
    replaced = units.replaced[rows] <= at
    moved = b.care.location_moved[location] <= at
    owner = np.where(moved, b.care.moved_to[location], b.locations.customer[location])
    sku = b.lines.sku[np.maximum(line, 0)].astype(np.int64)
    cost = np.where(sold, unit_cost(b.company, sku, units.created[rows]), 0)
    start = np.where(_WARRANTY[model] > 0, installed, NEVER)
    known = installed != NEVER
    safe = np.where(known, installed, 0)
    ours = np.where(sold, safe, NEVER)
    return objects(
        len(rows),
        id=ids(rows, First.EQUIPMENT),
        active=booleans(units.taken_out[rows] > at),
        equipmentId=ids(equipment_ids(view)[model], 0),
        locationId=ids(location, First.LOCATION),
        customerId=ids(owner, First.CUSTOMER),
        invoiceItemId=ids(line, First.INVOICE_ITEM),
        name=chosen(_NAME, model),
        type=chosen(_TYPE, model),
        installedOn=days(installed),
        createdOn=instants(units.created[rows]),
        modifiedOn=instants(modified),
        serialNumber=_serials(view, rows),
        barcodeId="null",
        memo=where(units.edited[rows] <= at, '"Access through the garage, bring a ladder"', '""'),
        manufacturer=chosen(_MAKER, model),
        model=chosen(_MODEL, model),
        cost=decimals(cost),
        status=where(replaced, '"Replaced"', '"Installed"'),
        manufacturerWarrantyStart=days(start),
        manufacturerWarrantyEnd=days(np.where(start == NEVER, NEVER, safe + _WARRANTY[model] * _MONTH)),
        serviceProviderWarrantyStart=days(ours),
        serviceProviderWarrantyEnd=days(np.where(sold, safe + _OURS * _MONTH, NEVER)),
        tags="[]",
        actualReplacementDate=days(until(units.replaced[rows], at), suffix=""),
        manufacturedOn=days(units.made[rows], suffix=""),
        predictedReplacementMonths=where(known, [str(months) for months in _LIFE[model].tolist()]),
        predictedReplacementDate=days(np.where(known, safe + _LIFE[model] * _MONTH, NEVER), suffix=""),
    )

"""The pricebook as its own module writes it: services, materials, equipment and the tree they hang on.

Prices and costs are those of the last revision before the instant asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.installed import MODELS
from st_platform.simulator.business.goods.pricing import CATEGORIES, SET_UP, Book, category_of
from st_platform.simulator.business.goods.vendors import VENDORS, Trading, trading
from st_platform.simulator.business.pricebook import ACCOUNTS, EQUIPMENT, INVENTORY, MATERIALS, UNMAPPED, Sku
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import Column, Texts, booleans, decimals, ids, instants, objects, quoted
from st_platform.simulator.rows.ordering import VENDOR_NAME
from st_platform.simulator.rows.vendors import vendor_times
from st_platform.simulator.rows.view import First, View

_UNUSED = ("source", "externalId", "defaultAssetUrl", "budgetCostCode", "budgetCostType")
"""What these tenants leave empty in every pricebook."""
_MODELS = {model.code: model for model in MODELS}
_CHEMICALS = ("MT-R22", "ST-GAS")


def _common(view: View, book: Book, rows: Ints, modified: Ticks, at: int) -> dict[str, Column]:
    prices = view.supply.prices
    some = [book.items[row] for row in rows.tolist()]
    price, cost = prices.price(book, rows, at), prices.cost(book, rows, at)
    return {
        "id": book.ids[rows].tolist(),
        "code": quoted(sku.code for sku in some),
        "displayName": quoted(sku.name for sku in some),
        "description": quoted(f"<p>{sku.name}</p>" for sku in some),
        "active": booleans(book.ends[rows] > at),
        "price": decimals(price),
        "memberPrice": decimals(price * 9 // 10),
        "addOnPrice": decimals(price * 85 // 100),
        "addOnMemberPrice": decimals(price * 8 // 10),
        "cost": decimals(cost),
        "taxable": _flags(sku.taxable for sku in some),
        "account": [_account_name(sku.account) for sku in some],
        "hours": decimals(np.array([sku.hours for sku in some], dtype=np.int64)),
        "paysCommission": _flags(sku.type == "Service" and sku.price > 0 for sku in some),
        "bonus": "0.00",
        "commissionBonus": "0.00",
        "assets": "[]",
        "externalData": "[]",
        "createdOn": instants(book.created[rows]),
        "modifiedOn": instants(modified),
        "isPriceLocked": "false",
        **dict.fromkeys(_UNUSED, "null"),
    }


def services(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    book = view.supply.prices.books["Service"]
    some = [book.items[row] for row in rows.tolist()]
    categories = [category_of(sku) for sku in some]
    open_ = (category_times(view)[2] > at).tolist()
    known = _common(view, book, rows, modified, at) | {
        "warranty": ['{"duration":12,"description":"One year on labor"}' if one.trade >= 0 else "null" for one in some],
        "categories": [
            f'[{{"id":{one + First.PRICEBOOK_CATEGORY},"name":{json.dumps(CATEGORIES[one].name)},'
            f'"active":{"true" if open_[one] else "false"}}}]'
            for one in categories
        ],
        "isLabor": _flags("LABOR" in sku.code for sku in some),
        "serviceMaterials": _service_materials(view, book, rows),
        "serviceEquipment": "[]",
        "soldByCommission": "0.00",
        "upgrades": "[]",
        "recommendations": "[]",
        "crossSaleGroup": "null",
        "businessUnitId": "null",
    }
    return objects(len(rows), **known)


def _service_materials(view: View, book: Book, rows: Ints) -> Texts:
    """Two parts that a repair usually takes."""
    materials = view.supply.prices.books["Material"]
    parts = [number for number, sku in enumerate(materials.items) if sku.code.startswith("MT-")][:8]
    first = view.business.chance.among(book.ids[rows], "usual part", len(parts)).tolist()
    texts: Texts = []
    for row, place in zip(rows.tolist(), first, strict=True):
        if book.items[row].trade < 0:
            texts.append("[]")
            continue
        links = [materials.ids[parts[(place + step) % len(parts)]] for step in (0, 3)]
        texts.append("[" + ",".join(f'{{"skuId":{one},"quantity":1.00}}' for one in links) + "]")
    return texts


def materials(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    book = view.supply.prices.books["Material"]
    some = [book.items[row] for row in rows.tolist()]
    wholesale, houses = trading(Trading.STOCK), trading(Trading.PARTS)
    cost = view.supply.prices.cost(book, rows, at)
    chemical = [sku.code in _CHEMICALS for sku in some]
    known = (
        _common(view, book, rows, modified, at)
        | _stock_members(some, MATERIALS)
        | {
            "deductAsJobCost": "true",
            "primaryVendor": _vendor_texts(view, book, rows, cost, [wholesale[0]] * len(rows), at),
            "otherVendors": [
                f"[{text}]" for text in _vendor_texts(view, book, rows, cost, [houses[0]] * len(rows), at)
            ],
            "isConfigurableMaterial": "false",
            "chargeableByDefault": _flags(sku.chargeable for sku in some),
            "createdById": view.creators(rows, "materials"),
            "isOtherDirectCost": "false",
            "isChemical": _flags(chemical),
            "epaNumber": ['"608"' if one else "null" for one in chemical],
            "activeIngredients": "null",
            "variationsOrConfigurableMaterials": "[]",
            "businessUnitId": "null",
            "costTypeId": "null",
        }
    )
    return objects(len(rows), **known)


def equipment(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    book = view.supply.prices.books["Equipment"]
    some = [book.items[row] for row in rows.tolist()]
    cost = view.supply.prices.cost(book, rows, at)
    _, ends = distributors(view)
    serving = [trading(Trading.EQUIPMENT, max(sku.trade, 0)) for sku in some]
    still = [[row for row in one if ends[row] > at] for one in serving]
    former = [[row for row in one if ends[row] <= at] for one in serving]
    others = [
        "[" + ",".join(_vendor_text(view, sku, one, int(cents), at) for one in gone) + "]"
        for sku, gone, cents in zip(some, former, cost, strict=True)
    ]
    known = (
        _common(view, book, rows, modified, at)
        | _stock_members(some, EQUIPMENT)
        | {
            "manufacturer": quoted(
                _MODELS[sku.code].manufacturer if sku.code in _MODELS else "Polarwind" for sku in some
            ),
            "model": quoted(f"{sku.code[3:]}-{_warranty(sku)}" for sku in some),
            "manufacturerWarranty": [f'{{"duration":{_warranty(sku)},"description":"Parts, months"}}' for sku in some],
            "serviceProviderWarranty": '{"duration":24,"description":"Parts and labor, months"}',
            "equipmentMaterials": "[]",
            "primaryVendor": _vendor_texts(view, book, rows, cost, [one[0] for one in still], at),
            "otherVendors": others,
            "isConfigurableEquipment": "false",
            "dimensions": '{"height":36.00,"width":32.00,"depth":32.00}',
            "upgrades": "[]",
            "recommendations": "[]",
            "crossSaleGroup": "null",
            "variationsOrConfigurableEquipment": "[]",
            "typeId": "null",
        }
    )
    return objects(len(rows), **known)


def _stock_members(some: list[Sku], cost_account: int) -> dict[str, Column]:
    """What materials and equipment have in common, and services lack."""
    return {
        "categories": [f"[{category_of(sku) + First.PRICEBOOK_CATEGORY}]" for sku in some],
        "unitOfMeasure": ['"ft"' if sku.code == "MT-WIRE" else '"each"' for sku in some],
        "isInventory": "true",
        "costOfSaleAccount": _account_name(cost_account),
        "assetAccount": _account_name(INVENTORY),
        "generalLedgerAccountId": [str(ACCOUNTS[sku.account].id) for sku in some],
        "displayInAmount": "true",
        "isCostLocked": "false",
    }


def distributors(view: View) -> tuple[Ticks, Ticks]:
    """From when on each vendor is bought from, and until when."""
    company = view.business.company
    ends = [
        company.opened + int(one.until * (company.end - company.opened)) if one.until < 1 else NEVER for one in VENDORS
    ]
    return vendor_times(view)[0], np.array(ends, dtype=np.int64)


def _vendor_texts(view: View, book: Book, rows: Ints, cost: Ints, chosen: list[int], at: int) -> Texts:
    return [
        _vendor_text(view, book.items[row], vendor, cents, at)
        for row, vendor, cents in zip(rows.tolist(), chosen, cost.tolist(), strict=True)
    ]


def _vendor_text(view: View, sku: Sku, vendor: int, cost: int, at: int) -> str:
    active = "true" if vendor_times(view)[1][vendor] > at else "false"
    return (
        f'{{"id":{vendor + First.VENDOR},"vendorName":{VENDOR_NAME[vendor]},"vendorId":{vendor + First.VENDOR},'
        f'"memo":null,"vendorPart":"V-{sku.code}","cost":{cost // 100}.{cost % 100:02d},"active":{active},'
        '"primarySubAccount":null,"otherSubAccounts":[]}'
    )


def vendor_changes(view: View, book: Book) -> list[tuple[Ticks, Ints]]:
    """When an item's vendors change: one is given up, one is deactivated."""
    _, closed = vendor_times(view)
    _, ends = distributors(view)
    trade = np.array([max(sku.trade, 0) for sku in book.items])
    return [
        (np.full(int(mine.sum()), when[vendor]), np.flatnonzero(mine))
        for number in np.unique(trade).tolist()
        for vendor in trading(Trading.EQUIPMENT, number)
        for when in (ends, closed)
        if (mine := trade == number).any()
    ]


def branch_ends(view: View, book: Book) -> list[tuple[Ticks, Ints]]:
    """When the branch that an item hangs on is deactivated, which services show."""
    ends = category_times(view)[2]
    return [(ends[np.array([category_of(sku) for sku in book.items])], np.arange(len(book)))]


def category_times(view: View) -> tuple[Ticks, Ticks, Ticks]:
    """When each branch was made, edited and deactivated."""
    company, rows = view.business.company, np.arange(len(CATEGORIES))
    length = company.end - company.opened
    created = company.opened - SET_UP - 9 * DAY + rows * 33_333_333
    chance = view.business.chance
    edited = company.opened + (chance.fraction(rows, "category edited") * length).astype(np.int64)
    edited = np.where(chance.fraction(rows, "category stays") < 0.6, edited, NEVER)
    ends = [company.opened + int(one.ends * length) if one.ends < 1 else NEVER for one in CATEGORIES]
    return created, edited, np.array(ends, dtype=np.int64)


def _below(row: int) -> list[int]:
    return [one for one, category in enumerate(CATEGORIES) if category.parent == row]


def _branch(row: int) -> list[int]:
    return [row, *(under for one in _below(row) for under in _branch(one))]


def category_changes(view: View) -> list[tuple[Ticks, Ints]]:
    """A branch changes when it or anything below it does, because it shows what is below."""
    _, edited, ends = category_times(view)
    changes = ((row, _branch(row), times) for row in range(len(CATEGORIES)) for times in (edited, ends))
    return [(times[branch], np.full(len(branch), row)) for row, branch, times in changes]


def categories(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    return [_category(view, row, at) for row in rows.tolist()]


def _category(view: View, row: int, at: int) -> str:
    created, edited, ends = category_times(view)
    category = CATEGORIES[row]
    under = _branch(row)
    happened = np.concatenate([created[[row]], edited[under], ends[under]])
    below = ",".join(_category(view, one, at) for one in _below(row))
    siblings = [one for one, other in enumerate(CATEGORIES) if other.parent == category.parent]
    return objects(
        1,
        id=[row + First.PRICEBOOK_CATEGORY],
        name=quoted([category.name]),
        active=booleans(ends[[row]] > at),
        description=['"Reviewed"' if edited[row] <= at else '""'],
        image="null",
        parentId=ids(np.array([-1 if category.parent is None else category.parent]), First.PRICEBOOK_CATEGORY),
        position=[siblings.index(row)],
        categoryType=quoted([category.kind]),
        subcategories=[f"[{below}]"],
        businessUnitIds="[]",
        skuImages="[]",
        skuVideos="[]",
        source="null",
        externalId="null",
        hideInMobile="false",
        createdOn=instants(created[[row]]),
        modifiedOn=instants(happened[happened <= at].max(keepdims=True)),
    )[0]


def _account_name(number: int) -> str:
    return "null" if number == UNMAPPED else json.dumps(ACCOUNTS[number].name)


def _maker(sku: Sku) -> str:
    return _MODELS[sku.code].manufacturer if sku.code in _MODELS else "Polarwind"


def _warranty(sku: Sku) -> int:
    """Months that the manufacturer answers for a unit."""
    return _MODELS[sku.code].warranty if sku.code in _MODELS else 120


def _flags(values: Iterable[bool]) -> Texts:
    return ["true" if value else "false" for value in values]

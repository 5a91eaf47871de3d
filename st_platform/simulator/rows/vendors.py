"""Vendors as the Inventory module writes them, and the chart of accounts that their bills are booked to."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.goods.vendors import VENDORS, Trading
from st_platform.simulator.business.pricebook import ACCOUNTS
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, ids, instants, objects, quoted, where
from st_platform.simulator.rows.ordering import VENDOR_NAME, depot
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.rows.vocabulary import FIRST as FIRST_NAMES
from st_platform.simulator.rows.vocabulary import LAST as LAST_NAMES
from st_platform.simulator.rows.vocabulary import rate


def vendor_times(view: View) -> tuple[Ticks, Ticks]:
    """When each vendor was set up, and when it was deactivated."""
    company = view.business.company
    length = company.end - company.opened
    begins = [company.opened + int(one.since * length) if one.since > 0 else company.opened for one in VENDORS]
    created = np.array(begins, dtype=np.int64) - np.where([one.since > 0 for one in VENDORS], 0, 45 * DAY)
    ends = [company.opened + int(one.closed * length) if one.closed < 1 else NEVER for one in VENDORS]
    return created + np.arange(len(VENDORS)) * 71_234_567, np.array(ends, dtype=np.int64)


def inventory_vendors(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    created, ends = vendor_times(view)
    some = [VENDORS[row] for row in rows.tolist()]
    first, last = view.business.chance.among(rows, "vendor first", len(FIRST_NAMES)), (rows * 5) % len(LAST_NAMES)
    phones = view.names.phones(rows)
    contacts = [
        f'{{"firstName":"{FIRST_NAMES[a]}","lastName":"{LAST_NAMES[z]}","phone":{phone},'
        f'"email":"orders{row + 1}@vendor.example","fax":""}}'
        for row, a, z, phone in zip(rows.tolist(), first.tolist(), last.tolist(), phones, strict=True)
    ]
    taxed = np.array([one.taxed for one in some])
    return objects(
        len(rows),
        id=ids(rows, First.VENDOR),
        name=[VENDOR_NAME[row] for row in rows.tolist()],
        active=booleans(ends[rows] > at),
        isTruckReplenishment=["true" if one.trading == Trading.STOCK else "false" for one in some],
        isMobileCreationRestricted=["false" if one.trading == Trading.PARTS else "true" for one in some],
        memo=where(modified > created[rows], '"Terms confirmed by phone"', '""'),
        deliveryOption=[f'"{one.delivery}"' for one in some],
        defaultTaxRate=where(taxed, rate(np.full(len(rows), view.business.profile.tax_rates[0])), "0.0000"),
        contactInfo=contacts,
        address=[depot(view).replace("500 Depot Rd", f"{row * 137 + 20} Industrial Pkwy") for row in rows.tolist()],
        createdOn=instants(created[rows]),
        modifiedOn=instants(modified),
        externalData="[]",
        customFields="[]",
    )


def account_times(view: View) -> tuple[Ticks, Ticks]:
    """When each account was brought over from the accounting system, and when it was deactivated."""
    company = view.business.company
    count = len(ACCOUNTS)
    ends = np.full(count, NEVER, dtype=np.int64)
    ends[-1] = company.opened + (company.end - company.opened) // 3
    return company.opened - 50 * DAY + np.arange(count) * 12_345_678, ends


def gl_accounts(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    created, ends = account_times(view)
    some = [ACCOUNTS[row] for row in rows.tolist()]
    return objects(
        len(rows),
        id=ids(rows, First.GL_ACCOUNT),
        name=quoted(one.name for one in some),
        number=quoted(one.number for one in some),
        description=where(modified > created[rows], '"Reviewed with the accountant"', '""'),
        type=[json.dumps(one.type) for one in some],
        subtype=[json.dumps(one.detail) for one in some],
        active=booleans(ends[rows] > at),
        isIntacctGroup="false",
        isIntacctBankAccount="false",
        source=['"ManuallyCreated"' if one.type is None else '"AccountingSystem"' for one in some],
        defaultAccountType=[json.dumps(one.role) for one in some],
        createdOn=instants(created[rows]),
        modifiedOn=instants(modified),
    )

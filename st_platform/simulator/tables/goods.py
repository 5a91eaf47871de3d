"""The tables of the pricebook, purchasing, bills and equipment.

The one place that knows, for each of these resources, what counts as a modification.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from st_platform.simulator.business.work import NONE
from st_platform.simulator.rows import bills, equipment, inventory, pricebook, vendors
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.tables.parts import Write, attribute, every_row, idle


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    return [
        _book(view, "pricebook_services", "Service", pricebook.services),
        _book(view, "pricebook_materials", "Material", pricebook.materials),
        _book(view, "pricebook_equipment", "Equipment", pricebook.equipment),
        _categories(view),
        _purchase_orders(view),
        _receipts(view),
        _returns(view),
        _adjustments(view),
        _vendors(view),
        _inventory_bills(view),
        _ap_bills(view),
        _gl_accounts(view),
        _installed_equipment(view),
    ]


def _book(view: View, resource: str, kind: str, write: Write) -> Table:
    prices = view.supply.prices
    book = prices.books[kind]
    return build_table(
        resource,
        int(book.ids[0]),
        book.created,
        [
            prices.revisions(book),
            *(pricebook.vendor_changes(view, book) if kind == "Equipment" else ()),
            *(pricebook.branch_ends(view, book) if kind == "Service" else ()),
            idle(view, resource, book.created, 0.5),
        ],
        partial(write, view),
        inactive_at=book.ends,
    )


def _categories(view: View) -> Table:
    created, _, ends = pricebook.category_times(view)
    return build_table(
        "pricebook_categories",
        First.PRICEBOOK_CATEGORY,
        created,
        pricebook.category_changes(view),
        partial(pricebook.categories, view),
        inactive_at=ends,
    )


def _purchase_orders(view: View) -> Table:
    orders = view.supply.purchases.orders
    return build_table(
        "purchase_orders",
        First.PURCHASE_ORDER,
        orders.created,
        [
            *every_row(orders.sent, orders.arrives, orders.again, orders.canceled, orders.voided, orders.edited),
            idle(view, "purchase orders", orders.created, 0.05),
        ],
        partial(inventory.purchase_orders, view),
        columns={
            "jobId": attribute(orders.job, First.JOB),
            "vendorId": attribute(orders.vendor, First.VENDOR),
            "technicianId": attribute(orders.truck, First.TECHNICIAN),
        },
    )


def _receipts(view: View) -> Table:
    supply = view.supply
    orders, receipts, payables = supply.purchases.orders, supply.purchases.receipts, supply.payables
    billed = np.flatnonzero(payables.of_receipt != NONE)
    bill, owed = payables.of_receipt[billed], payables.bills
    return build_table(
        "inventory_receipts",
        First.INVENTORY_RECEIPT,
        receipts.created,
        [
            *((when[bill], billed) for when in (owed.created, owed.posted, owed.exported)),
            idle(view, "receipts", receipts.created, 0.05),
        ],
        partial(inventory.inventory_receipts, view),
        inactive_at=receipts.voided,
        columns={
            "purchaseOrderIds": attribute(receipts.order, First.PURCHASE_ORDER),
            "vendorIds": attribute(orders.vendor[receipts.order], First.VENDOR),
        },
    )


def _returns(view: View) -> Table:
    returns = view.supply.returns
    return build_table(
        "inventory_returns",
        First.INVENTORY_RETURN,
        returns.created,
        every_row(returns.returned, returns.credited, returns.canceled),
        partial(inventory.inventory_returns, view),
        inactive_at=inventory.inactive_when_canceled(view, returns.canceled, "return put away"),
    )


def _adjustments(view: View) -> Table:
    adjustments = view.supply.adjustments
    return build_table(
        "inventory_adjustments",
        First.INVENTORY_ADJUSTMENT,
        adjustments.created,
        every_row(adjustments.posted, adjustments.canceled),
        partial(inventory.inventory_adjustments, view),
        inactive_at=inventory.inactive_when_canceled(view, adjustments.canceled, "adjustment put away"),
    )


def _vendors(view: View) -> Table:
    created, ends = vendors.vendor_times(view)
    return build_table(
        "inventory_vendors",
        First.VENDOR,
        created,
        [idle(view, "vendors", created, 0.6)],
        partial(vendors.inventory_vendors, view),
        inactive_at=ends,
    )


def _inventory_bills(view: View) -> Table:
    owed = view.supply.payables.bills
    return build_table(
        "inventory_bills",
        First.INVENTORY_BILL,
        owed.created,
        [*every_row(owed.approved, owed.posted, owed.exported), idle(view, "inventory bills", owed.created, 0.05)],
        partial(bills.inventory_bills, view),
        inactive_at=owed.voided,
    )


def _ap_bills(view: View) -> Table:
    expenses = view.supply.expenses
    return build_table(
        "ap_bills",
        First.AP_BILL,
        expenses.created,
        [
            *every_row(expenses.approved, expenses.posted, expenses.exported, expenses.canceled),
            idle(view, "payables", expenses.created, 0.05),
        ],
        partial(bills.ap_bills, view),
        removed_at=expenses.removed,
    )


def _gl_accounts(view: View) -> Table:
    created, ends = vendors.account_times(view)
    return build_table(
        "gl_accounts",
        First.GL_ACCOUNT,
        created,
        [idle(view, "gl accounts", created, 0.3)],
        partial(vendors.gl_accounts, view),
        inactive_at=ends,
    )


def _installed_equipment(view: View) -> Table:
    units = view.supply.installed.units
    return build_table(
        "installed_equipment",
        First.EQUIPMENT,
        units.created,
        [
            *every_row(units.replaced, units.edited, view.business.care.location_moved[units.location]),
            idle(view, "installed equipment", units.created, 0.1),
        ],
        partial(equipment.installed_equipment, view),
        inactive_at=units.taken_out,
        columns={"locationIds": attribute(units.location, First.LOCATION)},
    )

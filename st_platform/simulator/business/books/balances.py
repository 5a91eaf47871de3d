"""What is open at any instant: balances of invoices and customers, and what has been applied to or from what.

Derived from billing and money; every figure is a running sum of cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.tenant import Business
from st_platform.simulator.instants import NEVER
from st_platform.simulator.runs import Ledger, Runs


@dataclass(frozen=True)
class Balances:
    """`by_payment`, `by_memo`: the applications of each, entries in order of time."""

    invoices: Ledger
    customers: Ledger
    by_payment: Runs
    by_memo: Runs


def balance(business: Business) -> Balances:
    """Invoices: billed, less lines taken off, less applications while they hold. Customers: their invoices, less what
    they have paid in or were credited, applied or not."""
    invoices, bills, payments, memos = business.invoices, business.bills, business.payments, business.memos
    applied, credited = business.applications, business.memo_applications
    every = np.arange(len(invoices))
    first = bills.subtotal + bills.tax
    later = np.where(bills.changed == NEVER, 0, bills.total - first)
    of_invoices = Ledger.build(
        np.concatenate([every, every, applied.invoice, applied.invoice, credited.invoice]),
        np.concatenate([invoices.billed, bills.changed, applied.applied, applied.ended, credited.applied]),
        np.concatenate([first, later, -applied.amount, applied.amount, -credited.amount]),
        len(invoices),
    )
    given = np.maximum(invoices.billed, business.invoice_inactive)
    written_off = np.where(business.invoice_inactive == NEVER, NEVER, given)
    owners = [invoices.customer, invoices.customer, invoices.customer, payments.customer, payments.customer]
    times = [invoices.billed, bills.changed, written_off, payments.created, payments.voided]
    amounts = [first, later, -bills.total, -payments.total, payments.total]
    gone = np.minimum(memos.removed, memos.inactive)
    owner = np.concatenate([*owners, memos.customer, memos.customer])
    time = np.concatenate([*times, memos.created, gone])
    amount = np.concatenate([*amounts, -memos.total, memos.total])
    moved = np.where(amount == 0, NEVER, time)
    return Balances(
        invoices=of_invoices,
        customers=Ledger.build(owner, moved, amount, len(business.customers)),
        by_payment=Runs.build(applied.source, applied.applied, len(payments.created)),
        by_memo=Runs.build(credited.source, credited.applied, len(memos.created)),
    )

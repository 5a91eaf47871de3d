"""Payments and credit memos as the Accounting module writes them. Payments spell money as strings, memos as numbers."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from st_platform.simulator.business.books.money import CARD, CHECK, REFUND, Applications
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import PAYMENT_TYPES, UNDEPOSITED
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.accounting import account, batch
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    money,
    objects,
    where,
)
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.rows.vocabulary import named, rate
from st_platform.simulator.runs import Runs


def payments(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, chance = view.business, view.business.chance
    paid = b.payments
    kind = paid.type[rows]
    owner, entries = _in_force(view.balances.by_payment, b.applications, rows, at)
    applied = np.zeros(len(rows), dtype=np.int64)
    np.add.at(applied, owner, b.applications.amount[entries])
    unit = b.invoices.unit[paid.unit[rows]]
    units = [f'{{"id":{n + First.BUSINESS_UNIT},"name":{json.dumps(u.name)}}}' for n, u in enumerate(b.company.units)]
    numbers = (rows + First.PAYMENT).tolist()
    nights = view.deposited[rows]
    banked = nights <= at
    deposit = [f'{{"id":{night},"name":"Deposit {night}"}}' for night in (nights // 864_000_000_000).tolist()]
    return objects(
        len(rows),
        active=booleans(paid.voided[rows] > at),
        appliedTo=_payment_applications(view, len(rows), owner, entries),
        authCode=where(kind == CARD, [f'"A{n % 1_000_000:06d}"' for n in numbers]),
        batch=where(banked, [batch(night) for night in nights.tolist()]),
        businessUnit=chosen(units, unit),
        checkNumber=where(kind == CHECK, [f'"{n}"' for n in (chance.among(rows, "check", 9000) + 1000).tolist()]),
        createdBy=view.creator_names(rows, "payments"),
        createdOn=instants(paid.created[rows]),
        customer=named(ids(paid.customer[rows], First.CUSTOMER), view.names.customers(paid.customer[rows])),
        customFields="[]",
        date=days(b.calendar.local_midnight(paid.created[rows])),
        deposit=where(banked & (kind != REFUND), deposit),
        generalLedgerAccount=account(UNDEPOSITED),
        id=numbers,
        memo=where(paid.voided[rows] <= at, '"Returned unpaid"', where(kind == REFUND, '"Refund"')),
        modifiedOn=instants(modified),
        referenceNumber=[f'"R{n}"' for n in numbers],
        refundedPaymentId=ids(paid.refunded[rows], First.PAYMENT),
        syncStatus=where(banked, '"Posted"', '"Pending"'),
        total=money(paid.total[rows]),
        type=chosen([f'"{name}"' for name, _ in PAYMENT_TYPES], kind),
        typeId=chosen([f'"{number}"' for _, number in PAYMENT_TYPES], kind),
        unappliedAmount=money(paid.total[rows] - applied),
    )


def credit_memos(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, memos = view.business, view.business.memos
    owner, entries = _in_force(view.balances.by_memo, b.memo_applications, rows, at)
    applied = np.zeros(len(rows), dtype=np.int64)
    np.add.at(applied, owner, b.memo_applications.amount[entries])
    total = memos.total[rows]
    zone = b.bills.zone[memos.invoice[rows]]
    basis = np.array(b.profile.tax_rates)[zone]
    tax = total * basis // (10_000 + basis)
    units = [f'{{"id":{n + First.BUSINESS_UNIT},"name":{json.dumps(u.name)}}}' for n, u in enumerate(b.company.units)]
    numbers = (rows + First.CREDIT_MEMO).tolist()
    codes = [
        f'{{"id":{611 + z},"name":"{("City", "County", "Exempt")[z]}","taxRate":{text}}}'
        for z, text in zip(zone.tolist(), rate(basis), strict=True)
    ]
    return objects(
        len(rows),
        id=numbers,
        date=days(b.calendar.local_midnight(memos.created[rows]), ""),
        referenceNumber=[f'"CM{n}"' for n in numbers],
        subTotal=decimals(total - tax),
        salesTax=decimals(tax),
        salesTaxCode=where(zone < 2, codes),
        total=decimals(total),
        balance=decimals(total - applied),
        appliedTo=_memo_applications(view, len(rows), owner, entries),
        customer=named(ids(memos.customer[rows], First.CUSTOMER), view.names.customers(memos.customer[rows])),
        customerAddress=view.names.addresses(b.locations.first(memos.customer[rows]), geo=False),
        location=named(ids(memos.location[rows], First.LOCATION), view.names.locations(memos.location[rows])),
        locationAddress=view.names.addresses(memos.location[rows], geo=False),
        businessUnit=chosen(units, b.invoices.unit[memos.invoice[rows]]),
        syncStatus=where(memos.created[rows] + 864_000_000_000 <= at, '"Posted"', '"Pending"'),
        batch="null",
        customFields="[]",
        createdOn=instants(memos.created[rows]),
        createdBy=view.creator_names(rows, "memos"),
        modifiedOn=instants(modified),
        modifiedBy=view.creator_names(rows, "memo changes"),
        description='"Goodwill"',
        active=booleans(memos.inactive[rows] > at),
        importId="null",
        exportId="null",
    )


def _in_force(runs: Runs, applications: Applications, rows: Ints, at: int) -> tuple[Ints, Ints]:
    """(position in `rows`, application) of every application of the rows that holds at an instant."""
    start, stop = runs.starts[rows], runs.starts[rows + 1]
    count = stop - start
    offset = np.cumsum(count) - count
    entries = runs.source[np.repeat(start - offset, count) + np.arange(int(count.sum()))]
    owner = np.repeat(np.arange(len(rows)), count)
    holds = (applications.applied[entries] <= at) & (at < applications.ended[entries])
    return owner[holds], entries[holds]


def _payment_applications(view: View, count: int, owner: Ints, entries: Ints) -> Texts:
    applied = view.business.applications
    invoices = (applied.invoice[entries] + First.INVOICE).tolist()
    texts = objects(
        len(entries),
        appliedAmount=money(applied.amount[entries]),
        appliedBy=view.creator_names(entries, "applied"),
        appliedId=ids(entries, First.APPLICATION),
        appliedOn=days(view.business.calendar.local_midnight(applied.applied[entries])),
        appliedTo=invoices,
        appliedToReferenceNumber=[f'"{n}"' for n in invoices],
    )
    return _grouped(texts, count, owner)


def _memo_applications(view: View, count: int, owner: Ints, entries: Ints) -> Texts:
    applied = view.business.memo_applications
    invoices = (applied.invoice[entries] + First.INVOICE).tolist()
    texts = objects(
        len(entries),
        appliedId=ids(entries, First.MEMO_APPLICATION),
        appliedTo=invoices,
        appliedAmount=decimals(applied.amount[entries]),
        appliedOn=days(view.business.calendar.local_midnight(applied.applied[entries]), ""),
        appliedBy=view.creator_names(entries, "applied"),
        appliedToReferenceNumber=[f'"{n}"' for n in invoices],
    )
    return _grouped(texts, count, owner)


def _grouped(texts: Texts, count: int, owner: Ints) -> Texts:
    edges = np.searchsorted(owner, np.arange(count + 1)).tolist()
    return [f"[{','.join(texts[a:z])}]" for a, z in pairwise(edges)]

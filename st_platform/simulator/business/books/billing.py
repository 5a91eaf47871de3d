"""What is on the invoices, to the cent: lines, tax, totals, and lines taken off again.

Totals are sums of lines by construction, before and after a line is removed. Amounts are cents, quantities and hours
hundredths. Knows nothing of payments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from st_platform.simulator.business.books.invoices import Invoices, correct, join
from st_platform.simulator.business.books.plans import Memberships
from st_platform.simulator.business.chance import Chance, Flags, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.pricebook import PLANS, SKU_BY_CODE, SKUS, SLOTS, Kind, Slot
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

_YEAR = round(365.25 * DAY)
_FIXED = np.array(
    [sku.price == 0 or sku.type == "PriceModifier" or sku.code.startswith(("MB-", "ADJ")) for sku in SKUS]
)
_PRICE = np.array([sku.price for sku in SKUS], dtype=np.int64)
_TAXABLE = np.array([sku.taxable and sku.chargeable for sku in SKUS])
_DISCOUNT = np.array([sku.type == "PriceModifier" for sku in SKUS])


@dataclass(frozen=True)
class Lines:
    """One entry per invoice line, in order of creation. `price` and `total` in cents, `quantity` in hundredths."""

    invoice: Ints
    order: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    total: Ints
    plan: Ints
    created: Ticks

    def __len__(self) -> int:
        return len(self.invoice)


@dataclass(frozen=True)
class Bills:
    """One entry per invoice, cents. `late_*` are the amounts from `changed` on, when a line has been taken off.
    `first` and `count` find the lines."""

    subtotal: Ints
    tax: Ints
    discount: Ints
    late_subtotal: Ints
    late_tax: Ints
    changed: Ticks
    zone: Ints
    first: Ints
    count: Ints

    @property
    def total(self) -> Ints:
        """What the invoice comes to in the end."""
        return self.late_subtotal + self.late_tax


def bill(
    chance: Chance,
    company: Company,
    calendar: LocalCalendar,
    invoices: Invoices,
    memberships: Memberships,
    invoice_of_job: Ints,
    exempt: Flags,
) -> tuple[Invoices, Lines, Bills, Ints]:
    """Fill the invoices, correct some of them, and put everything in order.

    Answers the invoices with their corrections, the lines, the amounts, and the invoice of each job.
    """
    draft = _ordinary(chance, company, invoices)
    draft.append(_plan_lines(invoices, memberships, invoice_of_job))
    draft.append(_earned(invoices, memberships))
    lines = _Draft.join([part for part in draft if len(part.invoice)])
    subtotal = _sums(lines.invoice, lines.total, len(invoices))
    candidates = np.flatnonzero((invoices.billed != NEVER) & (subtotal > 5000) & (invoices.kind <= Kind.COUNTER))
    first = correct("first", chance, company, calendar, invoices, candidates, 0.024)
    everything = join([invoices, first])
    fresh = np.arange(len(invoices), len(everything))
    second = correct("second", chance, company, calendar, everything, fresh, 0.09)
    everything = join([everything, second])
    lines = _Draft.join([lines, _corrections(chance, everything, len(invoices), subtotal)])

    order = np.argsort(everything.created, kind="stable")
    position = np.empty(len(order) + 1, dtype=np.int64)
    position[order] = np.arange(len(order))
    position[NONE] = NONE
    everything = everything.take(order)
    everything = replace(everything, adjusts=position[everything.adjusts])
    finished, bills = _add_up(chance, company, everything, lines.renumbered(position), exempt)
    return everything, finished, bills, position[invoice_of_job]


def removed_at(lines: Lines, bills: Bills, rows: Ints) -> Ticks:
    """When lines are taken off their invoices: the last line of an invoice that changes."""
    invoice = lines.invoice[rows]
    return np.where(lines.order[rows] == bills.count[invoice] - 1, bills.changed[invoice], NEVER)


@dataclass(frozen=True)
class _Draft:
    invoice: Ints
    slot: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    plan: Ints

    @property
    def total(self) -> Ints:
        return _times(self.quantity, self.price)

    @classmethod
    def of(
        cls, invoice: Ints, slot: int, sku: Ints, price: Ints, *, quantity: Ints | None = None, plan: Ints | None = None
    ) -> _Draft:
        count = len(invoice)
        return cls(
            invoice,
            np.full(count, slot, dtype=np.int64),
            sku,
            np.full(count, 100, dtype=np.int64) if quantity is None else quantity,
            price,
            np.full(count, NONE, dtype=np.int64) if plan is None else plan,
        )

    @classmethod
    def join(cls, parts: list[_Draft]) -> _Draft:
        names = ("invoice", "slot", "sku", "quantity", "price", "plan")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def renumbered(self, position: Ints) -> _Draft:
        return _Draft(position[self.invoice], self.slot, self.sku, self.quantity, self.price, self.plan)


def _ordinary(chance: Chance, company: Company, invoices: Invoices) -> list[_Draft]:
    parts: list[_Draft] = []
    for kind, slots in SLOTS.items():
        rows = np.flatnonzero((invoices.kind == kind) & (invoices.billed != NEVER))
        for number, slot in enumerate(slots):
            stream = chance.stream(f"lines {kind.name} {number}")
            filled = rows[stream.random(len(rows)) < slot.chance]
            parts.append(_slot_lines(stream, company, invoices, number, slot, filled))
    return parts


def _slot_lines(
    stream: np.random.Generator, company: Company, invoices: Invoices, number: int, slot: Slot, rows: Ints
) -> _Draft:
    invoice = np.repeat(rows, stream.integers(slot.least, slot.most + 1, len(rows)))
    pool = np.array([SKU_BY_CODE[code] for code in slot.codes])
    sku = pool[stream.integers(0, len(pool), len(invoice))]
    if slot.by_trade:
        for trade in np.unique(invoices.trade[invoice]).tolist():
            fitting = pool[np.array([SKUS[i].trade in (trade, -1) for i in pool])]
            mine = invoices.trade[invoice] == trade
            sku[mine] = fitting[stream.integers(0, len(fitting), int(mine.sum()))]
    steps = max(1, slot.quantity // 50)
    quantity = np.where(slot.quantity > 100, stream.integers(1, steps + 1, len(invoice)) * 50, slot.quantity)
    years = (invoices.billed[invoice] - company.opened) / _YEAR
    raised = _PRICE[sku] * (1 + 0.031 * years) * stream.uniform(0.92, 1.09, len(invoice))
    price = np.where(_FIXED[sku], _PRICE[sku], np.rint(raised).astype(np.int64))
    return _Draft.of(invoice, number, sku, price, quantity=quantity)


def _plan_lines(invoices: Invoices, memberships: Memberships, invoice_of_job: Ints) -> _Draft:
    """The sale of a plan on the invoice of the job it was sold on, or on a membership invoice of its own."""
    upfront = np.array([plan.billing in ("Annual", "OneTime") for plan in PLANS])[memberships.plan]
    sold = np.flatnonzero(upfront & (memberships.sold_on != NONE))
    on_job = invoice_of_job[memberships.sold_on[sold]]
    billed = invoices.billed[on_job] != NEVER
    own = np.flatnonzero(invoices.kind == Kind.MEMBERSHIP)
    member = np.concatenate([sold[billed], invoices.membership[own]])
    plan = memberships.plan[member]
    deferred = upfront[member]
    sku = np.where(deferred, SKU_BY_CODE["MB-SALE"], SKU_BY_CODE["MB-FEE"])
    price = np.array([offered.price for offered in PLANS])[plan]
    return _Draft.of(np.concatenate([on_job[billed], own]), 8, sku, price, plan=plan)


def _earned(invoices: Invoices, memberships: Memberships) -> _Draft:
    """On a member's visit, half of what was deferred becomes revenue: one line up, one line down."""
    upfront = np.array([plan.billing in ("Annual", "OneTime") for plan in PLANS])
    visits = np.flatnonzero(
        (invoices.kind == Kind.MAINTENANCE) & (invoices.membership != NONE) & (invoices.billed != NEVER)
    )
    plan = memberships.plan[invoices.membership[visits]]
    visits, plan = visits[upfront[plan]], plan[upfront[plan]]
    half = np.array([offered.price // 2 for offered in PLANS])[plan]
    earned = np.full(len(visits), SKU_BY_CODE["MB-EARN"])
    drawn = np.full(len(visits), SKU_BY_CODE["MB-DRAW"])
    return _Draft.join([_Draft.of(visits, 6, earned, half, plan=plan), _Draft.of(visits, 7, drawn, -half, plan=plan)])


def _corrections(chance: Chance, everything: Invoices, originals: int, subtotal: Ints) -> _Draft:
    rows = np.arange(originals, len(everything))
    stream = chance.stream("correction lines")
    root = everything.adjusts[rows]
    above = np.where(root >= originals, everything.adjusts[np.minimum(root, len(everything) - 1)], root)
    credit = stream.random(len(rows)) < 0.8
    amount = np.rint(subtotal[above] * stream.uniform(0.04, 0.35, len(rows))).astype(np.int64) + 1
    sku = np.where(credit, SKU_BY_CODE["ADJ-CREDIT"], SKU_BY_CODE["ADJ-DEBIT"])
    return _Draft.of(rows, 0, sku, np.where(credit, -amount, amount // 2 + 1))


def _add_up(chance: Chance, company: Company, invoices: Invoices, draft: _Draft, exempt: Flags) -> tuple[Lines, Bills]:
    count = len(invoices)
    order = np.lexsort((draft.slot, draft.invoice, invoices.billed[draft.invoice]))
    invoice, sku = draft.invoice[order], draft.sku[order]
    lines_of = np.bincount(invoice, minlength=count)
    starts_run = np.concatenate([[True], invoice[1:] != invoice[:-1]])
    run_start = np.maximum.accumulate(np.where(starts_run, np.arange(len(invoice)), 0))
    place = np.arange(len(invoice)) - run_start
    first = np.zeros(count, dtype=np.int64)
    first[invoice[starts_run]] = np.flatnonzero(starts_run)
    total = draft.total[order]
    created = np.maximum.accumulate(invoices.billed[invoice] + place)

    zone = chance.among(invoices.location, "tax zone", 2)
    zone = np.where(exempt[invoices.customer], 2, zone)
    rate = np.array(company.profile.tax_rates)[zone]
    taxed = np.where(_TAXABLE[sku] | (invoices.kind[invoice] == Kind.ADJUSTMENT), total, 0)
    taxable = _sums(invoice, taxed, count)
    subtotal = _sums(invoice, total, count)

    changed, last = _taken_off(chance, invoices, lines_of, first, sku)
    gone, gone_taxed = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    gone[invoice[last]] = total[last]
    gone_taxed[invoice[last]] = taxed[last]
    lines = Lines(
        invoice=invoice,
        order=place,
        sku=sku,
        quantity=draft.quantity[order],
        price=draft.price[order],
        total=total,
        plan=draft.plan[order],
        created=created,
    )
    bills = Bills(
        subtotal=subtotal,
        tax=_share(taxable, rate),
        discount=_sums(invoice, np.where(_DISCOUNT[sku], total, 0), count),
        late_subtotal=subtotal - gone,
        late_tax=_share(taxable - gone_taxed, rate),
        changed=changed,
        zone=zone,
        first=first,
        count=lines_of,
    )
    return lines, bills


def _taken_off(chance: Chance, invoices: Invoices, lines_of: Ints, first: Ints, sku: Ints) -> tuple[Ticks, Ints]:
    """Some invoices lose their last line within a day: when each invoice changes, and which lines go."""
    stream = chance.stream("lines taken off")
    candidates = np.flatnonzero((lines_of >= 3) & (invoices.kind <= Kind.INSTALL))
    last = first[candidates] + lines_of[candidates] - 1
    plain = ~_FIXED[sku[last]]
    chosen = some(stream, candidates[plain], 0.014, at_least=3)
    last = first[chosen] + lines_of[chosen] - 1
    when = invoices.billed[chosen] + between(stream, 25 * MINUTE, 30 * HOUR, len(chosen))
    changed = np.full(len(invoices), NEVER, dtype=np.int64)
    changed[chosen] = when
    return changed, last


def _sums(owner: Ints, amount: Ints, count: int) -> Ints:
    """Exact sums of whole numbers by owner."""
    result = np.zeros(count, dtype=np.int64)
    np.add.at(result, owner, amount)
    return result


def _times(quantity: Ints, price: Ints) -> Ints:
    """Hundredths times cents, rounded half away from zero."""
    product = quantity * price
    return np.sign(product) * ((np.abs(product) + 50) // 100)


def _share(amount: Ints, basis_points: Ints) -> Ints:
    product = amount * basis_points
    return np.sign(product) * ((np.abs(product) + 5000) // 10_000)

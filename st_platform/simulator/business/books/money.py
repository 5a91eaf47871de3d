"""Who pays what and when: payments and their applications, deposits, refunds, bounced checks, credit memos.

Follows from the invoices' totals; makes every balance what is billed minus what is applied. Amounts are cents.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from st_platform.simulator.business.books.billing import Bills
from st_platform.simulator.business.books.invoices import Invoices
from st_platform.simulator.business.chance import Chance, Flags, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.people import Customers
from st_platform.simulator.business.pricebook import PAYMENT_TYPES, Kind
from st_platform.simulator.business.work import NONE, Jobs, kinds_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, Ticks

CARD, CHECK, CASH, ACH, FINANCING, REFUND = range(len(PAYMENT_TYPES))


@dataclass(frozen=True)
class Payments:
    """In order of creation. A refund has a negative `total` and names what it pays back in `refunded`. `unit` is an
    invoice whose business unit it shares."""

    customer: Ints
    total: Ints
    type: Ints
    refunded: Ints
    unit: Ints
    created: Ticks
    voided: Ticks


@dataclass(frozen=True)
class Applications:
    """What part of a payment, or of a credit memo, settles which invoice, from `applied` until `ended`."""

    source: Ints
    invoice: Ints
    amount: Ints
    applied: Ticks
    ended: Ticks


@dataclass(frozen=True)
class CreditMemos:
    """In order of creation. `removed` is when a memo is deleted for good; only unapplied ones are."""

    customer: Ints
    location: Ints
    invoice: Ints
    total: Ints
    created: Ticks
    inactive: Ticks
    removed: Ticks


@dataclass
class _Till:
    """Collects payments and applications; numbers are final only after `close`."""

    columns: dict[str, list[Ints]] = field(default_factory=lambda: {n: [] for n in _PAYMENT})
    applied: dict[str, list[Ints]] = field(default_factory=lambda: {n: [] for n in _APPLICATION})
    count: int = 0

    def take(
        self, customer: Ints, total: Ints, type_: Ints | int, created: Ticks, unit: Ints, refunded: Ints | int = NONE
    ) -> Ints:
        size = len(customer)
        values = (customer, total, type_, refunded, unit, created, NEVER)
        for name, value in zip(_PAYMENT, values, strict=True):
            self.columns[name].append(np.broadcast_to(np.asarray(value, dtype=np.int64), size))
        self.count += size
        return np.arange(self.count - size, self.count)

    def apply(self, payment: Ints, invoice: Ints, amount: Ints, when: Ticks) -> None:
        values = (payment, invoice, amount, when, np.full(len(payment), NEVER, dtype=np.int64))
        for name, value in zip(_APPLICATION, values, strict=True):
            self.applied[name].append(value)

    def payments(self) -> Payments:
        return Payments(**{name: np.concatenate(parts) for name, parts in self.columns.items()})

    def applications(self) -> Applications:
        return Applications(**{name: np.concatenate(parts) for name, parts in self.applied.items()})


_PAYMENT = ("customer", "total", "type", "refunded", "unit", "created", "voided")
_APPLICATION = ("source", "invoice", "amount", "applied", "ended")


def collect(
    chance: Chance, company: Company, customers: Customers, jobs: Jobs, invoices: Invoices, bills: Bills
) -> tuple[Payments, Applications, CreditMemos, Applications]:
    """All payments and credit memos with their applications."""
    desk = _Desk(chance, company, customers, jobs, invoices, bills)
    desk.deposits()
    desk.ordinary()
    desk.corrections()
    desk.refunds_of_overpayment()
    payments, applications = desk.close()
    memos, memo_applications = desk.memos()
    return payments, applications, memos, memo_applications


class _Desk:
    def __init__(
        self, chance: Chance, company: Company, customers: Customers, jobs: Jobs, invoices: Invoices, bills: Bills
    ) -> None:
        self._stream = chance.stream("money")
        self._company = company
        self._jobs = jobs
        self._invoices = invoices
        self._commercial: Flags = customers.commercial[invoices.customer] & (invoices.kind <= Kind.WARRANTY)
        self._till = _Till()
        self._open = np.where(invoices.billed == NEVER, 0, bills.total)
        ready = np.where(bills.changed != NEVER, bills.changed + MINUTE, 0)
        billed = np.where(invoices.billed == NEVER, 0, invoices.billed)
        self._ready = np.maximum(billed + between(self._stream, 14 * MINUTE, 40 * MINUTE, len(invoices)), ready)
        self._over: list[tuple[Ints, Ints]] = []
        self._memo_for: Ints = np.zeros(0, dtype=np.int64)
        self._memo_amount: Ints = np.zeros(0, dtype=np.int64)

    def deposits(self) -> None:
        """Money in advance for installs: unapplied until the invoice is billed, or paid back if it never is."""
        stream, jobs, invoices = self._stream, self._jobs, self._invoices
        large = np.flatnonzero((invoices.kind == Kind.INSTALL) & (self._open > 100_000))
        job = np.maximum(invoices.job, invoices.project)
        paid = jobs.created[job[large]] + between(stream, 10 * MINUTE, 20 * HOUR, len(large))
        large, paid = large[paid < invoices.billed[large] - HOUR], paid[paid < invoices.billed[large] - HOUR]
        chosen = some(stream, np.arange(len(large)), 0.4, at_least=3)
        invoice, paid = large[chosen], paid[chosen]
        amount = self._open[invoice] * 3 // 10 // 5000 * 5000
        payment = self._till.take(invoices.customer[invoice], amount, CARD, paid, invoice)
        self._till.apply(payment, invoice, amount, self._ready[invoice])
        self._open[invoice] -= amount
        lost = np.flatnonzero((kinds_of(self._company, jobs) == Kind.INSTALL) & (jobs.canceled != NEVER))
        lost = some(stream, lost[jobs.canceled[lost] > jobs.created[lost] + HOUR], 0.4, at_least=2)
        of_job = self._invoice_of_job(lost)
        advance = np.full(len(lost), 50_000, dtype=np.int64)
        taken = self._till.take(jobs.customer[lost], advance, CHECK, jobs.created[lost] + 20 * MINUTE, of_job)
        back = jobs.canceled[lost] + between(stream, DAY, 6 * DAY, len(lost))
        self._till.take(jobs.customer[lost], -advance, REFUND, back, of_job, refunded=taken)

    def ordinary(self) -> None:
        """How customers usually pay: at once, later, by statement, in two parts, too much, with a memo, or never."""
        stream, invoices = self._stream, self._invoices
        due = np.flatnonzero((self._open > 0) & (invoices.kind != Kind.ADJUSTMENT))
        luck = stream.random(len(due))
        business = self._commercial[due]
        steps_home = np.array([0.79, 0.9, 0.9, 0.95, 0.972, 0.98])
        steps_business = np.array([0.12, 0.5, 0.84, 0.9, 0.905, 0.93])
        manner = np.where(
            business,
            np.searchsorted(steps_business, luck, side="right"),
            np.searchsorted(steps_home, luck, side="right"),
        )
        manner[(invoices.kind[due] == Kind.MEMBERSHIP) & (luck < 0.96)] = 0
        manner[invoices.kind[due] == Kind.COUNTER] = 0
        manner[(invoices.kind[due] == Kind.AR_IMPORT) & (luck < 0.8)] = 1
        late = self._ready + np.where(
            self._commercial,
            between(stream, 12 * DAY, 70 * DAY, len(self._ready)),
            between(stream, 2 * DAY, 31 * DAY, len(self._ready)),
        )
        at_once, later, statement, parts, over, memo = (due[manner == step] for step in range(6))
        self._pay(at_once, self._open[at_once], self._ready[at_once], self._method(at_once))
        self._pay(later, self._open[later], late[later], CHECK)
        self._statements(statement, late)
        half = self._open[parts] * 2 // 5
        self._pay(parts, half, np.where(self._commercial[parts], late[parts], self._ready[parts]), CHECK)
        self._pay(parts, self._open[parts] - half, late[parts] + between(stream, 12 * DAY, 45 * DAY, len(parts)), ACH)
        extra = between(stream, 2, 13, len(over)) * 500
        payment = self._pay(over, self._open[over], self._ready[over], CHECK, extra=extra)
        self._over.append((payment, extra))
        self._memo_for, self._memo_amount = memo, self._open[memo] // 6 + 1
        self._pay(memo, self._open[memo] - self._memo_amount, late[memo], CHECK)
        self._bounce()

    def corrections(self) -> None:
        """Corrections in the customer's favour are paid back when the original was paid; the others are paid."""
        stream, invoices = self._stream, self._invoices
        applications = self._till.applications()
        payer = np.full(len(invoices), NONE, dtype=np.int64)
        payer[applications.invoice] = applications.source
        paid = np.zeros(len(invoices), dtype=np.int64)
        paid[applications.invoice] = applications.applied
        wrong = np.flatnonzero(invoices.kind == Kind.ADJUSTMENT)
        owed = wrong[(self._open[wrong] < 0) & (payer[invoices.adjusts[wrong]] != NONE)]
        owed = some(stream, owed, 0.6, at_least=3)
        root = invoices.adjusts[owed]
        when = np.maximum(self._ready[owed], paid[root]) + between(stream, DAY, 80 * DAY, len(owed))
        payment = self._till.take(invoices.customer[owed], self._open[owed], REFUND, when, owed, refunded=payer[root])
        self._till.apply(payment, owed, self._open[owed], when)
        more = some(stream, wrong[self._open[wrong] > 0], 0.75, at_least=1)
        self._pay(more, self._open[more], self._ready[more] + between(stream, DAY, 25 * DAY, len(more)), CARD)

    def refunds_of_overpayment(self) -> None:
        stream = self._stream
        payments = self._till.payments()
        for payment, extra in self._over:
            chosen = some(stream, np.arange(len(payment)), 0.6, at_least=1)
            paid, amount = payment[chosen], extra[chosen]
            when = payments.created[paid] + between(stream, 4 * DAY, 25 * DAY, len(paid))
            self._till.take(payments.customer[paid], -amount, REFUND, when, payments.unit[paid], refunded=paid)

    def close(self) -> tuple[Payments, Applications]:
        """In order of creation, applications in order of time."""
        drafted, applications = self._till.payments(), self._till.applications()
        order = np.argsort(drafted.created, kind="stable")
        position = np.empty(len(order) + 1, dtype=np.int64)
        position[order] = np.arange(len(order))
        position[NONE] = NONE
        payments = Payments(
            customer=drafted.customer[order],
            total=drafted.total[order],
            type=drafted.type[order],
            refunded=position[drafted.refunded[order]],
            unit=drafted.unit[order],
            created=drafted.created[order],
            voided=drafted.voided[order],
        )
        by_time = np.argsort(applications.applied, kind="stable")
        return payments, Applications(
            source=position[applications.source[by_time]],
            invoice=applications.invoice[by_time],
            amount=applications.amount[by_time],
            applied=applications.applied[by_time],
            ended=applications.ended[by_time],
        )

    def memos(self) -> tuple[CreditMemos, Applications]:
        """Memos that make up for the rest of an invoice, and memos that nobody has used yet."""
        stream, invoices = self._stream, self._invoices
        covered = self._memo_for
        given = self._ready[covered] + between(stream, HOUR, 12 * DAY, len(covered))
        used = given + np.where(
            stream.random(len(covered)) < 0.6, 5 * MINUTE, between(stream, DAY, 30 * DAY, len(covered))
        )
        goodwill = some(stream, np.flatnonzero(invoices.billed != NEVER), 0.006, at_least=16)
        offered = invoices.billed[goodwill] + between(stream, DAY, 60 * DAY, len(goodwill))
        fate = stream.random(len(goodwill))
        ending = offered + between(stream, 10 * DAY, 200 * DAY, len(goodwill))
        invoice = np.concatenate([covered, goodwill])
        created = np.concatenate([given, offered])
        never = np.full(len(covered), NEVER, dtype=np.int64)
        order = np.argsort(created, kind="stable")
        position = np.empty(len(order), dtype=np.int64)
        position[order] = np.arange(len(order))
        memos = CreditMemos(
            customer=invoices.customer[invoice][order],
            location=invoices.location[invoice][order],
            invoice=invoice[order],
            total=np.concatenate([self._memo_amount, between(stream, 4, 60, len(goodwill)) * 500 + 1])[order],
            created=created[order],
            inactive=np.concatenate([never, np.where(fate > 0.85, ending, NEVER)])[order],
            removed=np.concatenate([never, np.where(fate < 0.3, ending, NEVER)])[order],
        )
        uses = np.argsort(used, kind="stable")
        return memos, Applications(
            source=position[: len(covered)][uses],
            invoice=covered[uses],
            amount=self._memo_amount[uses],
            applied=used[uses],
            ended=never,
        )

    def _pay(self, invoice: Ints, amount: Ints, when: Ticks, type_: Ints | int, *, extra: Ints | int = 0) -> Ints:
        payment = self._till.take(self._invoices.customer[invoice], amount + extra, type_, when, invoice)
        self._till.apply(payment, invoice, amount, when)
        return payment

    def _statements(self, invoices: Ints, late: Ticks) -> None:
        """One payment a month for everything a customer has open."""
        customer, month = self._invoices.customer[invoices], late[invoices] // (30 * DAY)
        _, group = np.unique(np.stack([customer, month]), axis=1, return_inverse=True)
        count = int(group.max()) + 1 if len(group) else 0
        when, total = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        np.maximum.at(when, group, late[invoices])
        np.add.at(total, group, self._open[invoices])
        first = np.zeros(count, dtype=np.int64)
        first[group[::-1]] = invoices[::-1]
        payment = self._till.take(self._invoices.customer[first], total, ACH, when, first)
        self._till.apply(payment[group], invoices, self._open[invoices], when[group])

    def _bounce(self) -> None:
        """A few checks bounce: the payment turns inactive, its applications end, most are paid again."""
        stream = self._stream
        payments, applications = self._till.payments(), self._till.applications()
        applied = np.bincount(applications.source, minlength=len(payments.total))
        bad = some(
            stream, np.flatnonzero((payments.type == CHECK) & (applied == 1) & (payments.refunded == NONE)), 0.02
        )
        over = np.concatenate([payment for payment, _ in self._over])
        bad = bad[~np.isin(bad, over)]
        when = payments.created[bad] + between(stream, 2 * DAY, 12 * DAY, len(bad))
        voided = payments.voided.copy()
        voided[bad] = when
        self._till.columns["voided"] = [voided]
        ended = applications.ended.copy()
        which = np.flatnonzero(np.isin(applications.source, bad))
        ended[which] = voided[applications.source[which]]
        self._till.applied["ended"] = [ended]
        again = which[stream.random(len(which)) < 0.7]
        self._pay(
            applications.invoice[again],
            applications.amount[again],
            ended[again] + between(stream, DAY, 20 * DAY, len(again)),
            CARD,
        )

    def _method(self, invoice: Ints) -> Ints:
        luck = self._stream.random(len(invoice))
        usual = np.array([CARD, CHECK, CASH, FINANCING])[np.searchsorted([0.7, 0.9, 0.97], luck, side="right")]
        return np.where(self._invoices.kind[invoice] == Kind.MEMBERSHIP, CARD, usual)

    def _invoice_of_job(self, jobs: Ints) -> Ints:
        of_job = np.zeros(len(self._jobs), dtype=np.int64)
        own = np.flatnonzero((self._invoices.job != NONE) & (self._invoices.kind != Kind.ADJUSTMENT))
        of_job[self._invoices.job[own]] = own
        return of_job[jobs]

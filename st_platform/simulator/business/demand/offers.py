"""Estimates: what is offered on visits, line by line, and which of it is sold and becomes a job.

Knows jobs and invoices; a sold estimate has the lines that its job is billed for. Amounts in cents, quantities in
hundredths. What an estimate comes to is the sum of its lines, before and after one of them is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from st_platform.simulator.business.chance import Ints, between, some
from st_platform.simulator.business.pay.sheet import Sheet
from st_platform.simulator.business.pricebook import SKU_BY_CODE, SKUS, Kind
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, kinds_of, trades_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

_YEAR = round(365.25 * DAY)
_PRICE = np.array([sku.price for sku in SKUS], dtype=np.int64)
_COST = np.array([sku.cost for sku in SKUS], dtype=np.int64)
_TAXABLE = np.array([sku.taxable for sku in SKUS])
_OFFERED = np.array(
    [sku.chargeable and sku.type in ("Service", "Material", "Equipment") and sku.price > 0 for sku in SKUS]
) & ~np.array([sku.code.startswith(("MB-", "ADJ", "FIN")) for sku in SKUS])
_REPAIRS = [i for i, sku in enumerate(SKUS) if sku.type == "Service" and sku.trade >= 0]
_UNITS = [i for i, sku in enumerate(SKUS) if sku.type == "Equipment"]
_PARTS = [i for i, sku in enumerate(SKUS) if sku.type == "Material" and sku.chargeable]
_LABOUR, _PERMIT = SKU_BY_CODE["IN-LABOR"], SKU_BY_CODE["IN-PERMIT"]


@dataclass(frozen=True)
class Estimates:
    """In order of creation. `option` counts the choices offered on one visit from 0; `sold_job` is the job that the
    sale led to. From `changed` on the last line is off and `late_subtotal` counts. `first` and `count` find the
    lines."""

    job: Ints
    option: Ints
    change_order: Ints
    sold_job: Ints
    created: Ticks
    sold: Ticks
    dismissed: Ticks
    changed: Ticks
    inactive: Ticks
    subtotal: Ints
    tax: Ints
    late_subtotal: Ints
    late_tax: Ints
    first: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class EstimateItems:
    """One entry per line, those of an estimate together. `line` is the invoice line that it was billed as."""

    estimate: Ints
    order: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    cost: Ints
    total: Ints
    line: Ints
    created: Ticks
    removed: Ticks

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Offers:
    """Everything that was ever offered. One entry per job: `made_from`, the estimate whose sale led to it. Those made
    on job j are `of_job[starts[j]:starts[j + 1]]`."""

    estimates: Estimates
    items: EstimateItems
    made_from: Ints
    starts: Ints
    of_job: Ints


@dataclass(frozen=True)
class _Lines:
    estimate: Ints
    order: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    line: Ints

    @classmethod
    def join(cls, parts: list[_Lines]) -> _Lines:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def take(self, order: Ints) -> _Lines:
        return _Lines(*(getattr(self, field.name)[order] for field in fields(_Lines)))


def offer(business: Business) -> Offers:
    """Estimates of a business: on visits for an estimate, on some repairs, and change orders on installations."""
    jobs = business.jobs
    sheet = Sheet(job=NONE, option=0, change_order=0, sold_job=NONE, sold=NEVER, dismissed=NEVER)
    _options(business, sheet)
    _change_orders(business, sheet)
    columns, _ = sheet.close(business.company.end)
    lines = _priced(business, columns)
    estimates, items = _added_up(business, columns, lines)
    made_from = np.full(len(jobs), NONE, dtype=np.int64)
    led = np.flatnonzero(estimates.sold_job != NONE)
    made_from[estimates.sold_job[led]] = led
    of_job = np.argsort(estimates.job, kind="stable")
    starts = np.zeros(len(jobs) + 1, dtype=np.int64)
    np.cumsum(np.bincount(estimates.job, minlength=len(jobs)), out=starts[1:])
    return Offers(estimates, items, made_from, starts, of_job)


def _options(business: Business, sheet: Sheet) -> None:
    """One to three choices per visit. When one is sold the others are dismissed; many of the rest are, some time."""
    jobs, company = business.jobs, business.company
    stream = business.chance.stream("estimates")
    kind = kinds_of(company, jobs)
    child = np.full(len(jobs), NONE, dtype=np.int64)
    led = np.flatnonzero(jobs.origin != NONE)
    child[jobs.origin[led]] = led
    done = jobs.done != NEVER
    repairs = some(stream, np.flatnonzero(done & (kind == Kind.SERVICE)), 0.09, at_least=3)
    visits = np.union1d(np.flatnonzero(done & ((kind == Kind.ESTIMATE) | (child != NONE))), repairs)
    choices = np.where(kind[visits] == Kind.ESTIMATE, stream.integers(1, 4, len(visits)), 1)
    choices = np.where(stream.random(len(visits)) < 0.08, choices + 1, choices)
    owner = np.repeat(np.arange(len(visits)), choices)
    option = np.arange(len(owner)) - np.repeat(np.cumsum(choices) - choices, choices)
    job = visits[owner]
    length = (jobs.done - jobs.started)[visits]
    begun = jobs.started[visits] + (length * stream.uniform(0.4, 0.75, len(visits))).astype(np.int64)
    step = np.maximum((jobs.done[visits] - begun) // 8, 1)
    created = begun[owner] + option * step[owner] + between(stream, 0, 900, len(owner))
    chosen = (stream.random(len(visits)) * choices).astype(np.int64)
    sold_job = np.where((option == chosen[owner]) & (child[job] != NONE), child[job], NONE)
    decided = np.where(child[job] == NONE, NEVER, jobs.created[np.maximum(child[job], 0)])
    decided = np.where(decided == NEVER, NEVER, decided - between(stream, 40 * SECOND, 4 * MINUTE, len(owner)))
    given_up = created + HOUR + stream.exponential(24 * DAY, len(owner)).astype(np.int64)
    given_up = np.where((decided == NEVER) & (stream.random(len(owner)) < 0.5), given_up, NEVER)
    late = np.where(decided == NEVER, NEVER, np.where(decided == NEVER, 0, decided) + 30 * SECOND)
    sheet.add(
        created,
        job=job,
        option=option,
        sold_job=sold_job,
        sold=np.where(sold_job == NONE, NEVER, decided),
        dismissed=np.where(sold_job != NONE, NEVER, np.minimum(given_up, late)),
    )


def _change_orders(business: Business, sheet: Sheet) -> None:
    """More work that turns up while something is installed, sold on the spot."""
    jobs = business.jobs
    stream = business.chance.stream("change orders")
    installs = np.flatnonzero((kinds_of(business.company, jobs) == Kind.INSTALL) & (jobs.done != NEVER))
    installs = some(stream, installs, 0.06, at_least=1)
    length = (jobs.done - jobs.started)[installs]
    created = jobs.started[installs] + (length * stream.uniform(0.2, 0.7, len(installs))).astype(np.int64)
    sold = created + ((jobs.done[installs] - created) * stream.uniform(0.1, 0.9, len(installs))).astype(np.int64)
    sheet.add(created, job=installs, change_order=1, sold=sold)


def _priced(business: Business, estimates: dict[str, Ints]) -> _Lines:
    """The lines of all estimates: those that were billed later, drawn ones for the rest."""
    rows = np.arange(len(estimates["created"]))
    billed = _billed_as(business, estimates["sold_job"])
    copied = billed[np.isin(billed[:, 0], rows)] if len(billed) else billed
    has = np.zeros(len(rows), dtype=bool)
    has[copied[:, 0]] = True
    lines = business.lines
    source = copied[:, 1]
    parts = [
        _Lines(
            copied[:, 0],
            lines.order[source].astype(np.int64),
            lines.sku[source].astype(np.int64),
            lines.quantity[source].astype(np.int64),
            lines.price[source].astype(np.int64),
            source,
        )
    ]
    kind = kinds_of(business.company, business.jobs)[estimates["job"]]
    small = (estimates["change_order"] == 1) | ((kind != Kind.ESTIMATE) & (estimates["sold_job"] == NONE))
    parts += _drawn(business, estimates, rows[~has & ~small], (_UNITS, [_LABOUR], [_PERMIT], _PARTS, _PARTS), "large")
    parts += _drawn(business, estimates, rows[~has & small], (_REPAIRS, _PARTS, _PARTS), "small")
    every = _Lines.join(parts)
    return every.take(np.lexsort((every.order, every.estimate)))


def _billed_as(business: Business, sold_job: Ints) -> Ints:
    """(estimate, invoice line) for what was offered and later billed, by the job's invoice or by its project's."""
    invoices, bills = business.invoices, business.bills
    of_project = np.full(len(business.jobs), NONE, dtype=np.int64)
    projects = np.flatnonzero((invoices.project != NONE) & (invoices.adjusts == NONE))
    of_project[invoices.project[projects]] = projects
    sold = np.flatnonzero(sold_job != NONE)
    own = business.invoice_of_job[sold_job[sold]]
    invoice = np.where(bills.count[own] > 0, own, of_project[sold_job[sold]])
    count = np.where(invoice == NONE, 0, bills.count[invoice])
    estimate = np.repeat(sold, count)
    start = np.cumsum(count) - count
    line = np.repeat(bills.first[invoice] - start, count) + np.arange(int(count.sum()))
    offered = _OFFERED[business.lines.sku[line]] & (business.lines.price[line] > 0)
    return np.stack([estimate[offered], line[offered]], axis=1).astype(np.int64)


def _drawn(
    business: Business, estimates: dict[str, Ints], rows: Ints, pools: tuple[list[int], ...], name: str
) -> list[_Lines]:
    """One line per pool, the later ones not always; further options cost more."""
    trade = trades_of(business.company, business.jobs)[estimates["job"][rows]]
    years = (estimates["created"][rows] - business.company.opened) / _YEAR
    parts: list[_Lines] = []
    for number, pool in enumerate(pools):
        stream = business.chance.stream(f"estimate lines {name} {number}")
        kept = np.flatnonzero(stream.random(len(rows)) < (1.0 if number == 0 else 0.75))
        sku = np.array(pool)[stream.integers(0, len(pool), len(rows))]
        for one in np.unique(trade).tolist():
            fitting = np.array([i for i in pool if SKUS[i].trade in (one, -1)])
            mine = trade == one
            sku[mine] = fitting[stream.integers(0, len(fitting), int(mine.sum()))]
        choice = 1 + 0.24 * estimates["option"][rows]
        price = np.rint(_PRICE[sku] * choice * (1 + 0.031 * years) * stream.uniform(0.92, 1.09, len(rows)))
        quantity = np.where(np.isin(sku, _PARTS), stream.integers(1, 9, len(rows)) * 50, 100)
        parts.append(
            _Lines(
                rows[kept],
                np.full(len(kept), number),
                sku[kept].astype(np.int64),
                quantity[kept].astype(np.int64),
                price[kept].astype(np.int64),
                np.full(len(kept), NONE, dtype=np.int64),
            )
        )
    return parts


def _added_up(business: Business, columns: dict[str, Ints], lines: _Lines) -> tuple[Estimates, EstimateItems]:
    """Sums to the cent; a few open estimates lose their last line later, a few are deactivated."""
    count = len(columns["created"])
    stream = business.chance.stream("estimates edited")
    many = np.bincount(lines.estimate, minlength=count)
    first = np.cumsum(many) - many
    open_ones = np.flatnonzero((columns["sold"] == NEVER) & (many > 2))
    edited = some(stream, open_ones, 0.06, at_least=2)
    changed = np.full(count, NEVER, dtype=np.int64)
    changed[edited] = columns["created"][edited] + between(stream, HOUR, 12 * DAY, len(edited))
    inactive = np.full(count, NEVER, dtype=np.int64)
    dropped = some(stream, np.flatnonzero(columns["dismissed"] != NEVER), 0.03, at_least=2)
    inactive[dropped] = columns["dismissed"][dropped] + between(stream, HOUR, 30 * DAY, len(dropped))
    total = (lines.quantity * lines.price + 50) // 100
    last = np.arange(len(lines.estimate)) - first[lines.estimate] == many[lines.estimate] - 1
    kept = np.where(last & (changed[lines.estimate] != NEVER), 0, total)
    taxed = _TAXABLE[lines.sku]
    location = business.jobs.location[columns["job"]]
    zone = business.chance.among(location.astype(np.int64), "tax zone", 2)
    rate = np.where(
        business.exempt[business.jobs.customer[columns["job"]]], 0, np.array(business.profile.tax_rates)[zone]
    )

    def sums(amounts: Ints) -> Ints:
        return np.bincount(lines.estimate, weights=amounts, minlength=count).astype(np.int64)

    estimates = Estimates(
        **columns,
        changed=changed,
        inactive=inactive,
        subtotal=sums(total),
        tax=(sums(np.where(taxed, total, 0)) * rate + 5000) // 10_000,
        late_subtotal=sums(kept),
        late_tax=(sums(np.where(taxed, kept, 0)) * rate + 5000) // 10_000,
        first=first,
        count=many,
    )
    years = (columns["created"][lines.estimate] - business.company.opened) / _YEAR
    items = EstimateItems(
        estimate=lines.estimate,
        order=np.arange(len(lines.estimate)) - first[lines.estimate],
        sku=lines.sku,
        quantity=lines.quantity,
        price=lines.price,
        cost=np.rint(_COST[lines.sku] * (1 + 0.027 * years)).astype(np.int64),
        total=total,
        line=lines.line,
        created=columns["created"][lines.estimate],
        removed=np.where(last, changed[lines.estimate], NEVER),
    )
    return estimates, items

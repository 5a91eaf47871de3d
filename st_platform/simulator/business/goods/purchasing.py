"""Why something is ordered: for a job, or to fill up trucks with what jobs have used.

What an invoice line uses is either bought for its job or taken from stock, and stock is bought again; so purchases and
lines tie. Knows nothing of deliveries and of the vendors' bills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.billing import removed_at
from st_platform.simulator.business.chance import Flags, Ints, between, some
from st_platform.simulator.business.columns import stacked, sums, taken
from st_platform.simulator.business.goods.deliveries import deliver
from st_platform.simulator.business.goods.orders import Draft, Drafted, Heads, Purchases, Purpose
from st_platform.simulator.business.pricebook import SKUS, Kind
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, kinds_of, trades_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

_EQUIPMENT = np.array([sku.type == "Equipment" for sku in SKUS])
_STOCKED = np.array([sku.type in ("Material", "Equipment") for sku in SKUS])
_CHARGED = np.array([sku.chargeable for sku in SKUS])
_TRADE = np.array([sku.trade for sku in SKUS])
_FORTNIGHT = 14

SURPLUS = 0.07
"""The share of an install's material lines of which one piece too much is bought, and brought back."""


def purchase(business: Business, technician: Ints) -> Purchases:
    """Everything bought. `technician` is who leads each job."""
    uses = _uses(business)
    drafts = [
        _for_jobs(business, uses, technician),
        _for_lost_jobs(business, technician),
        _for_trucks(business, uses, technician),
    ]
    drafts.append(_twice(business, drafts))
    return _put_in_order(business, drafts)


@dataclass(frozen=True)
class _Uses:
    """Invoice lines that use up goods. `own`: bought for the job."""

    job: Ints
    sku: Ints
    quantity: Ints
    when: Ticks
    own: Flags


def _uses(business: Business) -> _Uses:
    lines, invoices, chance = business.lines, business.invoices, business.chance
    rows = np.flatnonzero(_STOCKED[lines.sku])
    rows = rows[removed_at(lines, business.bills, rows) == NEVER]
    invoice, sku = lines.invoice[rows], lines.sku[rows].astype(np.int64)
    job = np.where(invoices.job[invoice] != NONE, invoices.job[invoice], invoices.project[invoice]).astype(np.int64)
    kind = np.where(job == NONE, int(Kind.COUNTER), kinds_of(business.company, business.jobs)[job])
    parts_run = (job != NONE) & _CHARGED[sku] & (chance.fraction(np.maximum(job, 0), "parts run") < 0.2)
    planned = chance.fraction(rows, "bought for the job") < 0.75
    own = _EQUIPMENT[sku] | np.where(kind == Kind.INSTALL, planned, parts_run)
    return _Uses(job, sku, lines.quantity[rows].astype(np.int64), lines.created[rows], own)


def _for_jobs(business: Business, uses: _Uses, technician: Ints) -> Draft:
    """Installs are prepared, repairs need someone to run for parts."""
    jobs, chance = business.jobs, business.chance
    own = taken(uses, uses.own)
    groups, owner = np.unique(own.job * 2 + ~_EQUIPMENT[own.sku], return_inverse=True)
    job, rows = groups // 2, np.arange(len(groups))
    used = np.full(len(groups), NEVER, dtype=np.int64)
    np.minimum.at(used, owner, own.when)
    install = kinds_of(business.company, jobs)[job] == Kind.INSTALL
    begin = np.where(install, jobs.created[job] + 20 * SECOND, jobs.started[job])
    until = np.where(install, jobs.dispatched[job], used)
    created = _along(begin, until, 0.3 * chance.fraction(groups, "ordered"))
    sent = np.minimum(_along(created, until, 0.1), created + 10 * MINUTE)
    arrives = _along(sent, until, 0.3 + 0.6 * chance.fraction(groups, "arrives"))
    luck = chance.fraction(groups, "back order")
    again = _along(arrives, used, 0.1 + 0.8 * chance.fraction(groups, "second delivery"))
    again = np.where(luck > 0.8, used + ((luck - 0.8) * 40 * DAY).astype(np.int64), again)
    never = np.full(len(groups), NEVER, dtype=np.int64)
    heads = Heads(
        job=job,
        truck=technician[job],
        purpose=np.where(groups % 2 == 0, int(Purpose.JOB_EQUIPMENT), int(Purpose.JOB_PARTS)),
        created=created,
        sent=sent,
        canceled=never,
        arrives=arrives,
        again=np.where(luck > 0.95, NEVER, again),
        voided=never,
    )
    pairs, line = np.unique(owner * len(SKUS) + own.sku, return_inverse=True)
    order, sku = pairs // len(SKUS), pairs % len(SKUS)
    quantity = sums(line, own.quantity, len(pairs))
    careful = install[order] & ~_EQUIPMENT[sku] & (quantity >= 100)
    surplus = np.where(careful & (chance.fraction(pairs, "surplus") < SURPLUS), 100, 0)
    return taken(heads, rows), Drafted(order, sku, quantity + surplus, surplus)


def _for_lost_jobs(business: Business, technician: Ints) -> Draft:
    """Installs that are called off after the unit was ordered: canceled in time, or sent back."""
    jobs, chance = business.jobs, business.chance
    kinds, trades = kinds_of(business.company, jobs), trades_of(business.company, jobs)
    job = np.flatnonzero((kinds == Kind.INSTALL) & (jobs.canceled != NEVER))
    job = job[chance.fraction(job, "ordered early") < 0.75]
    called_off = jobs.canceled[job]
    created = _along(jobs.created[job] + 20 * SECOND, called_off, 0.3 * chance.fraction(job, "ordered"))
    sent = _along(created, called_off, 0.1)
    fate = chance.fraction(job, "fate of the unit")
    stopped = called_off + MINUTE + chance.among(job, "order canceled", 6 * HOUR)
    arrives = np.where(fate < 0.6, _along(sent, called_off, 0.2 + 0.7 * fate), NEVER)
    heads = Heads(
        job=job,
        truck=technician[job],
        purpose=np.full(len(job), int(Purpose.JOB_EQUIPMENT)),
        created=created,
        sent=sent,
        canceled=np.where(fate < 0.4, NEVER, stopped),
        arrives=arrives,
        again=np.full(len(job), NEVER, dtype=np.int64),
        voided=np.where((fate >= 0.4) & (fate < 0.6), stopped, NEVER),
    )
    sku = np.zeros(len(job), dtype=np.int64)
    for trade in np.unique(trades[job]).tolist():
        units = np.flatnonzero(_EQUIPMENT & (trade == _TRADE))
        mine = trades[job] == trade
        sku[mine] = units[chance.among(job[mine], "unit ordered", len(units))]
    full = np.full(len(job), 100, dtype=np.int64)
    return heads, Drafted(np.arange(len(job)), sku, full, np.zeros(len(job), dtype=np.int64))


def _for_trucks(business: Business, uses: _Uses, technician: Ints) -> Draft:
    """Every second Monday each truck, and the warehouse, orders what was taken from it, in whole pieces."""
    chance, calendar = business.chance, business.calendar
    taken_out = taken(uses, ~uses.own)
    truck = np.where(taken_out.job == NONE, NONE, technician[np.maximum(taken_out.job, 0)]).astype(np.int64)
    window = (calendar.to_local(taken_out.when) // DAY + 3) // _FORTNIGHT
    first = int(window.min()) if len(window) else 0
    span = int(window.max()) - first + 1 if len(window) else 1
    keys, entry = np.unique(((truck + 1) * len(SKUS) + taken_out.sku) * span + window - first, return_inverse=True)
    used = sums(entry, taken_out.quantity, len(keys))
    shelf = keys // span
    running = np.cumsum(used)
    begins = np.concatenate([[True], shelf[1:] != shelf[:-1]])[: len(keys)]
    before = np.maximum.accumulate(np.where(begins, running - used, 0))
    whole = -(-(running - before) // 100) * 100
    quantity = whole - np.where(begins, 0, np.concatenate([[0], whole[:-1]]))[: len(keys)]
    keep = quantity > 0
    keys, quantity = keys[keep], quantity[keep]
    groups, order = np.unique((keys // span // len(SKUS)) * span + keys % span, return_inverse=True)
    truck, fortnight = groups // span - 1, groups % span + first
    monday = (fortnight + 1) * _FORTNIGHT - 3
    created = calendar.to_utc(monday * DAY + 6 * HOUR) + chance.among(groups, "restock", 90 * MINUTE)
    sent = created + MINUTE + chance.among(groups, "restock sent", HOUR)
    arrives = sent + 20 * HOUR + chance.among(groups, "restock arrives", 3 * DAY)
    again = arrives + 2 * DAY + chance.among(groups, "restock again", 8 * DAY)
    never = np.full(len(groups), NEVER, dtype=np.int64)
    heads = Heads(
        job=np.full(len(groups), NONE, dtype=np.int64),
        truck=truck,
        purpose=np.full(len(groups), int(Purpose.STOCK)),
        created=created,
        sent=sent,
        canceled=never,
        arrives=arrives,
        again=np.where(chance.fraction(groups, "out of stock") < 0.05, NEVER, again),
        voided=never,
    )
    sku = keys // span % len(SKUS)
    return heads, Drafted(order, sku, quantity, np.zeros(len(keys), dtype=np.int64))


def _twice(business: Business, drafts: list[Draft]) -> Draft:
    """Some orders are made twice by accident and canceled before they are sent."""
    heads, lines = _joined(drafts)
    stream = business.chance.stream("orders made twice")
    chosen = some(stream, np.arange(len(heads.created)), 0.015, at_least=2)
    never = np.full(len(chosen), NEVER, dtype=np.int64)
    created = heads.created[chosen] + between(stream, MINUTE, 40 * MINUTE, len(chosen))
    again = Heads(
        job=heads.job[chosen],
        truck=heads.truck[chosen],
        purpose=heads.purpose[chosen],
        created=created,
        sent=never,
        canceled=created + between(stream, 20 * MINUTE, 20 * HOUR, len(chosen)),
        arrives=never,
        again=never,
        voided=never,
    )
    place = np.full(len(heads.created), NONE, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    own = np.flatnonzero(place[lines.order] != NONE)
    none = np.zeros(len(own), dtype=np.int64)
    return again, Drafted(place[lines.order[own]], lines.sku[own], lines.quantity[own], none)


def _joined(drafts: list[Draft]) -> Draft:
    offsets = np.cumsum([0, *(len(heads.created) for heads, _ in drafts)])
    moved = [
        Drafted(lines.order + offset, lines.sku, lines.quantity, lines.surplus)
        for (_, lines), offset in zip(drafts, offsets.tolist(), strict=False)
    ]
    return stacked([heads for heads, _ in drafts]), stacked(moved)


def _put_in_order(business: Business, drafts: list[Draft]) -> Purchases:
    heads, lines = _joined(drafts)
    order = np.argsort(heads.created, kind="stable")
    order = order[heads.created[order] < business.company.end]
    position = np.full(len(heads.created), NONE, dtype=np.int64)
    position[order] = np.arange(len(order))
    heads = taken(heads, order)
    moved = Drafted(position[lines.order], lines.sku, lines.quantity, lines.surplus)
    rows = np.argsort(moved.order, kind="stable")
    return deliver(business, heads, taken(moved, rows[moved.order[rows] != NONE]))


def _along(begin: Ticks, end: Ticks, share: np.ndarray | float) -> Ticks:
    """An instant on the way from one to another."""
    return begin + (np.maximum(end - begin, 0) * share).astype(np.int64)

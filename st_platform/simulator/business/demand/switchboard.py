"""The front desk: where every contact is noted down, and those contacts that came to nothing.

Agents differ in how many callers they win, and in season they win fewer; callers who hang up, ask something else or
sell something call all the year. Knows no jobs but the moments at which someone was booked.
"""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Chance, Floats, Ints, between
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.demand.enquiries import CallType
from st_platform.simulator.business.pay.sheet import Sheet
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

BOOKING_RATES = (0.765, 0.745, 0.73, 0.715, 0.7, 0.685)
"""What share of lead callers each agent wins in an ordinary month, the first of the office staff in order."""
AGENTS = len(BOOKING_RATES)
CALL_REASONS: tuple[tuple[str, bool], ...] = (
    ("Price too high", True),
    ("No appointment that suits", True),
    ("Wants to think about it", True),
    ("Outside the service area", True),
    ("Called a competitor", True),
    ("Duplicate request", True),
    ("Service not offered", False),
    ("Wrong number", False),
    ("Vendor or sales call", False),
    ("Question about an invoice", False),
    ("Status of a visit", False),
    ("Spam", False),
    ("Old: other", False),
)
"""Name, and whether it is a lead that was lost. The last one is no longer offered."""
LOST, NOT_ASKING = 5, 6
DUPLICATE, SPAM = 5, 11
WEBSITE = 3
"""The campaign that someone comes through when the one that was drawn is not running."""


class Desk:
    """The open sheets of one tenant, and whom the desk can meet."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self.strangers = 0
        self.calls = Sheet(
            ended=0,
            outbound=0,
            type=NONE,
            excused=NEVER,
            campaign=NONE,
            customer=NONE,
            known=NEVER,
            job=NONE,
            linked=NEVER,
            lead=NONE,
            agent=NONE,
            reason=NONE,
            caller=NONE,
            inactive=NEVER,
        )
        self.leads = Sheet(
            campaign=NONE,
            customer=NONE,
            known=NEVER,
            call=NONE,
            booking=NONE,
            job=NONE,
            converted=NEVER,
            dismissed=NEVER,
            chased=NEVER,
            reason=NONE,
            trade=0,
            caller=NONE,
            inactive=NEVER,
        )
        self.bookings = Sheet(
            campaign=NONE,
            customer=NONE,
            job=NONE,
            accepted=NEVER,
            converted=NEVER,
            dismissed=NEVER,
            reason=NONE,
            trade=0,
            caller=NONE,
            inactive=NEVER,
        )

    @property
    def chance(self) -> Chance:
        return self.business.chance

    def meet(self, stream: np.random.Generator, when: Ticks, share: float) -> tuple[Ints, Ints]:
        """Who is calling at each moment: (customer or `NONE`, caller). A `share` of them are customers by then."""
        count = len(when)
        known = np.searchsorted(self.business.customers.created, when)
        customer = (stream.random(count) * known).astype(np.int64)
        customer[(stream.random(count) >= share) | (known == 0)] = NONE
        fresh = -1 - self.strangers - np.arange(count)
        repeats = stream.random(count) < 0.15
        fresh[1:] = np.where(repeats[1:], fresh[:-1], fresh[1:])
        self.strangers += count
        return customer, np.where(customer == NONE, fresh, customer)


def running_campaigns(company: Company, luck: Floats, when: Ticks, weights: list[float]) -> Ints:
    """One campaign per moment, drawn by weight from those that run then."""
    cumulative = np.cumsum(weights)
    chosen = np.minimum(np.searchsorted(cumulative / cumulative[-1], luck, side="right"), len(weights) - 1)
    begins, ends = company.campaign_times()
    runs = (begins[chosen] <= when) & (when < ends[chosen])
    return np.where(runs, chosen, WEBSITE)


def unbooked_calls(desk: Desk, stream: np.random.Generator, created: Ticks, **columns: Ints | int) -> Ints:
    """Callers that were not won: provisional numbers of the calls. A third of them become leads, most of which are
    given up some time, never one that converts."""
    count = len(created)
    ended = created + between(stream, 70 * SECOND, 9 * MINUTE, count)
    reason = between(stream, 0, LOST, count)
    calls = desk.calls.add(created, ended=ended, type=int(CallType.UNBOOKED), reason=reason, **columns)
    kept = np.flatnonzero(stream.random(count) < 0.33)
    at = ended[kept] - between(stream, 5 * SECOND, 50 * SECOND, len(kept))
    given = {
        name: np.broadcast_to(np.asarray(columns[name]), count)[kept]
        for name in ("campaign", "customer", "known", "caller")
        if name in columns
    }
    _lost_leads(desk, stream, at, call=calls[kept], **given)
    return calls


def abandoned_calls(desk: Desk, stream: np.random.Generator, created: Ticks, **columns: Ints | int) -> Ints:
    """Callers that hung up before anyone answered. Half of them are called back."""
    count = len(created)
    ended = created + between(stream, 4 * SECOND, 95 * SECOND, count)
    calls = desk.calls.add(created, ended=ended, type=int(CallType.ABANDONED), **columns)
    back = np.flatnonzero(stream.random(count) < 0.5)
    again = ended[back] + between(stream, 40 * SECOND, 25 * MINUTE, len(back))
    desk.calls.add(
        again,
        ended=again + between(stream, 5 * SECOND, 2 * MINUTE, len(back)),
        outbound=1,
        agent=between(stream, 0, AGENTS, len(back)),
        **{
            name: np.broadcast_to(np.asarray(columns[name]), count)[back]
            for name in ("customer", "known", "caller")
            if name in columns
        },
    )
    return calls


def web_leads(desk: Desk, stream: np.random.Generator, created: Ticks, **columns: Ints | int) -> Ints:
    """Requests by web form that come to nothing."""
    return _lost_leads(desk, stream, created, **columns)


def web_bookings(desk: Desk, stream: np.random.Generator, created: Ticks, **columns: Ints | int) -> Ints:
    """Online bookings that are dismissed, a few forgotten. Some of the dismissed ones become leads, which dismisses
    them: that is how the office keeps them."""
    count = len(created)
    wait = created + 2 * MINUTE + stream.exponential(6 * HOUR, count).astype(np.int64)
    forgotten = stream.random(count) < 0.06
    dismissed = np.where(forgotten, NEVER, wait)
    reason = np.where(stream.random(count) < 0.3, SPAM, between(stream, 0, LOST + 1, count))
    bookings = desk.bookings.add(created, dismissed=dismissed, reason=np.where(forgotten, NONE, reason), **columns)
    kept = np.flatnonzero(~forgotten & (reason != SPAM) & (stream.random(count) < 0.25))
    given = {name: np.broadcast_to(np.asarray(columns[name]), count)[kept] for name in ("campaign", "caller", "trade")}
    _lost_leads(desk, stream, dismissed[kept], booking=bookings[kept], **given)
    return bookings


def idle_contacts(desk: Desk, booked: Ticks, agent: Ints, already: float) -> None:
    """Everything that goes on beside the bookings: `booked` are the moments at which `agent` won a caller, `already`
    the unbooked calls per booking that have been noted down before."""
    stream = desk.chance.stream("idle contacts")
    lost = np.maximum(_lost_per_booking(desk.business, booked, agent) - already, 0)
    _lost_callers(desk, stream, booked, agent, lost)
    _other_calls(desk, stream, booked)
    _idle_web(desk, stream, booked)


def _lost_per_booking(business: Business, booked: Ticks, agent: Ints) -> Floats:
    """In the busiest months an agent wins up to seven points fewer callers, in quiet ones a few more."""
    month = business.calendar.to_local(booked).view("M8[100ns]").astype("M8[M]").astype(np.int64) % 12
    share = np.bincount(month, minlength=12) / max(1, len(month)) * 12
    season = np.clip(0.16 * (share - 1), -0.02, 0.07)[month]
    rate = np.array(BOOKING_RATES)[agent] - season
    return (1 - rate) / rate


def _lost_callers(desk: Desk, stream: np.random.Generator, booked: Ticks, agent: Ints, per_booking: Floats) -> None:
    owner = np.repeat(np.arange(len(booked)), stream.poisson(per_booking))
    when, owner = _around(desk, stream, booked, owner)
    customer, caller = desk.meet(stream, when, 0.35)
    unbooked_calls(
        desk,
        stream,
        when,
        campaign=_anyhow(desk, stream, when, customer),
        customer=customer,
        known=when,
        caller=caller,
        agent=agent[owner],
    )


def _other_calls(desk: Desk, stream: np.random.Generator, booked: Ticks) -> None:
    """Those who hang up, who ask something else, who are excused on a second look, whom nobody classified; and calls
    that the office makes."""
    when, _ = _around(desk, stream, booked, _drawn(stream, booked, 0.09))
    customer, caller = desk.meet(stream, when, 0.4)
    campaign = _anyhow(desk, stream, when, customer)
    abandoned_calls(desk, stream, when, campaign=campaign, customer=customer, known=when, caller=caller)
    for share, kind, low, high, known in (
        (0.42, int(CallType.NOT_LEAD), 8, 12, 0.6),
        (0.15, int(CallType.EXCUSED), NOT_ASKING, 9, 0.2),
        (0.02, NONE, NONE, 0, 0.5),
    ):
        when, _ = _around(desk, stream, booked, _drawn(stream, booked, share))
        count = len(when)
        customer, caller = desk.meet(stream, when, known)
        ended = when + between(stream, 15 * SECOND, 6 * MINUTE, count)
        excused = ended + between(stream, HOUR, 4 * DAY, count)
        desk.calls.add(
            when,
            ended=ended,
            type=kind,
            excused=excused if kind == CallType.EXCUSED else NEVER,
            campaign=np.where(stream.random(count) < 0.05, NONE, _anyhow(desk, stream, when, customer)),
            customer=customer,
            known=when,
            caller=caller,
            agent=between(stream, 0, AGENTS, count),
            reason=between(stream, low, high, count),
        )
    when, _ = _around(desk, stream, booked, _drawn(stream, booked, 0.2))
    customer, caller = desk.meet(stream, when, 1.0)
    desk.calls.add(
        when,
        ended=when + between(stream, 10 * SECOND, 4 * MINUTE, len(when)),
        outbound=1,
        customer=customer,
        known=when,
        caller=caller,
        agent=between(stream, 0, AGENTS, len(when)),
    )


def _idle_web(desk: Desk, stream: np.random.Generator, booked: Ticks) -> None:
    company = desk.business.company
    weights = [c.weight if c.category in ("Paid Search", "Organic", "Social") else 0.0 for c in company.campaigns]
    for share, note in ((0.06, web_bookings), (0.05, web_leads)):
        when, _ = _around(desk, stream, booked, _drawn(stream, booked, share))
        _, caller = desk.meet(stream, when, 0.0)
        campaign = running_campaigns(company, stream.random(len(when)), when, weights)
        trade = between(stream, 0, len(desk.business.profile.trades), len(when))
        note(desk, stream, when, campaign=campaign, caller=caller, trade=trade)


def _lost_leads(desk: Desk, stream: np.random.Generator, created: Ticks, **columns: Ints | int) -> Ints:
    count = len(created)
    later = created + HOUR + stream.exponential(18 * DAY, count).astype(np.int64)
    dismissed = np.where(stream.random(count) < 0.72, later, NEVER)
    chased = np.where(stream.random(count) < 0.5, created + between(stream, DAY, 6 * DAY, count), NEVER)
    dropped = np.where(stream.random(count) < 0.02, later + between(stream, HOUR, 9 * DAY, count), NEVER)
    return desk.leads.add(
        created,
        dismissed=dismissed,
        reason=np.where(dismissed == NEVER, NONE, between(stream, 0, LOST, count)),
        chased=np.where(chased < dismissed, chased, NEVER),
        inactive=dropped,
        **columns,
    )


def _drawn(stream: np.random.Generator, booked: Ticks, share: float) -> Ints:
    """About `share` as many as there are bookings, at least two, so that everything occurs in tiny worlds."""
    count = max(2, int(stream.poisson(share * len(booked))))
    return np.sort(stream.integers(0, len(booked), count)) if len(booked) else np.zeros(0, dtype=np.int64)


def _around(desk: Desk, stream: np.random.Generator, booked: Ticks, owner: Ints) -> tuple[Ticks, Ints]:
    """Moments within three days of a booking at about the same hour, in the time that the business is open for."""
    shift = stream.integers(-3, 4, len(owner)) * DAY + between(stream, -50 * MINUTE, 50 * MINUTE, len(owner))
    when = booked[owner] + shift
    within = (when > desk.business.company.opened) & (when < desk.business.company.end)
    return when[within], owner[within]


def _anyhow(desk: Desk, stream: np.random.Generator, when: Ticks, customer: Ints) -> Ints:
    """The campaign whose number was called: customers call as customers do."""
    company = desk.business.company
    fresh = running_campaigns(company, stream.random(len(when)), when, [c.weight for c in company.campaigns])
    again = running_campaigns(company, stream.random(len(when)), when, [c.repeat for c in company.campaigns])
    return np.where(customer == NONE, fresh, again)

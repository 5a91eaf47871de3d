"""What the ads module believes: cost and clicks by day and keyword, and the leads it traced, a biased view.

It sees digital campaigns, misses some of their leads, gives a few to another campaign, claims some that came by
themselves and takes every caller for a lead. What it spent in a month is what the campaign's costs come to in the end.
All figures grow steadily through a day, so that windows add up wherever they are cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Ints, between
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.demand.enquiries import Channel, Enquiries
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks

ATTRIBUTION_WINDOW = 28 * DAY
"""For how long after a lead its job and what the job brought in are still added to it."""
_DIGITAL = ("CPC", "LSA", "CPM")
_CPC = {"CPC": 1450, "LSA": 2900, "CPM": 260}
"""Cents a click, by medium."""
_GROUPS = {
    "CPC": (
        ("Repair", ("near me", "emergency", "same day")),
        ("Replacement", ("new system", "financing")),
        ("Brand", ("brand",)),
    ),
    "LSA": (("Local Services", ("category",)),),
    "CPM": (("Visitors", ("site visitors", "video viewers")), ("Lookalike", ("lookalike 1 %",))),
}
_SHARES = np.array([0.31, 0.22, 0.15, 0.13, 0.1, 0.09])


class LeadType(IntEnum):
    """As the API numbers them."""

    CALL = 1
    WEB_BOOKING = 2
    WEB_LEAD_FORM = 3
    MANUAL_JOB = 4


@dataclass(frozen=True)
class Keyword:
    """One keyword of one ad group; `group` counts within the campaign, `number` within the group."""

    campaign: int
    group: int
    number: int
    group_name: str
    name: str


@dataclass(frozen=True)
class AttributedLeads:
    """In order of time. `row` is the call, booking, lead or job that `type` says, `campaign` and `keyword` what the
    module believes. `known` and `linked` are when it learns of the customer and the job, `ran` when that was done,
    `revenue` in cents. From `withdrawn` on the lead is not shown."""

    time: Ticks
    type: Ints
    row: Ints
    campaign: Ints
    original: Ints
    keyword: Ints
    customer: Ints
    known: Ticks
    job: Ints
    linked: Ticks
    ran: Ticks
    revenue: Ints
    withdrawn: Ticks

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Ads:
    """`cost` (cents), `clicks`, `impressions` and `conversions` are running sums: entry (d, k) is the total of keyword
    k before day `first_day + d` (days since 1970, UTC)."""

    keywords: tuple[Keyword, ...]
    first_day: int
    cost: Ints
    clicks: Ints
    impressions: Ints
    conversions: Ints
    leads: AttributedLeads

    def until(self, running: Ints, instant: int) -> Ints:
        """A running sum per keyword up to an instant."""
        day = min(max(instant // DAY - self.first_day, 0), len(running) - 1)
        after = min(day + 1, len(running) - 1)
        passed = max(0, min(instant - (self.first_day + day) * DAY, DAY))
        return running[day] + (running[after] - running[day]) * (passed // HOUR) // 24


def digital_campaigns(company: Company) -> list[int]:
    return [row for row, campaign in enumerate(company.campaigns) if campaign.medium in _DIGITAL]


def advertise(business: Business, enquiries: Enquiries) -> Ads:
    """Everything that the ads module ever shows."""
    keywords = tuple(
        Keyword(row, group, number, name, word)
        for row in digital_campaigns(business.company)
        for group, (name, words) in enumerate(_GROUPS[business.company.campaigns[row].medium])
        for number, word in enumerate(words)
    )
    first_day, spent = _spent(business, keywords)
    stream = business.chance.stream("ads")
    price = np.array([_CPC[business.company.campaigns[word.campaign].medium] for word in keywords])
    bought = np.cumsum(spent * stream.uniform(0.8, 1.2, spent.shape), axis=0) / price
    clicks = np.diff(np.floor(bought).astype(np.int64), axis=0, prepend=0)
    shown = clicks * between(stream, 9, 60, clicks.size).reshape(clicks.shape) + (spent > 0) * 7
    won = stream.binomial(clicks, 0.11).astype(np.int64)
    return Ads(
        keywords=keywords,
        first_day=first_day,
        cost=_running(spent),
        clicks=_running(clicks),
        impressions=_running(shown),
        conversions=_running(won),
        leads=_traced(business, enquiries, keywords),
    )


def _running(daily: Ints) -> Ints:
    return np.concatenate([np.zeros((1, daily.shape[1]), dtype=np.int64), np.cumsum(daily, axis=0)])


def _spent(business: Business, keywords: tuple[Keyword, ...]) -> tuple[int, Ints]:
    """(first day, cents by day and keyword). A month's cost is spread over the days on which the campaign runs, to the
    cent."""
    company, costs = business.company, business.costs
    begins, ends = company.campaign_times()
    opened = np.datetime64(company.opened // DAY, "D").astype("M8[M]").astype("M8[D]").astype(np.int64)
    closed = np.datetime64(company.end // DAY + 1, "D").astype("M8[M]").astype(np.int64) + 1
    days = np.arange(opened, np.datetime64(int(closed), "M").astype("M8[D]").astype(np.int64))
    month = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    lengths = np.bincount(month - month[0])
    stream = business.chance.stream("ads by day")
    weekday = np.array([1.1, 1.08, 1.05, 1.0, 0.98, 0.9, 0.89])[(days + 3) % 7]
    spent = np.zeros((len(days), len(keywords)), dtype=np.int64)
    for campaign in sorted({word.campaign for word in keywords}):
        mine = np.flatnonzero(costs.campaign == campaign)
        daily = np.where(costs.corrected[mine] == NEVER, costs.daily[mine], costs.corrected_daily[mine])
        budget = np.zeros(len(lengths), dtype=np.int64)
        place = (costs.year[mine] - 1970) * 12 + costs.month[mine] - 1 - month[0]
        inside = (place >= 0) & (place < len(lengths))
        budget[place[inside]] = (daily * lengths[np.clip(place, 0, len(lengths) - 1)])[inside]
        weight = weekday * stream.uniform(0.7, 1.3, len(days))
        weight *= (days * DAY + DAY > begins[campaign]) & (days * DAY < ends[campaign])
        columns = [k for k, word in enumerate(keywords) if word.campaign == campaign]
        share = _SHARES[: len(columns)] / _SHARES[: len(columns)].sum()
        spent[:, columns] = _split(_by_day(budget, weight, month - month[0]), share)
    return int(opened), spent


def _by_day(budget: Ints, weight: np.ndarray, month: Ints) -> Ints:
    """Whole cents that sum to each month's budget, in proportion to the weights."""
    total = np.bincount(month, weights=weight)
    part = np.divide(weight, total[month], out=np.zeros(len(weight)), where=total[month] > 0)
    running = np.cumsum(part)
    before = np.concatenate([[0.0], running])[np.searchsorted(month, month)]
    reached = np.rint((running - before) * budget[month]).astype(np.int64)
    previous = np.where(np.diff(month, prepend=-1) != 0, 0, np.concatenate([[0], reached[:-1]]))
    return reached - previous


def _split(daily: Ints, share: np.ndarray) -> Ints:
    """Each day's cents over the keywords, to the cent."""
    edges = np.rint(daily[:, None] * np.cumsum(share)[None, :]).astype(np.int64)
    return np.diff(edges, axis=1, prepend=0)


def _traced(business: Business, enquiries: Enquiries, keywords: tuple[Keyword, ...]) -> AttributedLeads:
    """The leads that the module shows, its mistakes included."""
    calls, bookings, leads, jobs = enquiries.calls, enquiries.bookings, enquiries.leads, business.jobs
    asked = np.flatnonzero((calls.outbound == 0) & (calls.type != NONE))
    forms = np.flatnonzero((leads.call == NONE) & (leads.booking == NONE))
    made = np.flatnonzero(enquiries.channel == Channel.OFFICE)
    later = np.full(len(calls), NONE, dtype=np.int64)
    followed = np.flatnonzero((leads.call != NONE) & (leads.job != NONE))
    later[leads.call[followed]] = leads.job[followed]
    booked = np.where(calls.job == NONE, later, calls.job)
    parts = [
        (LeadType.CALL, asked, calls.created, calls.campaign, calls.customer, booked),
        (
            LeadType.WEB_BOOKING,
            np.arange(len(bookings)),
            bookings.created,
            bookings.campaign,
            bookings.customer,
            bookings.job,
        ),
        (LeadType.WEB_LEAD_FORM, forms, leads.created, leads.campaign, leads.customer, leads.job),
        (LeadType.MANUAL_JOB, made, jobs.created, jobs.campaign, jobs.customer, np.arange(len(jobs))),
    ]
    kind = np.concatenate([np.full(len(rows), int(one)) for one, rows, *_ in parts])
    row = np.concatenate([rows for _, rows, *_ in parts])
    time, original, customer, job = (
        np.concatenate([part[2 + number][part[1]] for part in parts]).astype(np.int64) for number in range(4)
    )
    order = np.argsort(time, kind="stable")
    kind, row, time, original, customer, job = (v[order] for v in (kind, row, time, original, customer, job))
    believed = _believed(business, original, time)
    kept = np.flatnonzero(believed != NONE)
    kind, row, time, original, customer, job, believed = (
        v[kept] for v in (kind, row, time, original, customer, job, believed)
    )
    numbers = np.arange(len(kept))
    created = np.where(job == NONE, NEVER, jobs.created[np.maximum(job, 0)])
    done = np.where(job == NONE, NEVER, jobs.done[np.maximum(job, 0)])
    linked = np.where(created <= time + ATTRIBUTION_WINDOW, np.maximum(created, time), NEVER)
    ran = np.where((linked != NEVER) & (done <= time + ATTRIBUTION_WINDOW), done, NEVER)
    invoice = business.invoice_of_job[np.maximum(job, 0)]
    revenue = np.where(ran == NEVER, 0, business.bills.subtotal[invoice])
    since = np.where(customer == NONE, NEVER, business.customers.created[np.maximum(customer, 0)])
    spam = business.chance.fraction(numbers, "withdrawn lead") < 0.015
    withdrawn = time + HOUR + business.chance.among(numbers, "withdrawn after", 20 * DAY)
    return AttributedLeads(
        time=time,
        type=kind,
        row=row,
        campaign=believed,
        original=original,
        keyword=_keywords_of(business, keywords, believed, numbers),
        customer=customer,
        known=np.where(since <= time, time, linked),
        job=job,
        linked=linked,
        ran=ran,
        revenue=revenue.astype(np.int64),
        withdrawn=np.where(spam, withdrawn, NEVER),
    )


def _believed(business: Business, original: Ints, time: Ticks) -> Ints:
    """The campaign that the module gives each lead to, `NONE` where it sees none."""
    digital = np.array(digital_campaigns(business.company))
    numbers = np.arange(len(original))
    luck = business.chance.fraction(numbers, "traced")
    begins, ends = business.company.campaign_times()
    other = digital[business.chance.among(numbers, "mistaken for", len(digital))]
    other = np.where((begins[other] <= time) & (time < ends[other]), other, digital[0])
    organic = np.isin(original, [row for row, c in enumerate(business.company.campaigns) if c.category == "Organic"])
    seen = np.isin(original, digital)
    believed = np.where(seen & (luck < 0.88), np.where(luck < 0.07, other, original), NONE)
    return np.where(organic & (luck < 0.06), other, believed)


def _keywords_of(business: Business, keywords: tuple[Keyword, ...], campaign: Ints, numbers: Ints) -> Ints:
    luck = business.chance.fraction(numbers, "keyword")
    result = np.zeros(len(campaign), dtype=np.int64)
    for row in np.unique(campaign).tolist():
        own = np.array([k for k, word in enumerate(keywords) if word.campaign == row])
        share = np.cumsum(_SHARES[: len(own)] / _SHARES[: len(own)].sum())
        mine = campaign == row
        result[mine] = own[np.minimum(np.searchsorted(share, luck[mine], side="right"), len(own) - 1)]
    return result


def between_instants(ads: Ads, running: Ints, start: int, end: int) -> Ints:
    """What a running sum grows by in [start, end), by keyword."""
    return ads.until(running, end) - ads.until(running, start)

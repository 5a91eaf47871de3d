"""What makes customers ask for work: campaigns, the calls, bookings and leads they cause, and the jobs that follow.

Takes jobs as given and decides how each of them came about. Knows nothing of estimates, recurring services or the ads
module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Flags, Ints, between
from st_platform.simulator.business.demand.causes import order_touches, root_causes
from st_platform.simulator.business.demand.enquiries import (
    Bookings,
    Calls,
    CallType,
    Channel,
    Enquiries,
    Leads,
    TouchKind,
)
from st_platform.simulator.business.demand.switchboard import (
    AGENTS,
    DUPLICATE,
    Desk,
    abandoned_calls,
    idle_contacts,
    running_campaigns,
    unbooked_calls,
    web_bookings,
    web_leads,
)
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE, trades_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Ticks

_ONLINE = {"Paid Search": 0.13, "Organic": 0.3, "Social": 0.34, "Repeat": 0.1}
"""Share of jobs that are booked online, by category of the campaign; 3 % of the others."""
_CONSIDERED = {"Events": 0.6, "Social": 0.16, "Direct Mail": 0.14}
"""Share of jobs that were a lead first; 8 % of the others."""
_SEEN = {"Radio": 5.0, "Social": 4.0, "Branding": 3.0, "Direct Mail": 3.0, "Events": 1.0}
"""How often campaigns are noticed without anybody calling at once."""
_LOOK_BACK = 85 * DAY


@dataclass(frozen=True)
class _Path:
    """Touches as they come up; `row` is a provisional number in the sheet that `kind` says."""

    job: Ints
    time: Ticks
    kind: Ints
    row: Ints
    campaign: Ints

    @classmethod
    def of(cls, job: Ints, time: Ticks, kind: TouchKind, row: Ints, campaign: Ints) -> _Path:
        return cls(job, time, np.full(len(job), int(kind)), row, campaign)

    @classmethod
    def join(cls, paths: list[_Path]) -> _Path:
        names = ("job", "time", "kind", "row", "campaign")
        return cls(*(np.concatenate([getattr(path, name) for path in paths]).astype(np.int64) for name in names))


@dataclass(frozen=True)
class _Scene:
    """The jobs and the desk. `first` marks a newcomer's first job; `opens` is when the contact that books the job has
    begun: a newcomer's record is made during it."""

    business: Business
    desk: Desk
    channel: Ints
    first: Flags
    opens: Ticks

    def through(self, *channels: Channel) -> Ints:
        return np.flatnonzero(np.isin(self.channel, channels))

    def campaign(self, jobs: Ints) -> Ints:
        return self.business.jobs.campaign[jobs].astype(np.int64)

    def customer(self, jobs: Ints) -> Ints:
        return self.business.jobs.customer[jobs].astype(np.int64)

    def after_start(self, jobs: Ints, when: Ticks) -> Ticks:
        """Not before the campaign of the job is set up."""
        begins, _ = self.business.company.campaign_times()
        return np.maximum(when, begins[self.campaign(jobs)])

    def known(self, jobs: Ints, when: Ticks) -> Ticks:
        """When a contact of that moment is linked to the job's customer: at once, but for newcomers."""
        return np.maximum(when, self.business.customers.created[self.customer(jobs)])

    def agents(self, jobs: Ints) -> Ints:
        return self.business.chance.among(jobs, "agent", AGENTS)


def enquire(business: Business) -> Enquiries:
    """Every contact of a business, and what led to each of its jobs."""
    scene = _set_up(business)
    count = len(business.jobs)
    of_call, of_booking, of_lead = (np.full(count, NONE, dtype=np.int64) for _ in range(3))
    paths = [_answered(scene, of_call), _booked_online(scene, of_booking), _followed_up(scene, of_call, of_lead)]
    before = _came_before(scene, _Path.join(paths))
    _visits_arranged(scene)
    won = scene.through(Channel.CALL, Channel.CALL_BACK)
    lost = int((before.kind == TouchKind.CALL).sum()) + int((paths[2].kind == TouchKind.CALL).sum())
    idle_contacts(scene.desk, business.jobs.created[won], scene.agents(won), lost / max(1, len(won)))
    return _closed(scene, _Path.join([*paths, before]), of_call, of_booking, of_lead)


def _set_up(business: Business) -> _Scene:
    jobs, customers, company, chance = business.jobs, business.customers, business.company, business.chance
    rows = np.arange(len(jobs))
    since = customers.created[jobs.customer]
    first = ~customers.legacy[jobs.customer] & (jobs.created - since <= 6 * MINUTE)
    spoken = 80 * SECOND + chance.among(rows, "spoken", 340 * SECOND)
    opens = np.where(first, since, jobs.created - spoken)
    luck = chance.fraction(rows, "channel")
    categories = [campaign.category for campaign in company.campaigns]
    online = np.array([_ONLINE.get(category, 0.03) for category in categories])[jobs.campaign]
    considered = np.array([_CONSIDERED.get(category, 0.08) for category in categories])[jobs.campaign]
    begins, _ = company.campaign_times()
    young = np.maximum(begins[jobs.campaign], company.opened) + HOUR > opens
    channel = np.full(len(jobs), int(Channel.CALL))
    channel[luck > 1 - online] = Channel.BOOKING
    channel[(luck < considered) & ~young] = Channel.LEAD
    channel[(luck > 0.5) & (luck < 0.54) & ~first] = Channel.OFFICE
    channel[jobs.origin != NONE] = Channel.ESTIMATE
    channel[jobs.membership != NONE] = Channel.MEMBERSHIP
    channel[(jobs.recalled != NONE) | (jobs.covered != NONE)] = Channel.CALL_BACK
    return _Scene(business, Desk(business), channel, first, opens)


def _answered(scene: _Scene, of_call: Ints) -> _Path:
    """A call books the job before it ends."""
    jobs = scene.through(Channel.CALL, Channel.CALL_BACK)
    stream = scene.business.chance.stream("booked calls")
    created = scene.business.jobs.created[jobs]
    start = scene.after_start(jobs, scene.opens[jobs] - between(stream, 15 * SECOND, 2 * MINUTE, len(jobs)))
    of_call[jobs] = scene.desk.calls.add(
        start,
        ended=created + between(stream, 5 * SECOND, 90 * SECOND, len(jobs)),
        type=int(CallType.BOOKED),
        campaign=scene.campaign(jobs),
        customer=scene.customer(jobs),
        known=scene.known(jobs, start),
        job=jobs,
        linked=created,
        caller=scene.customer(jobs),
        agent=scene.agents(jobs),
    )
    return _Path.of(jobs, start, TouchKind.CALL, of_call[jobs], scene.campaign(jobs))


def _booked_online(scene: _Scene, of_booking: Ints) -> _Path:
    """A booking is accepted by someone, who makes the job of it."""
    jobs = scene.through(Channel.BOOKING)
    stream = scene.business.chance.stream("converted bookings")
    ahead = 2 * MINUTE + np.minimum(stream.exponential(3 * HOUR, len(jobs)), 40 * HOUR).astype(np.int64)
    asked = np.minimum(scene.after_start(jobs, scene.opens[jobs] - ahead), scene.opens[jobs])
    of_booking[jobs] = scene.desk.bookings.add(
        asked,
        campaign=scene.campaign(jobs),
        customer=scene.customer(jobs),
        job=jobs,
        accepted=scene.opens[jobs],
        converted=scene.business.jobs.created[jobs],
        trade=trades_of(scene.business.company, scene.business.jobs)[jobs],
        caller=scene.customer(jobs),
    )
    return _Path.of(jobs, asked, TouchKind.BOOKING, of_booking[jobs], scene.campaign(jobs))


def _followed_up(scene: _Scene, of_call: Ints, of_lead: Ints) -> _Path:
    """A lead, from a call that was not booked or from a web form, becomes a job hours to months later."""
    jobs = scene.through(Channel.LEAD)
    business, desk, count = scene.business, scene.desk, len(jobs)
    stream = business.chance.stream("converted leads")
    ahead = HOUR + np.minimum(stream.exponential(9 * DAY, count), _LOOK_BACK - 5 * DAY).astype(np.int64)
    earliest = np.maximum(scene.after_start(jobs, scene.opens[jobs] - ahead), business.company.opened) + 5 * MINUTE
    since = np.where(scene.first[jobs], 0, business.customers.created[scene.customer(jobs)] + HOUR)
    asked = np.minimum(np.maximum(earliest, since), scene.opens[jobs] - 10 * MINUTE)
    categories = np.array([campaign.category for campaign in business.company.campaigns])[scene.campaign(jobs)]
    form = stream.random(count) < np.where(np.isin(categories, ["Organic", "Social"]), 0.6, 0.15)
    start = asked - between(stream, 40 * SECOND, 4 * MINUTE, count)
    called = np.full(count, NONE, dtype=np.int64)
    who = {"customer": scene.customer(jobs), "caller": scene.customer(jobs)}
    called[~form] = desk.calls.add(
        start[~form],
        ended=(asked + between(stream, 5 * SECOND, 50 * SECOND, count))[~form],
        type=int(CallType.UNBOOKED),
        reason=between(stream, 0, 3, count)[~form],
        campaign=scene.campaign(jobs)[~form],
        known=scene.known(jobs, start)[~form],
        agent=between(stream, 0, AGENTS, count)[~form],
        **{name: values[~form] for name, values in who.items()},
    )
    converted = business.jobs.created[jobs]
    of_call[jobs] = called
    of_lead[jobs] = desk.leads.add(
        asked,
        campaign=scene.campaign(jobs),
        known=scene.known(jobs, asked),
        call=called,
        job=jobs,
        converted=converted,
        chased=np.where(asked + 2 * DAY < converted, asked + DAY, NEVER),
        trade=trades_of(business.company, business.jobs)[jobs],
        **who,
    )
    again = scene.opens[jobs] - between(stream, 15 * SECOND, 2 * MINUTE, count)
    _call_out(scene, jobs, again, stream)
    chain = np.where(form, asked, start)
    kind = np.where(form, int(TouchKind.LEAD), int(TouchKind.CALL))
    return _Path(jobs, chain, kind, np.where(form, of_lead[jobs], called), scene.campaign(jobs))


def _visits_arranged(scene: _Scene) -> None:
    """Half of the members' visits are arranged by a call from the office."""
    visits = scene.through(Channel.MEMBERSHIP)
    stream = scene.business.chance.stream("arranged visits")
    visits = visits[stream.random(len(visits)) < 0.55]
    _call_out(scene, visits, scene.opens[visits], stream)


def _call_out(scene: _Scene, jobs: Ints, start: Ticks, stream: np.random.Generator) -> None:
    created = scene.business.jobs.created[jobs]
    scene.desk.calls.add(
        start,
        ended=created + between(stream, 5 * SECOND, 60 * SECOND, len(jobs)),
        outbound=1,
        customer=scene.customer(jobs),
        known=scene.known(jobs, start),
        job=jobs,
        linked=created,
        caller=scene.customer(jobs),
        agent=scene.agents(jobs),
    )


def _came_before(scene: _Scene, closing: _Path) -> _Path:
    """Earlier touches: what made people aware, and attempts that were not won, dismissed once the job is there."""
    business, desk = scene.business, scene.desk
    stream = business.chance.stream("earlier touches")
    ordinary = ~np.isin(scene.channel[closing.job], [Channel.CALL_BACK])
    newcomer = scene.first[closing.job]
    luck = stream.random(len(closing.job))
    times = np.where(newcomer, np.digitize(luck, [0.66, 0.85, 0.95]), np.digitize(luck, [0.92, 0.98]))
    owner = np.repeat(np.arange(len(closing.job)), np.where(ordinary, times, 0))
    wait = 4 * MINUTE + np.minimum(stream.exponential(14 * DAY, len(owner)), _LOOK_BACK).astype(np.int64)
    when = closing.time[owner] - wait
    jobs = closing.job[owner]
    since = np.where(scene.first[jobs], 0, business.customers.created[scene.customer(jobs)] + HOUR)
    within = (when > np.maximum(since, business.company.opened)) & (scene.opens[jobs] - when < _LOOK_BACK + 3 * DAY)
    when, jobs = when[within], jobs[within]
    luck, kind = stream.random(len(when)), stream.random(len(when))
    company = business.company
    noticed = running_campaigns(company, luck, when, [_SEEN.get(c.category, 0.05) for c in company.campaigns])
    asked = running_campaigns(company, luck, when, [c.weight for c in company.campaigns])
    customer = scene.customer(jobs)
    shown = np.where(scene.first[jobs], NONE, customer)
    paths: list[_Path] = []
    for (low, high), touch in (
        ((0.0, 0.3), TouchKind.EXPOSURE),
        ((0.3, 0.62), TouchKind.CALL),
        ((0.62, 0.75), TouchKind.CALL),
        ((0.75, 0.87), TouchKind.LEAD),
        ((0.87, 1.0), TouchKind.BOOKING),
    ):
        mine = np.flatnonzero((low <= kind) & (kind < high))
        at, count = when[mine], len(mine)
        campaign = (noticed if touch == TouchKind.EXPOSURE else asked)[mine]
        who = {"campaign": campaign, "caller": customer[mine], "customer": shown[mine]}
        if touch == TouchKind.EXPOSURE:
            rows = np.full(count, NONE, dtype=np.int64)
        elif touch == TouchKind.CALL and low < 0.6:
            rows = unbooked_calls(desk, stream, at, known=at, agent=between(stream, 0, AGENTS, count), **who)
        elif touch == TouchKind.CALL:
            rows = abandoned_calls(desk, stream, at, known=at, **who)
        elif touch == TouchKind.LEAD:
            rows = web_leads(desk, stream, at, known=at, trade=trades_of(company, business.jobs)[jobs[mine]], **who)
        else:
            rows = web_bookings(desk, stream, at, trade=trades_of(company, business.jobs)[jobs[mine]], **who)
        paths.append(_Path.of(jobs[mine], at, touch, rows, campaign))
    return _Path.join(paths)


def _closed(scene: _Scene, path: _Path, of_call: Ints, of_booking: Ints, of_lead: Ints) -> Enquiries:
    """Everything in order of creation, references renumbered."""
    business, desk = scene.business, scene.desk
    calls, call_at = desk.calls.close(business.company.end)
    leads, lead_at = desk.leads.close(business.company.end)
    bookings, booking_at = desk.bookings.close(business.company.end)
    leads["call"], leads["booking"] = call_at[leads["call"]], booking_at[leads["booking"]]
    made = np.flatnonzero(leads["call"] != NONE)
    calls["lead"][leads["call"][made]] = made
    kept = np.flatnonzero(leads["booking"] != NONE)
    bookings["reason"][leads["booking"][kept]] = DUPLICATE
    for sheet in (calls, leads):
        record = business.locations.created[business.locations.first(np.maximum(sheet["customer"], 0))]
        earliest = np.maximum(np.maximum(sheet["known"], record), sheet["created"])
        sheet["known"] = np.where(sheet["customer"] == NONE, NEVER, earliest)
    chance = business.chance
    rows = np.arange(len(calls["created"]))
    mistaken = (chance.fraction(rows, "mistaken call") < 0.004) & (calls["job"] == NONE) & (calls["lead"] == NONE)
    calls["inactive"] = np.where(mistaken, calls["ended"] + HOUR + chance.among(rows, "noticed", 20 * DAY), NEVER)
    rows = np.arange(len(bookings["created"]))
    spam = (chance.fraction(rows, "deleted booking") < 0.1) & (bookings["dismissed"] != NEVER)
    bookings["inactive"] = np.where(spam, np.where(spam, bookings["dismissed"], 0) + DAY, NEVER)
    row = np.select(
        [path.kind == TouchKind.CALL, path.kind == TouchKind.LEAD, path.kind == TouchKind.BOOKING],
        [
            call_at[np.where(path.kind == TouchKind.CALL, path.row, NONE)],
            lead_at[np.where(path.kind == TouchKind.LEAD, path.row, NONE)],
            booking_at[np.where(path.kind == TouchKind.BOOKING, path.row, NONE)],
        ],
        NONE,
    )
    touches = order_touches(len(business.jobs), path.job, path.time, path.kind, row, path.campaign)
    cause, cause_job = root_causes(business, touches)
    return Enquiries(
        calls=Calls(**calls),
        leads=Leads(**leads),
        bookings=Bookings(**bookings),
        touches=touches,
        channel=scene.channel,
        cause=cause,
        cause_job=cause_job,
        call=call_at[of_call],
        booking=booking_at[of_booking],
        lead=lead_at[of_lead],
        first=scene.first,
    )

"""What asks for work is causal: campaigns cause calls, bookings and leads, these cause jobs; each job has one cause.

Arrays and truths; what the API shows of them is in `test_demand_rows.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from st_platform.simulator.business.books.balances import balance
from st_platform.simulator.business.demand.attribution import Attribution, true_attribution
from st_platform.simulator.business.demand.churn import hazard_of, hazards
from st_platform.simulator.business.demand.enquiries import CallType, Channel, Enquiries, TouchKind
from st_platform.simulator.business.demand.switchboard import AGENTS
from st_platform.simulator.business.profile import PROFILES, SIZES, Size
from st_platform.simulator.business.tenant import Business, run_business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, day_ticks
from st_platform.simulator.rows.view import View

ANCHOR = date(2026, 6, 15)
NOW = day_ticks(ANCHOR) + 17 * HOUR
MIDDLE = Size(customers=2400, years=2, ahead_days=120)


@pytest.fixture(scope="module")
def view() -> View:
    business = run_business(3, PROFILES[0], MIDDLE, ANCHOR)
    return View(business, balance(business))


def tiny(seed: int, profile: int = 0) -> View:
    business = run_business(seed, PROFILES[profile], SIZES["tiny"], ANCHOR)
    return View(business, balance(business))


def wrong_causes(business: Business, asked: Enquiries) -> list[str]:
    """Everything that happens before its cause, or names what is not there."""
    jobs, calls, leads, bookings = business.jobs, asked.calls, asked.leads, asked.bookings
    begins, _ = business.company.campaign_times()
    wrong: list[str] = []

    def hold(fine: np.ndarray, what: str) -> None:
        wrong.extend(f"{what}: row {row}" for row in np.flatnonzero(~fine)[:3].tolist())

    for what, rows, times, campaigns in (
        ("call", asked.call, calls.created, calls.campaign),
        ("booking", asked.booking, bookings.created, bookings.campaign),
        ("lead", asked.lead, leads.created, leads.campaign),
    ):
        mine = np.flatnonzero(rows != NONE)
        hold(times[rows[mine]] < jobs.created[mine], f"a job before its {what}")
        hold(campaigns[rows[mine]] == jobs.campaign[mine], f"a job of another campaign than its {what}")
        named = np.flatnonzero(campaigns != NONE)
        hold(begins[campaigns[named]] <= times[named], f"a {what} of a campaign that does not run yet")
    for what, sheet in (("call", calls), ("lead", leads), ("booking", bookings)):
        hold(np.diff(sheet.created) >= 0, f"{what}s out of order")
        hold(sheet.created < business.company.end, f"a {what} after the end of the world")
        ours = np.flatnonzero(sheet.job != NONE)
        at = sheet.linked if what == "call" else sheet.converted  # type: ignore[union-attr]
        hold(at[ours] == jobs.created[sheet.job[ours]], f"a {what} linked at another time than the job is made")
        hold(sheet.customer[ours] == jobs.customer[sheet.job[ours]], f"a {what} of another customer than the job")
    for what, sheet in (("call", calls), ("lead", leads)):
        ours = np.flatnonzero(sheet.customer != NONE)
        place = business.locations.created[business.locations.first(sheet.customer[ours])]
        hold(sheet.known[ours] >= np.maximum(place, sheet.created[ours]), f"a {what} that knows someone too early")
    made = np.flatnonzero(leads.call != NONE)
    hold(calls.created[leads.call[made]] <= leads.created[made], "a lead before its call")
    hold(calls.lead[leads.call[made]] == made, "a call that does not know its lead")
    kept = np.flatnonzero(leads.booking != NONE)
    hold(bookings.dismissed[leads.booking[kept]] <= leads.created[kept], "a lead before its booking is dismissed")
    hold(calls.ended > calls.created, "a call that ends before it begins")
    hold((leads.dismissed == NEVER) | (leads.converted == NEVER), "a lead dismissed and converted")
    hold((bookings.accepted <= bookings.converted) & (bookings.created <= bookings.accepted), "a booking out of order")
    touches = asked.touches
    hold(touches.time <= jobs.created[touches.job], "a touch after the job")
    hold(np.diff(touches.time)[np.diff(touches.job) == 0] >= 0, "touches of a job out of order")
    hold(begins[touches.campaign] <= touches.time, "a touch of a campaign that does not run yet")
    return wrong


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("profile", [0, 1])
def test_nothing_that_asks_for_work_happens_before_its_cause(seed: int, profile: int) -> None:
    small = tiny(seed, profile)
    assert wrong_causes(small.business, small.demand) == []


def test_a_middling_business_has_its_causes_in_order(view: View) -> None:
    assert wrong_causes(view.business, view.demand) == []


def _call_after_job(asked: Enquiries) -> Enquiries:
    created = asked.calls.created.copy()
    created[asked.call[asked.call != NONE][0]] += 40 * DAY
    return replace(asked, calls=replace(asked.calls, created=created))


def _other_campaign(asked: Enquiries) -> Enquiries:
    campaign = asked.bookings.campaign.copy()
    campaign[asked.booking[asked.booking != NONE][0]] ^= 1
    return replace(asked, bookings=replace(asked.bookings, campaign=campaign))


def _late_touch(asked: Enquiries) -> Enquiries:
    return replace(asked, touches=replace(asked.touches, time=asked.touches.time + 90 * DAY))


@pytest.mark.parametrize("breaking", [_call_after_job, _other_campaign, _late_touch])
def test_an_effect_before_its_cause_is_noticed(breaking: Callable[[Enquiries], Enquiries]) -> None:
    small = tiny(1)
    assert wrong_causes(small.business, breaking(small.demand)) != []


def test_a_job_has_the_origin_that_its_channel_says(view: View) -> None:
    jobs, asked = view.business.jobs, view.demand
    called, online, lead = asked.call != NONE, asked.booking != NONE, asked.lead != NONE
    channel = asked.channel
    assert (called == np.isin(channel, [Channel.CALL, Channel.CALL_BACK]) | (lead & called)).all()
    assert (online == (channel == Channel.BOOKING)).all()
    assert (lead == (channel == Channel.LEAD)).all()
    assert ((channel == Channel.ESTIMATE) == (jobs.origin != NONE)).all()
    assert ((channel == Channel.MEMBERSHIP) == (jobs.membership != NONE)).all()
    assert set(np.unique(channel).tolist()) == {int(one) for one in Channel}


def booking_rates(view: View) -> dict[str, float]:
    """Booked among booked and unbooked inbound calls: over all, by agent and by quarter."""
    calls = view.demand.calls
    asked = (calls.outbound == 0) & np.isin(calls.type, [CallType.BOOKED, CallType.UNBOOKED])
    won = calls.type == CallType.BOOKED
    quarter = view.business.calendar.to_local(calls.created).view("M8[100ns]").astype("M8[M]").astype(int) % 12 // 3
    groups = {"all": asked}
    groups |= {f"agent {agent}": asked & (calls.agent == agent) for agent in range(AGENTS)}
    groups |= {f"quarter {number}": asked & (quarter == number) for number in range(4)}
    return {name: float(won[rows].mean()) for name, rows in groups.items()}


def test_agents_win_between_55_and_80_percent_of_lead_callers_in_every_season(view: View) -> None:
    rates = booking_rates(view)
    assert all(0.55 <= rate <= 0.8 for rate in rates.values()), rates
    assert rates["agent 0"] > rates[f"agent {AGENTS - 1}"]
    assert max(rates[f"quarter {n}"] for n in range(4)) - min(rates[f"quarter {n}"] for n in range(4)) > 0.015


def test_most_calls_book_nothing_and_every_kind_of_call_occurs(view: View) -> None:
    for asked in (view.demand, tiny(5).demand):
        inbound = asked.calls.outbound == 0
        assert {int(one) for one in CallType} | {NONE} == set(asked.calls.type[inbound].tolist())
        assert (asked.calls.outbound == 1).any()
        assert (asked.leads.job == NONE).sum() > 3
        assert (asked.bookings.dismissed != NEVER).any()
        assert (asked.bookings.job != NONE).any()
    calls = view.demand.calls
    assert 0.35 < (calls.type == CallType.BOOKED).mean() < 0.5
    assert (calls.agent[calls.type == CallType.ABANDONED] == NONE).all()


def test_leads_convert_late_and_some_newcomers_come_through_several_campaigns(view: View) -> None:
    asked = view.demand
    late = np.flatnonzero(asked.leads.job != NONE)
    wait = asked.leads.converted[late] - asked.leads.created[late]
    assert (wait > 30 * DAY).any()
    assert (wait < 2 * DAY).any()
    touches = asked.touches
    several = {
        job
        for job in np.flatnonzero(asked.first & (np.diff(touches.starts) > 2)).tolist()
        if len(set(touches.campaign[touches.starts[job] : touches.starts[job + 1]].tolist())) > 1
    }
    assert len(several) > 20
    assert (touches.kind == TouchKind.EXPOSURE).any()


def faults_of(business: Business, rows: list[Attribution], at: int) -> list[str]:
    """What is wrong with a true attribution: jobs missing or told twice, causes that are no touch of the path."""
    jobs = business.jobs
    wrong: list[str] = []
    if [row.job for row in rows] != list(range(int(np.searchsorted(jobs.created, at, side="right")))):
        wrong.append("not every job once")
    by_job = {row.job: row for row in rows}
    for row in rows:
        root = by_job.get(row.root)
        if root is None or root.root != row.root or root.created > row.created:
            wrong.append(f"job {row.job}: root {row.root}")
        elif row.cause != root.cause:
            wrong.append(f"job {row.job}: cause {row.cause}, its root's is {root.cause}")
        elif root.touches and row.cause not in {touch.campaign for touch in root.touches}:
            wrong.append(f"job {row.job}: cause {row.cause} is no touch")
        elif not root.touches and row.cause != root.recorded:
            wrong.append(f"job {row.job}: cause {row.cause} out of nothing")
    return wrong


@pytest.mark.parametrize("at", [NOW - 100 * DAY, NOW])
def test_every_job_has_one_true_cause_among_its_touches(view: View, at: int) -> None:
    rows = list(true_attribution(view.business, view.demand, at))
    assert faults_of(view.business, rows, at) == []
    differs = [row for row in rows if row.cause != row.recorded]
    assert 0.05 < len(differs) / len(rows) < 0.35
    assert faults_of(view.business, rows[1:], at) == ["not every job once"] or rows[0].job != 0
    assert faults_of(view.business, [*rows[:-1], replace(rows[-1], cause=99)], at) != []


def test_recorded_campaigns_hide_what_only_the_truth_knows(view: View) -> None:
    """Radio and trucks cause more than they are credited with: people see them and then search."""
    rows = list(true_attribution(view.business, view.demand, NOW))
    campaigns = view.business.company.campaigns
    unseen = {n for n, c in enumerate(campaigns) if c.category in ("Radio", "Branding", "Direct Mail", "Social")}
    own = [row for row in rows if row.root == row.job]
    caused = sum(row.cause in unseen for row in own)
    credited = sum(row.recorded in unseen for row in own)
    assert caused > 1.1 * credited


def test_memberships_end_at_the_hazard_they_were_made_with() -> None:
    business = run_business(11, PROFILES[0], Size(customers=16_000, years=3, ahead_days=30), ANCHOR)
    told = hazards(business, NOW)
    for plans, ages in (({803}, range(1, 18)), ({801, 802, 804}, range(1, 12)), ({801, 802, 804}, range(12, 13))):
        rows = [row for row in told if row.plan in plans and row.age in ages]
        expected = sum(row.hazard * row.at_risk for row in rows)
        ended = sum(row.ended for row in rows)
        assert expected > 60
        assert abs(ended - expected) < 3.5 * expected**0.5
        assert abs(ended - 1.6 * expected) > 3.5 * expected**0.5


def test_the_hazard_of_a_plan_with_a_term_peaks_when_the_term_ends() -> None:
    yearly, ongoing = hazard_of(12, 30), hazard_of(None, 30)
    assert sorted(np.argsort(yearly)[-2:].tolist()) == [12, 24]
    assert np.ptp(ongoing[1:]) < 1e-6
    assert (ongoing[1:10] > yearly[1:10]).all()


def test_the_same_seed_asks_for_the_same_and_another_for_something_else() -> None:
    one, again, other = tiny(8), tiny(8), tiny(9)
    assert (one.demand.calls.created == again.demand.calls.created).all()
    assert (one.demand.cause == again.demand.cause).all()
    assert (one.offers.items.price == again.offers.items.price).all()
    assert (one.ads.cost == again.ads.cost).all()
    assert (
        len(one.demand.calls) != len(other.demand.calls)
        or (one.demand.calls.created != other.demand.calls.created).any()
    )

"""The simulated field work holds together: causes before effects, nobody at two places, enough people for the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from st_platform.simulator.business.board import history
from st_platform.simulator.business.board.board import Board, Requests
from st_platform.simulator.business.board.crew import draw_up, recall_factor, sale_factor
from st_platform.simulator.business.board.dispatching import Appointments, Assignments, Dispatching, dispatch
from st_platform.simulator.business.board.history import rate, tell
from st_platform.simulator.business.board.shifts import NORMAL, ON_CALL, TIME_OFF, Shifts, publish, set_apart
from st_platform.simulator.business.board.trips import Trips, distances
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import Kind
from st_platform.simulator.business.profile import PROFILES, SIZES
from st_platform.simulator.business.tenant import Business, run_business
from st_platform.simulator.business.work import NONE, kinds_of
from st_platform.simulator.instants import DAY, HOUR, MINUTE, NEVER, day_ticks

ANCHOR = date(2026, 6, 15)
YEAR = round(365.25 * DAY)


@pytest.fixture(scope="module", params=PROFILES, ids=lambda profile: profile.name)
def business(request: pytest.FixtureRequest) -> Business:
    return run_business(1, request.param, SIZES["small"], ANCHOR)


@pytest.fixture(scope="module")
def board(business: Business) -> Dispatching:
    return dispatch(business)


def disorder(business: Business, board: Dispatching) -> list[str]:
    """What happens before its cause, or names what does not exist, on the dispatch board."""
    jobs, people = business.jobs, business.company.technicians
    visits, sent, trips = board.appointments, board.assignments, board.trips
    known = np.maximum(visits.created, np.where(visits.moved == NEVER, 0, visits.moved))
    of = sent.appointment
    claims = {
        "an appointment follows its job": visits.created >= jobs.created[visits.job],
        "it is moved while it exists": visits.moved >= visits.created,
        "it is confirmed while it exists": visits.confirmed >= known,
        "someone sets out after it is agreed": visits.dispatched > known,
        "and arrives after that": (visits.arrived > visits.dispatched) | (visits.arrived == NEVER),
        "and is done after that": (visits.done > visits.arrived) | (visits.done == NEVER),
        "what is cancelled is not done": (visits.canceled == NEVER) | (visits.arrived == NEVER),
        "what is not cancelled is done": (visits.canceled != NEVER) | (visits.done != NEVER),
        "the end comes after the start": visits.end > visits.start,
        "an assignment follows its appointment": sent.assigned >= visits.created[of],
        "and precedes the drive": sent.dispatched > sent.assigned,
        "the technician is employed then": people.hired[sent.technician] <= sent.assigned,
        "and still when the work is done": (sent.done == NEVER) | (people.leaves[sent.technician] > sent.done),
        "someone taken off never goes": (sent.removed == NEVER) | (sent.arrived == NEVER),
        "one is taken off after being put on": sent.removed > sent.assigned,
        "nobody drives before the last work": (trips.previous == NONE)
        | (trips.dispatched >= trips.done[trips.previous] - 2 * MINUTE)
        | _overlaps(trips),
        "rows are in order": np.concatenate([np.diff(visits.created) >= 0, np.diff(sent.assigned) >= 0]),
    }
    return [claim for claim, holds in claims.items() if not holds.all()]


def _overlaps(trips: Trips) -> np.ndarray:
    return (trips.previous != NONE) & (trips.done[trips.previous] > trips.arrived)


def test_nothing_on_the_board_happens_before_its_cause(business: Business, board: Dispatching) -> None:
    assert disorder(business, board) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_nothing_in_a_tiny_business_happens_before_its_cause(seed: int, profile: object) -> None:
    tiny = run_business(seed, next(one for one in PROFILES if one is profile), SIZES["tiny"], ANCHOR)
    assert disorder(tiny, dispatch(tiny)) == []


def _earlier_assignment(board: Dispatching) -> Dispatching:
    sent = board.assignments
    return replace(board, assignments=replace(sent, assigned=sent.assigned - 400 * DAY))


def _done_before_arrival(board: Dispatching) -> Dispatching:
    visits = board.appointments
    return replace(board, appointments=replace(visits, done=np.where(visits.done == NEVER, NEVER, visits.arrived - 1)))


def _sent_though_taken_off(board: Dispatching) -> Dispatching:
    sent = board.assignments
    return replace(board, assignments=replace(sent, removed=np.where(sent.done == NEVER, NEVER, sent.done)))


@pytest.mark.parametrize("breaking", [_earlier_assignment, _done_before_arrival, _sent_though_taken_off])
def test_the_order_of_things_is_really_looked_at(breaking: Callable[[Dispatching], Dispatching]) -> None:
    tiny = run_business(1, PROFILES[0], SIZES["tiny"], ANCHOR)
    assert disorder(tiny, breaking(dispatch(tiny))) != []


def test_a_job_and_its_appointments_tell_the_same_story(business: Business, board: Dispatching) -> None:
    jobs, visits, sent = business.jobs, board.appointments, board.assignments
    every = np.arange(len(jobs))
    first = board.first_appointment
    assert (visits.job[first] == every).all()
    assert (visits.created[first] == jobs.created).all()
    assert (visits.dispatched[first] == jobs.dispatched).all()
    assert (visits.arrived[first] == jobs.started).all()
    assert (board.appointment_count == 1 + (jobs.held != NEVER) + (jobs.reopened != NEVER)).all()
    last = board.visit(every, board.appointment_count - 1)
    assert (visits.job[last] == every).all()
    assert (visits.number[last] == board.appointment_count - 1).all()
    assert (visits.done[last] == jobs.finished).all()
    stays = np.flatnonzero(sent.removed == NEVER)
    first_sent = stays[np.unique(sent.appointment[stays], return_index=True)[1]]
    opening = visits.number[sent.appointment[first_sent]] == 0
    job = visits.job[sent.appointment[first_sent[opening]]]
    assert (sent.technician[first_sent[opening]] == jobs.technician[job]).all()


def overlapping_share(business: Business, trips: Trips) -> float:
    """Pairs of visits that follow each other on a technician's day and overlap."""
    order = np.lexsort((trips.arrived, trips.technician))
    who = trips.technician[order]
    day = business.calendar.to_local(trips.arrived[order]) // DAY
    pairs = (who[1:] == who[:-1]) & (day[1:] == day[:-1])
    overlaps = pairs & (trips.done[order][:-1] > trips.arrived[order][1:])
    return float(overlaps.sum() / pairs.sum())


def test_hardly_ever_is_a_technician_at_two_places_at_once(business: Business, board: Dispatching) -> None:
    assert overlapping_share(business, board.trips) < 0.03
    anybody = np.random.default_rng(1).permutation(board.trips.technician)
    assert overlapping_share(business, replace(board.trips, technician=anybody)) > 0.03


def test_the_drive_between_two_visits_takes_as_long_as_the_way_is(business: Business, board: Dispatching) -> None:
    trips = board.trips
    way = distances(business.places, business.company.technicians, business.jobs, trips)
    minutes = (trips.arrived - trips.dispatched) / MINUTE
    assert float((way / minutes * 60 > 90).mean()) < 0.01
    assert float(np.corrcoef(way, minutes)[0, 1]) > 0.9
    assert 10 < float(np.median(minutes)) < 40


def test_work_lies_within_shifts_and_never_on_a_day_off(business: Business, board: Dispatching) -> None:
    trips = board.trips
    shifts = publish(business, board.absences)
    day = business.calendar.to_local(trips.arrived) // DAY
    assert share_within(business, trips, shifts) > 0.93
    away = set((board.absences.technician * 100_000 + board.absences.day).tolist())
    assert not away & set((trips.technician * 100_000 + day).tolist())


def share_within(business: Business, trips: Trips, shifts: Shifts) -> float:
    """Visits that begin and end within the technician's shift of the day, give or take an hour and a half."""
    counts = np.flatnonzero((shifts.kind != TIME_OFF) & (shifts.inactive == NEVER))
    days = business.calendar.to_local(shifts.start[counts]) // DAY
    keys = shifts.technician[counts] * 100_000 + days
    order = np.argsort(keys)
    wanted = trips.technician * 100_000 + business.calendar.to_local(trips.arrived) // DAY
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    shift = counts[order][place]
    found = keys[order][place] == wanted
    fits = (trips.arrived >= shifts.start[shift] - 90 * MINUTE) & (trips.done <= shifts.end[shift] + 90 * MINUTE)
    past = trips.arrived < business.company.end
    return float((found & fits)[past].mean())


def test_an_install_takes_two(business: Business, board: Dispatching) -> None:
    jobs = business.jobs
    installs = (kinds_of(business.company, jobs) == Kind.INSTALL) & (jobs.done != NEVER)
    assert float((jobs.helper[installs] != NONE).mean()) > 0.85
    assert (jobs.helper[~installs & (jobs.done != NEVER)] == NONE).all()
    assert (jobs.helper[installs] != jobs.technician[installs]).all()
    trips = board.trips
    assert len(np.unique(trips.technician * 10_000_000 + trips.job * 3 + trips.visit)) == len(trips)


def test_the_crew_fits_the_revenue_and_grows_with_it(business: Business) -> None:
    people, company = business.company.technicians, business.company
    heads, share = [], []
    for year in range(3):
        begin, end = company.opened + year * YEAR, company.opened + (year + 1) * YEAR
        billed = (business.invoices.billed >= begin) & (business.invoices.billed < end)
        there = np.clip(np.minimum(people.leaves, end) - np.maximum(people.hired, begin), 0, None).sum() / YEAR
        heads.append(there)
        share.append(business.bills.total[billed].sum() / 1e8 / there)
    assert heads[0] * 1.4 < heads[1] < heads[2] / 1.3
    assert all(0.24 <= one <= 0.36 for one in share), share
    left = people.leaves < company.end
    assert 0.05 < left.mean() < 0.5
    assert not people.leads[left].any()
    assert (np.diff(people.hired) >= 0).all()
    assert np.corrcoef(people.skill, people.wage_cents)[0, 1] > 0.6


def test_skill_decides_how_often_work_is_called_back_and_what_is_sold(business: Business) -> None:
    jobs, skill = business.jobs, business.company.technicians.skill[business.jobs.technician]
    recalled, sold = np.zeros(len(jobs), dtype=bool), np.zeros(len(jobs), dtype=bool)
    recalled[jobs.recalled[jobs.recalled != NONE]] = True
    sold[jobs.origin[jobs.origin != NONE]] = True
    kind, done = kinds_of(business.company, jobs), jobs.done != NEVER
    works = done & np.isin(kind, [Kind.SERVICE, Kind.INSTALL, Kind.MAINTENANCE])
    assert _ratio(recalled, works, skill) < 0.75
    assert _ratio(sold, done & (kind == Kind.ESTIMATE), skill) > 1.1
    assert recall_factor(np.array([0.6]))[0] > 1.4 > 0.8 > recall_factor(np.array([1.4]))[0]
    assert sale_factor(np.array([1.0]))[0] == 1.0


def _ratio(flags: np.ndarray, among: np.ndarray, skill: np.ndarray) -> float:
    able, other = among & (skill > 1.15), among & (skill < 0.9)
    return float(flags[able].mean() / flags[other].mean())


def test_the_history_of_a_job_begins_with_its_booking_and_holds_every_step(
    business: Business, board: Dispatching
) -> None:
    jobs, events = business.jobs, tell(business, board)
    assert (np.diff(events.time) >= 0).all()
    opening = events.by_job.source[events.by_job.starts[:-1]]
    assert (events.kind[opening] == history.BOOKED).all()
    for kind, moments in (
        (history.CANCELED, [jobs.canceled]),
        (history.COMPLETED, [jobs.done, jobs.redone]),
        (history.MOVED, [jobs.moved]),
        (history.ASSIGNED, [board.assignments.assigned]),
        (history.UNASSIGNED, [board.assignments.removed]),
        (history.ARRIVED, [board.appointments.arrived]),
    ):
        told = np.sort(events.time[events.kind == kind])
        happened = np.concatenate(moments)
        assert (told == np.sort(happened[happened != NEVER])).all(), history.EVENTS[kind]
    acts = events.technician != NONE
    people = business.company.technicians
    assert (people.hired[events.technician[acts]] <= events.time[acts]).all()


def test_customers_rate_finished_work_and_like_good_work_better(business: Business) -> None:
    ratings, jobs = rate(business), business.jobs
    assert (ratings.created > jobs.done[ratings.job]).all()
    assert (ratings.technician == jobs.technician[ratings.job]).all()
    assert len(np.unique(ratings.job)) == len(ratings)
    assert 0 <= ratings.score.min() < ratings.score.max() == 10
    skill = business.company.technicians.skill[ratings.technician]
    assert ratings.score[skill > 1.15].mean() > ratings.score[skill < 0.9].mean() + 0.5


def test_shifts_are_published_before_they_begin_and_lost_to_days_off(business: Business, board: Dispatching) -> None:
    shifts, people = publish(business, board.absences), business.company.technicians
    planned = np.isin(shifts.kind, [NORMAL, ON_CALL])
    assert (shifts.created[planned] < shifts.start[planned]).all()
    assert (shifts.created >= people.hired[shifts.technician]).all()
    assert (shifts.created < people.leaves[shifts.technician]).all()
    assert (shifts.end > shifts.start).all()
    assert set(shifts.kind.tolist()) == {NORMAL, ON_CALL, TIME_OFF}
    held = np.flatnonzero(planned & (shifts.inactive == NEVER))
    off = np.flatnonzero(shifts.kind == TIME_OFF)
    assert not set(_days(business, shifts, held)) & set(_days(business, shifts, off))
    others = set_apart(business, board.absences)
    assert (others.created >= people.hired[others.technician]).all()
    assert set(others.kind.tolist()) == {0, 1, 2, 3}


def _days(business: Business, shifts: Shifts, rows: Ints) -> list[int]:
    day = business.calendar.to_local(shifts.start[rows]) // DAY
    return (shifts.technician[rows] * 100_000 + day).tolist()


def test_the_same_seed_sends_the_same_people_and_another_seed_others() -> None:
    def columns(seed: int) -> tuple[Appointments, Assignments]:
        tiny = run_business(seed, PROFILES[1], SIZES["tiny"], ANCHOR)
        board = dispatch(tiny)
        return board.appointments, board.assignments

    first, again, other = columns(5), columns(5), columns(6)
    assert (first[1].technician == again[1].technician).all()
    assert (first[0].created == again[0].created).all()
    assert len(first[1]) != len(other[1]) or (first[1].assigned != other[1].assigned).any()


def test_the_board_sends_another_technician_when_one_is_taken() -> None:
    business = run_business(1, PROFILES[0], SIZES["small"], ANCHOR)
    board = Board(
        business.chance, business.calendar, business.company.units, draw_up(business.chance, business.company)
    )
    monday = day_ticks(date(2025, 6, 16))
    begins = np.full(3, monday + 14 * HOUR)
    never = np.full(3, NEVER)
    asked = Requests(
        unit=np.zeros(3, dtype=np.int64),
        zone=np.zeros(3, dtype=np.int64),
        known=begins - DAY,
        begins=begins,
        ends=begins + 2 * HOUR,
        resumes=never,
        finishes=never,
        pair=np.array([False, False, True]),
        real=np.ones(3, dtype=bool),
        preferred=np.full(3, NONE),
    )
    lead, helper = board.send("three at once", asked)
    assert len({*lead.tolist(), int(helper[2])}) == 4
    assert (helper[:2] == NONE).all()

"""The technicians: who is hired when and for what, their hours, and the days on which they are away.

The crew follows the customer base. What technicians are sent to is the board's business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from st_platform.simulator.business.board.places import Places
from st_platform.simulator.business.chance import Chance, Flags, Floats, Ints
from st_platform.simulator.business.company import Company, Technicians, Unit
from st_platform.simulator.business.people import Customers
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks

_YEAR = round(365.25 * DAY)
_REVENUE_A_NEWCOMER, _REVENUE_A_CUSTOMER, _REVENUE_A_TECHNICIAN = 1_500, 3_900, 290_000
"""What planning reckons with, in dollars a year. Only ratios matter: planning does not know the jobs."""
_MONTH = 30 * DAY
_AHEAD = 60 * DAY
_TENURE = 6.0
_SHARES = {"Service": 0.4, "Maintenance": 0.1, "Install": 0.42, "Commercial": 0.08}
_EVENING_SHARE = 0.34
_SATURDAY, _SUNDAY = 5, 6
SATURDAY_ROTA, SUNDAY_ROTA = 3, 6
"""Everybody has every third Saturday and is on call every sixth Sunday."""
VACATION, SICK, TRAINING = 1, 2, 3

Kinds = NDArray[np.uint8]


def hire(chance: Chance, company: Company, places: Places, customers: Customers) -> Technicians:
    """As many as the business needs at any time: every unit its lead, the others as customers grow more. Those who
    leave are replaced."""
    stream = chance.stream("technicians")
    seat_unit, lead = _seats(company, _headcount(company, customers))
    opens = _openings(company, customers, len(seat_unit), int(lead.sum()))
    unit, hired, leaves, leads = [], [], [], []
    begin = opens.copy()
    begin[begin <= company.opened] -= stream.integers(30 * DAY, 880 * DAY, int((begin <= company.opened).sum()))
    begin[lead] = company.opened - 890 * DAY
    seats = np.arange(len(begin))
    first = True
    while len(seats):
        stays = np.maximum(stream.exponential(_TENURE * _YEAR, len(seats)), 120 * DAY).astype(np.int64)
        end = np.where(lead[seats], NEVER, np.maximum(begin[seats], company.opened) + stays)
        end = np.where(end >= company.end, NEVER, end)
        unit.append(seat_unit[seats])
        hired.append(begin[seats] + stream.integers(0, 9 * HOUR, len(seats)))
        leaves.append(end + np.where(end == NEVER, 0, stream.integers(0, 9 * HOUR, len(seats))))
        leads.append(lead[seats] & first)
        begin[seats] = np.where(end == NEVER, company.end, end + stream.integers(9 * DAY, 45 * DAY, len(seats)))
        seats, first = seats[begin[seats] < company.end - 30 * DAY], False
    return _described(stream, company, places, *(np.concatenate(part) for part in (unit, hired, leaves, leads)))


def pace(skill: Floats) -> Floats:
    """How long someone of this skill takes for work against the ordinary."""
    return 1.25 - 0.25 * skill


def recall_factor(skill: Floats) -> Floats:
    """How much more often than ordinary the work of someone of this skill is called back."""
    return np.clip(2.2 - 1.2 * skill, 0.2, 2.0)


def sale_factor(skill: Floats) -> Floats:
    """How much more often than ordinary someone of this skill sells what they offer."""
    return 0.4 + 0.6 * skill


@dataclass(frozen=True)
class Rota:
    """Who works on which day, by local day since 1970. `away[technician, day - first_day]` is 0 or why they are away:
    VACATION, SICK or TRAINING, on weekdays only."""

    people: Technicians
    first_day: int
    away: Kinds

    @property
    def days(self) -> int:
        return self.away.shape[1]

    def on_duty(self, technicians: Ints, days: Ints) -> Flags:
        """Whether each has a normal shift on that local day, absences apart."""
        weekday = (days + 3) % 7
        week = (days + 3) // 7
        saturday = (weekday == _SATURDAY) & ((technicians + week) % SATURDAY_ROTA == 0)
        return (weekday < _SATURDAY) | saturday

    def on_call(self, technicians: Ints, days: Ints) -> Flags:
        weekday = (days + 3) % 7
        return (weekday == _SUNDAY) & ((technicians + (days + 3) // 7) % SUNDAY_ROTA == 0)

    def absence(self, technicians: Ints, days: Ints) -> Kinds:
        return self.away[technicians, np.clip(days - self.first_day, 0, self.days - 1)]


def draw_up(chance: Chance, company: Company) -> Rota:
    """Vacations by the week, two a year; single days of illness and training."""
    people = company.technicians
    first_day = company.opened // DAY - 2
    count = (company.end - company.opened) // DAY + 150
    technicians = np.arange(len(people.unit))[:, None]
    days = first_day + np.arange(count)[None, :]
    key = technicians * 100_003 + days
    week = technicians * 100_003 + (days + 3) // 7
    away = np.where(chance.fraction(week, "vacation") < 2.1 / 52, VACATION, 0).astype(np.uint8)
    luck = chance.fraction(key, "absence")
    away[(away == 0) & (luck < 4 / 260)] = SICK
    away[(away == 0) & (luck > 1 - 2.5 / 260)] = TRAINING
    employed = (days * DAY > people.hired[:, None]) & ((days + 1) * DAY < people.leaves[:, None])
    away[~employed | ((days + 3) % 7 >= _SATURDAY)] = 0
    return Rota(people, int(first_day), away)


def _headcount(company: Company, customers: Customers) -> int:
    return int(_wanted(company, customers, np.array([company.end]))[0])


def _wanted(company: Company, customers: Customers, when: Ticks) -> Ints:
    """How many technicians the customers of each instant keep busy."""
    known = customers.created[~customers.legacy]
    base = np.searchsorted(known, when)
    recent = base - np.searchsorted(known, when - _YEAR)
    year = np.clip((when - company.opened) / _YEAR, 0.25, 1.0)
    revenue = base * _REVENUE_A_CUSTOMER + recent / year * _REVENUE_A_NEWCOMER
    return np.rint(revenue / _REVENUE_A_TECHNICIAN).astype(np.int64)


def _seats(company: Company, wanted: int) -> tuple[Ints, Flags]:
    """The unit of each seat and whether it is its lead's. Leads come first, then a second installer each."""
    units = company.units
    mates = [i for i, unit in enumerate(units) if unit.division == "Install"]
    share = np.array([_share(company, unit) for unit in units])
    most = max(0, wanted - len(units) - len(mates))
    turns = (np.arange(most + 1)[None, :] + 1.5) / np.maximum(share, 1e-9)[:, None]
    order = np.argsort(turns, axis=None, kind="stable")[:most]
    unit = np.concatenate([np.arange(len(units)), mates, order // (most + 1)]).astype(np.int64)
    return unit, np.arange(len(unit)) < len(units)


def _share(company: Company, unit: Unit) -> float:
    if unit.closes is not None:
        return 0.0
    trade = 1.0 if unit.division == "Commercial" else company.profile.trades[unit.trade].share
    return _SHARES[unit.division] * trade


def _openings(company: Company, customers: Customers, seats: int, leads: int) -> Ticks:
    """When each seat is filled for the first time: when the business needs that many people."""
    months = np.arange(company.opened, company.end, _MONTH)
    wanted = np.maximum.accumulate(_wanted(company, customers, months + _AHEAD))
    month = np.searchsorted(wanted, np.arange(seats) + 1)
    opens = np.append(months, company.end - 40 * DAY)[np.minimum(month, len(months))]
    opens[: leads + 2] = company.opened
    return opens + np.where(opens > company.opened, np.arange(seats) % 28 * DAY, 0)


def _described(
    stream: np.random.Generator,
    company: Company,
    places: Places,
    unit: Ints,
    hired: Ticks,
    leaves: Ticks,
    leads: Flags,
) -> Technicians:
    order = np.argsort(hired, kind="stable")
    unit, hired, leaves, leads = unit[order], hired[order], leaves[order], leads[order]
    count = len(unit)
    skill = np.clip(stream.normal(1.0, 0.22, count) + np.where(leads, 0.15, 0), 0.5, 1.5)
    wage = np.clip(1700 + 1500 * skill + np.where(leads, 500, 0) + stream.normal(0, 180, count), 1900, 5200)
    weights = np.array([town.weight for town in company.profile.towns], dtype=np.float64)
    towns = stream.choice(len(weights), count, p=weights / weights.sum())
    answers_calls = np.array([u.division in ("Service", "Commercial") for u in company.units])[unit]
    return Technicians(
        unit=unit,
        hired=hired,
        leaves=leaves,
        leads=leads,
        skill=skill,
        wage_cents=(wage / 25).astype(np.int64) * 25,
        zone=places.zone_of_town[towns],
        evening=answers_calls & ~leads & (stream.random(count) < _EVENING_SHARE),
    )

"""What campaigns cost: one row per paid campaign and month, corrected later, sometimes withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.books.plans import add_months
from st_platform.simulator.business.chance import Chance, Ints, between, some
from st_platform.simulator.business.company import Company
from st_platform.simulator.business.seasons import LocalCalendar
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks


@dataclass(frozen=True)
class Costs:
    """In order of creation. `daily` in cents; from `corrected` on `corrected_daily` holds."""

    campaign: Ints
    year: Ints
    month: Ints
    daily: Ints
    corrected_daily: Ints
    created: Ticks
    corrected: Ticks
    removed: Ticks


def spend(chance: Chance, company: Company, calendar: LocalCalendar) -> Costs:
    """A budget is entered on the first morning of each month that a campaign runs."""
    stream = chance.stream("campaign costs")
    begins, ends = company.campaign_times()
    first = np.int64(np.datetime64(company.opened // DAY, "D").astype("M8[M]").astype("M8[D]").astype(np.int64) * DAY)
    months = int((company.end - company.opened) / DAY / 30.4) + 2
    starts = add_months(np.full(months, first), np.arange(months))
    paid = np.array([i for i, campaign in enumerate(company.campaigns) if campaign.daily])
    month, campaign = (grid.ravel() for grid in np.meshgrid(starts, paid, indexing="ij"))
    runs = (begins[campaign] < month + 28 * DAY) & (ends[campaign] > month)
    month, campaign = month[runs], campaign[runs]
    count = len(month)
    created = np.maximum(calendar.to_utc(month + 8 * HOUR), company.opened) + np.arange(count) * 1_234_567
    base = np.array([campaign.daily for campaign in company.campaigns])[campaign] * company.volume
    season = 1 + 0.25 * np.sin(2 * np.pi * ((month / DAY / 365.25) % 1 - 0.28))
    daily = np.rint(base * season * stream.uniform(0.85, 1.15, count)).astype(np.int64)
    corrected = np.where(stream.random(count) < 0.45, created + between(stream, 20 * DAY, 50 * DAY, count), NEVER)
    removed = np.full(count, NEVER, dtype=np.int64)
    withdrawn = some(stream, np.arange(count), 0.03, at_least=2)
    removed[withdrawn] = created[withdrawn] + between(stream, 2 * DAY, 90 * DAY, len(withdrawn))
    calendar_month = (month // DAY).astype("M8[D]").astype("M8[M]").astype(np.int64)
    return Costs(
        campaign=campaign,
        year=calendar_month // 12 + 1970,
        month=calendar_month % 12 + 1,
        daily=daily,
        corrected_daily=np.rint(daily * stream.uniform(0.7, 1.4, count)).astype(np.int64),
        created=np.maximum.accumulate(created),
        corrected=corrected,
        removed=removed,
    )

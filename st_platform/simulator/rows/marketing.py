"""Campaigns and their costs as the Marketing module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, decimals, ids, instants, objects, quoted, where
from st_platform.simulator.rows.view import First, View


def campaigns(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    company = view.business.company
    begins, ends = company.campaign_times()
    categories = category_names(view)
    those = [company.campaigns[row] for row in rows.tolist()]
    category = [
        json.dumps(
            {
                "id": First.CAMPAIGN_CATEGORY + categories.index(campaign.category),
                "name": campaign.category,
                "active": True,
            }
        )
        for campaign in those
    ]
    return objects(
        len(rows),
        id=ids(rows, First.CAMPAIGN),
        name=quoted(campaign.name for campaign in those),
        modifiedOn=instants(modified),
        createdOn=instants(begins[rows]),
        active=booleans(ends[rows] > at),
        isDefaultCampaign=booleans(rows == 0),
        category=category,
        source=quoted(campaign.source for campaign in those),
        otherSource="null",
        businessUnit="null",
        medium=quoted(campaign.medium for campaign in those),
        otherMedium="null",
        campaignPhoneNumbers=[f"[{phone}]" for phone in view.names.phones(rows + 7000)],
    )


def category_names(view: View) -> list[str]:
    """The categories that campaigns are in; their order is that of their ids."""
    return list(dict.fromkeys(campaign.category for campaign in view.business.company.campaigns))


def campaign_categories(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    return objects(
        len(rows),
        id=ids(rows, First.CAMPAIGN_CATEGORY),
        name=quoted([*category_names(view), "Yellow Pages"][row] for row in rows.tolist()),
        active=booleans(category_ends(view)[rows] > at),
        type=where(rows == len(category_names(view)), '"GoogleHomeServices"', '"Regular"'),
        createdOn=instants(category_times(view)[rows]),
        modifiedOn=instants(modified),
    )


def category_times(view: View) -> Ticks:
    """When categories were made: before the first campaign. The last one, which no campaign is in, was given up."""
    return view.business.company.opened - 31 * DAY + np.arange(len(category_names(view)) + 1) * 21_234_567


def category_ends(view: View) -> Ticks:
    ends = np.full(len(category_names(view)) + 1, NEVER, dtype=np.int64)
    ends[-1] = view.business.company.opened + 5 * DAY
    return ends


def campaign_costs(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    costs = view.business.costs
    daily = np.where(costs.corrected[rows] <= at, costs.corrected_daily[rows], costs.daily[rows])
    return objects(
        len(rows),
        id=ids(rows, First.CAMPAIGN_COST),
        year=costs.year[rows].tolist(),
        month=costs.month[rows].tolist(),
        dailyCost=decimals(daily),
        campaignId=ids(costs.campaign[rows], First.CAMPAIGN),
    )

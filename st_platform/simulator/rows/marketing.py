"""Campaigns and their costs as the Marketing module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.instants import Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, decimals, ids, instants, objects, quoted
from st_platform.simulator.rows.view import First, View


def campaigns(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    company = view.business.company
    begins, ends = company.campaign_times()
    categories = list(dict.fromkeys(campaign.category for campaign in company.campaigns))
    those = [company.campaigns[row] for row in rows.tolist()]
    category = [
        json.dumps({"id": 521 + categories.index(campaign.category), "name": campaign.category, "active": True})
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

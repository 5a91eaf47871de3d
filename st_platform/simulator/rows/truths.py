"""The truths that no API tells, for tests of models: which campaign caused each job, and how memberships end."""

from __future__ import annotations

import json
from collections.abc import Iterator

from st_platform.simulator.business.demand.attribution import true_attribution
from st_platform.simulator.business.demand.churn import hazards
from st_platform.simulator.business.demand.enquiries import TouchKind
from st_platform.simulator.instants import text
from st_platform.simulator.rows.view import First, View

_FIRST = {TouchKind.CALL: First.CALL, TouchKind.LEAD: First.LEAD, TouchKind.BOOKING: First.BOOKING}


def attribution_lines(view: View, at: int) -> Iterator[str]:
    """One JSON object per job that exists at an instant, in order of id."""
    for one in true_attribution(view.business, view.demand, at):
        yield json.dumps(
            {
                "jobId": one.job + First.JOB,
                "customerId": one.customer + First.CUSTOMER,
                "createdOn": text(one.created),
                "channel": one.channel.name.lower(),
                "recordedCampaignId": one.recorded + First.CAMPAIGN,
                "trueCampaignId": one.cause + First.CAMPAIGN,
                "rootJobId": one.root + First.JOB,
                "touches": [
                    {
                        "kind": touch.kind.name.lower(),
                        "id": None if touch.kind is TouchKind.EXPOSURE else touch.row + _FIRST[touch.kind],
                        "at": text(touch.time),
                        "campaignId": touch.campaign + First.CAMPAIGN,
                    }
                    for touch in one.touches
                ],
            }
        )


def hazard_lines(view: View, at: int) -> Iterator[str]:
    """One JSON object per membership type and month of age: the hazard of the model and what came of it so far."""
    for one in hazards(view.business, at):
        yield json.dumps(
            {
                "membershipTypeId": one.plan,
                "ageMonths": one.age,
                "hazard": round(one.hazard, 6),
                "atRisk": one.at_risk,
                "ended": one.ended,
            }
        )

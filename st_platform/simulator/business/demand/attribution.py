"""The true attribution of every job, written out: what it went through, how it came in and which campaign caused it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.demand.enquiries import Channel, Enquiries, TouchKind
from st_platform.simulator.business.tenant import Business


@dataclass(frozen=True)
class Touch:
    """`row` is the call, lead or booking that the touch left behind, -1 for an exposure."""

    kind: TouchKind
    row: int
    time: int
    campaign: int


@dataclass(frozen=True)
class Attribution:
    """One job. `recorded` is the campaign that the office noted, `cause` the one that really brought the job; `root` is
    the job it goes back to, itself where it does not follow from another. Touches in order of time."""

    job: int
    created: int
    customer: int
    channel: Channel
    recorded: int
    cause: int
    root: int
    touches: tuple[Touch, ...]


def true_attribution(business: Business, enquiries: Enquiries, at: int) -> Iterator[Attribution]:
    """Every job that exists at an instant, once, in order of creation."""
    jobs, touches = business.jobs, enquiries.touches
    known = int(np.searchsorted(jobs.created, at, side="right"))
    columns: tuple[Ints, ...] = (
        jobs.created[:known],
        jobs.customer[:known],
        enquiries.channel[:known],
        jobs.campaign[:known],
        enquiries.cause[:known],
        enquiries.cause_job[:known],
    )
    starts = touches.starts.tolist()
    for job, (created, customer, channel, recorded, cause, root) in enumerate(
        zip(*(values.tolist() for values in columns), strict=True)
    ):
        part = slice(starts[job], starts[job + 1])
        path = tuple(
            Touch(TouchKind(kind), row, time, campaign)
            for kind, row, time, campaign in zip(
                touches.kind[part].tolist(),
                touches.row[part].tolist(),
                touches.time[part].tolist(),
                touches.campaign[part].tolist(),
                strict=True,
            )
        )
        yield Attribution(job, created, customer, Channel(channel), recorded, cause, root, path)

"""Which campaign really caused each job: the truth that attribution models are measured against.

A job is caused by one of the touches before it, more often by the first than by the last; a job that follows from
another (a sold estimate, a call-back, a member's visit) by what caused that one.
"""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.demand.enquiries import Touches
from st_platform.simulator.business.tenant import Business
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import Ticks

FIRST_TOUCH, LAST_TOUCH = 0.5, 0.3
"""How likely the first and the last touch of a path is the cause; else it is any of them."""


def order_touches(count: int, job: Ints, time: Ticks, kind: Ints, row: Ints, campaign: Ints) -> Touches:
    """Touches in any order, put together by job (`count` of them) and time."""
    order = np.lexsort((time, job))
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(job, minlength=count), out=starts[1:])
    return Touches(starts, job[order], time[order], kind[order], row[order], campaign[order])


def root_causes(business: Business, touches: Touches) -> tuple[Ints, Ints]:
    """(campaign that caused each job, job it goes back to)."""
    jobs = business.jobs
    rows = np.arange(len(jobs))
    starts, count = touches.starts[:-1], np.diff(touches.starts)
    luck = business.chance.fraction(rows, "cause")
    any_of_them = (business.chance.fraction(rows, "which touch") * count).astype(np.int64)
    chosen = np.where(luck < FIRST_TOUCH, 0, np.where(luck < FIRST_TOUCH + LAST_TOUCH, count - 1, any_of_them))
    own = jobs.campaign.astype(np.int64)
    touched = np.flatnonzero(count > 0)
    own[touched] = touches.campaign[(starts + chosen)[touched]]
    root = _parents(business)
    while True:
        above = root[root]
        if (above == root).all():
            return own[root], root
        root = above


def _parents(business: Business) -> Ints:
    """The job that each one follows from, itself if none."""
    jobs, members = business.jobs, business.memberships
    parent = np.arange(len(jobs))
    for link in (jobs.origin, jobs.recalled, jobs.covered):
        parent = np.where(link != NONE, link, parent)
    root = np.where(members.previous == NONE, np.arange(len(members)), members.previous)
    while len(root) and (root[root] != root).any():
        root = root[root]
    visits = np.flatnonzero(jobs.membership != NONE)
    sold_on = members.sold_on[root[jobs.membership[visits]]]
    parent[visits] = np.where(sold_on == NONE, visits, sold_on)
    return parent

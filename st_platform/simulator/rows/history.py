"""What happened to jobs, why they were cancelled and how technicians were rated, as the API writes it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from st_platform.simulator.business.board import history as told
from st_platform.simulator.business.board.history import Cancellations, History, Ratings
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, quoted, where
from st_platform.simulator.rows.view import First, View

REASONS = (
    "Customer changed their mind",
    "Customer not at home",
    "Went with another company",
    "Weather",
    "Booked twice",
    "Price",
    "Outside our area",
    "Entered by mistake",
)
RETIRED_REASON = 3
_MEMOS = ("null", '"Called in the morning."', '"Left a message, no answer."', '""')
_EVENT_NAMES = tuple(f'"{name}"' for name in told.EVENTS)


def reason_ends(view: View) -> Ticks:
    company = view.business.company
    ends = np.full(len(REASONS), NEVER, dtype=np.int64)
    ends[RETIRED_REASON] = company.opened + (company.end - company.opened) * 2 // 5
    return ends


def job_history(view: View, history: History, rows: Ints, modified: Ticks, at: int) -> Texts:
    runs = history.by_job
    start = runs.starts[rows]
    count = np.maximum(runs.last(rows, at) - start + 1, 0)
    offset = np.cumsum(count) - count
    entries = runs.source[np.repeat(start - offset, count) + np.arange(int(count.sum()))]
    texts = _events(view, history, entries)
    edges = np.append(offset, len(texts)).tolist()
    return objects(
        len(rows),
        jobId=ids(rows, First.JOB),
        history=[f"[{','.join(texts[a:z])}]" for a, z in pairwise(edges)],
    )


def _events(view: View, history: History, entries: Ints) -> Texts:
    kind, technician = history.kind[entries], history.technician[entries]
    luck = view.business.chance.fraction(entries, "scheduling tool")
    scheduling = np.isin(kind, [told.BOOKED, told.MOVED])
    tool = np.where(scheduling & (luck < 0.08), 1, np.where((kind == told.ASSIGNED) & (luck < 0.12), 2, 0))
    office = view.creators(entries, "job events")
    people = [
        f"{one + First.TECHNICIAN}" if one != NONE else "null" if machine == 2 else f"{clerk}"
        for one, machine, clerk in zip(technician.tolist(), tool.tolist(), office, strict=True)
    ]
    return objects(
        len(entries),
        id=ids(entries, First.JOB_EVENT),
        employeeId=people,
        eventType=chosen(_EVENT_NAMES, kind),
        date=instants(history.time[entries]),
        usedSchedulingTool=chosen(('"Manual"', '"SmartSchedule"', '"SmartDispatch"'), tool),
    )


def job_canceled_logs(view: View, logs: Cancellations, rows: Ints, modified: Ticks, at: int) -> Texts:
    memo = view.business.chance.among(rows, "cancel memo", len(_MEMOS))
    return objects(
        len(rows),
        id=ids(rows, First.CANCELED_LOG),
        jobId=ids(logs.job[rows], First.JOB),
        reasonId=ids(logs.reason[rows], First.CANCEL_REASON),
        memo=chosen(_MEMOS, memo),
        createdOn=instants(logs.created[rows]),
        createdById=view.creators(rows, "cancellations"),
        active=booleans(logs.withdrawn[rows] > at),
    )


def job_cancel_reasons(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    return objects(
        len(rows),
        id=ids(rows, First.CANCEL_REASON),
        name=quoted(REASONS[row] for row in rows.tolist()),
        active=booleans(reason_ends(view)[rows] > at),
        createdOn=instants(setup_times(view, len(REASONS))[rows]),
        modifiedOn=instants(modified),
    )


def technician_ratings(view: View, ratings: Ratings, rows: Ints, modified: Ticks, at: int) -> Texts:
    changed = ratings.changed[rows] <= at
    score = np.where(changed, ratings.later[rows], ratings.score[rows])
    return objects(
        len(rows),
        technicianId=ids(ratings.technician[rows], First.TECHNICIAN),
        jobId=ids(ratings.job[rows], First.JOB),
        rating=where(score == 10, "10", [f"{one}.0" for one in score.tolist()]),
        active=booleans(ratings.withdrawn[rows] > at),
        createdOn=instants(ratings.created[rows]),
        modifiedOn=instants(modified),
    )

"""Projects as the Job Planning and Management module writes them: larger installs and what belongs to them later."""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.company import FIRST_EMPLOYEE
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, quoted, until, where
from st_platform.simulator.rows.view import First, View

_STATUSES = ('"Planned"', '"In Progress"', '"Completed"')
_PERMIT_FIELD = '[{"typeId":485,"name":"Permit office","value":"County"}]'


def project_ends(view: View) -> Ticks:
    """When a project is deactivated: a few are, long after they are done."""
    chance, rows = view.business.chance, np.arange(len(view.project_jobs))
    gone = chance.fraction(rows, "archived") < 0.04
    when = view.business.jobs.done[view.project_jobs] + 20 * DAY
    return np.where(gone, when + (chance.fraction(rows, "archived on") * 200 * DAY).astype(np.int64), NEVER)


def projects(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, jobs = view.business, view.business.jobs
    job = view.project_jobs[rows]
    kinds = b.company.job_kinds
    status = (jobs.dispatched[job] <= at).astype(np.int64) + (jobs.done[job] <= at)
    start = np.where(jobs.moved[job] <= at, jobs.start[job], jobs.planned[job])
    texts = (rows + First.PROJECT).tolist()
    return objects(
        len(rows),
        id=texts,
        number=[f'"{number}"' for number in texts],
        name=quoted(kinds[one].name for one in jobs.type[job].tolist()),
        summary='"<p>Replace the old system; <i>permit</i> needed.</p>"',
        status=chosen(_STATUSES, status),
        statusId=(status + 1).tolist(),
        subStatus=where(status == 0, '"Awaiting permit"'),
        subStatusId=where(status == 0, "11"),
        customerId=ids(jobs.customer[job], First.CUSTOMER),
        locationId=ids(jobs.location[job], First.LOCATION),
        projectTypeId=(b.chance.among(rows, "project type", 3) + 21).tolist(),
        projectManagerIds=[f"[{n}]" for n in (b.chance.among(rows, "manager", 4) + FIRST_EMPLOYEE).tolist()],
        businessUnitIds=[f"[{n}]" for n in (view.job_units[job] + First.BUSINESS_UNIT).tolist()],
        startDate=instants(start),
        targetCompletionDate=instants(start + DAY + 9 * HOUR),
        actualCompletionDate=instants(until(jobs.done[job], at)),
        modifiedOn=instants(modified),
        createdOn=instants(jobs.created[job]),
        customFields=where(b.chance.fraction(rows, "permit") < 0.3, _PERMIT_FIELD, "[]"),
        externalData="[]",
        jobIds=_jobs_of(view, rows, at),
        active=booleans(project_ends(view)[rows] > at),
    )


def later_jobs(view: View) -> Ints:
    """The jobs that belong to a project which another job began, in order of creation."""
    jobs = view.business.jobs
    return np.flatnonzero((view.project_of_job != NONE) & (jobs.covered != NONE))


def _jobs_of(view: View, rows: Ints, at: int) -> Texts:
    jobs = view.business.jobs
    members: dict[int, list[int]] = {
        project: [job + First.JOB] for project, job in zip(rows.tolist(), view.project_jobs[rows].tolist(), strict=True)
    }
    later = later_jobs(view)
    shown = later[(jobs.created[later] <= at) & np.isin(view.project_of_job[later], rows)]
    for job in shown.tolist():
        members[int(view.project_of_job[job])].append(job + First.JOB)
    return [f"[{','.join(map(str, members[project]))}]" for project in rows.tolist()]

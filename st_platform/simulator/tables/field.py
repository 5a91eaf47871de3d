"""The tables of dispatch, projects and what customers said.

The one place that knows, for each of these resources, what counts as a modification.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from st_platform.simulator.business.board.history import call_off, rate, tell
from st_platform.simulator.business.board.shifts import publish, set_apart
from st_platform.simulator.instants import NEVER
from st_platform.simulator.rows import dispatch, history, projects, settings, visits
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.tables.parts import attribute, every_row, idle


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    return [
        _appointments(view),
        _assignments(view),
        _job_history(view),
        _canceled_logs(view),
        _cancel_reasons(view),
        _projects(view),
        _ratings(view),
        _zones(view),
        _shifts(view),
        _non_job_appointments(view),
        _tag_types(view),
    ]


def _appointments(view: View) -> Table:
    rows = view.dispatching.appointments
    return build_table(
        "appointments",
        First.APPOINTMENT,
        rows.created,
        [
            *every_row(rows.confirmed, rows.moved, rows.dispatched, rows.arrived, rows.held, rows.done),
            *every_row(visits.resumed(view, np.arange(len(rows))), rows.canceled),
            idle(view, "appointments", rows.created, 0.08),
        ],
        partial(visits.appointments, view),
        inactive_at=view.business.jobs.inactive[rows.job],
        columns={"jobId": attribute(rows.job, First.JOB)},
    )


def _assignments(view: View) -> Table:
    sent, rows = view.dispatching.assignments, view.dispatching.appointments
    job = rows.job[sent.appointment]
    goes = sent.done != NEVER
    again = np.where(goes, visits.resumed(view, sent.appointment), NEVER)
    return build_table(
        "appointment_assignments",
        First.ASSIGNMENT,
        sent.assigned,
        [
            *every_row(sent.dispatched, sent.arrived, sent.done, again),
            idle(view, "assignments", sent.assigned, 0.03),
        ],
        partial(visits.appointment_assignments, view),
        inactive_at=np.minimum(sent.removed, view.business.jobs.inactive[job]),
        columns={
            "jobId": attribute(job, First.JOB),
            "appointmentId": attribute(sent.appointment, First.APPOINTMENT),
            "technicianId": attribute(sent.technician, First.TECHNICIAN),
        },
    )


def _job_history(view: View) -> Table:
    """One row per job, with the job's number; every further event is a new version of it."""
    events = tell(view.business, view.dispatching)
    return build_table(
        "job_history",
        First.JOB,
        view.business.jobs.created,
        [(events.time, events.job)],
        partial(history.job_history, view, events),
    )


def _canceled_logs(view: View) -> Table:
    logs = call_off(
        view.business,
        len(history.REASONS),
        history.RETIRED_REASON,
        int(history.reason_ends(view)[history.RETIRED_REASON]),
    )
    return build_table(
        "job_canceled_logs",
        First.CANCELED_LOG,
        logs.created,
        [],
        partial(history.job_canceled_logs, view, logs),
        inactive_at=logs.withdrawn,
    )


def _cancel_reasons(view: View) -> Table:
    created = setup_times(view, len(history.REASONS))
    return build_table(
        "job_cancel_reasons",
        First.CANCEL_REASON,
        created,
        [idle(view, "cancel reasons", created, 0.6)],
        partial(history.job_cancel_reasons, view),
        inactive_at=history.reason_ends(view),
    )


def _projects(view: View) -> Table:
    jobs, first, later = view.business.jobs, view.project_jobs, projects.later_jobs(view)
    created = jobs.created[first]
    return build_table(
        "projects",
        First.PROJECT,
        created,
        [
            *every_row(jobs.moved[first], jobs.dispatched[first], jobs.done[first]),
            (jobs.created[later], view.project_of_job[later]),
            idle(view, "projects", created, 0.4),
        ],
        partial(projects.projects, view),
        inactive_at=projects.project_ends(view),
        columns={
            "customerId": attribute(jobs.customer[first], First.CUSTOMER),
            "locationId": attribute(jobs.location[first], First.LOCATION),
        },
    )


def _ratings(view: View) -> Table:
    ratings = rate(view.business)
    return build_table(
        "technician_ratings",
        First.RATING,
        ratings.created,
        every_row(ratings.changed),
        partial(history.technician_ratings, view, ratings),
        inactive_at=ratings.withdrawn,
    )


def _zones(view: View) -> Table:
    """A zone changes when someone who covers it is hired or leaves."""
    people = view.business.company.technicians
    second = settings.second_zone(view, np.arange(len(people)))
    also = np.flatnonzero(second >= 0)
    created = dispatch.zone_times(view)
    return build_table(
        "dispatch_zones",
        First.ZONE,
        created,
        [
            *((moment, people.zone) for moment in (people.hired, people.leaves)),
            *((moment[also], second[also]) for moment in (people.hired, people.leaves)),
            idle(view, "zones", created, 0.8),
        ],
        partial(dispatch.dispatch_zones, view),
        inactive_at=dispatch.zone_ends(view),
    )


def _shifts(view: View) -> Table:
    shifts = publish(view.business, view.dispatching.absences)
    return build_table(
        "technician_shifts",
        First.SHIFT,
        shifts.created,
        [idle(view, "shifts", shifts.created, 0.02)],
        partial(dispatch.technician_shifts, view, shifts),
        inactive_at=shifts.inactive,
        columns={"technicianId": attribute(shifts.technician, First.TECHNICIAN)},
    )


def _non_job_appointments(view: View) -> Table:
    others = set_apart(view.business, view.dispatching.absences)
    return build_table(
        "non_job_appointments",
        First.NON_JOB_APPOINTMENT,
        others.created,
        [idle(view, "non-job appointments", others.created, 0.03)],
        partial(dispatch.non_job_appointments, view, others),
        inactive_at=others.inactive,
        columns={"technicianId": attribute(others.technician, First.TECHNICIAN)},
    )


def _tag_types(view: View) -> Table:
    created = setup_times(view, len(settings.TAGS))
    return build_table(
        "tag_types",
        First.TAG_TYPE,
        created,
        [idle(view, "tag types", created, 0.6)],
        partial(settings.tag_types, view),
        inactive_at=settings.tag_ends(view),
    )

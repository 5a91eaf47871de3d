"""Appointments and their assignments as the API writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, where
from st_platform.simulator.rows.view import First, View, employee_name

APPOINTMENT_STATUSES = ("Scheduled", "Dispatched", "Working", "Hold", "Done", "Canceled")
ASSIGNMENT_STATUSES = ("Scheduled", "Dispatched", "Working", "Done")
_INSTRUCTIONS = [
    json.dumps(text)
    for text in (
        "Call 20 minutes ahead.",
        "Ring twice; the bell is slow.",
        "Key under the flower pot.\nSecond floor.",
        "<b>Dog</b> in the yard & cat in the house",
    )
]


def resumed(view: View, appointments: Ints) -> Ticks:
    """When the work that these visits left undone goes on, `NEVER` for the others."""
    visits = view.dispatching.appointments
    return np.where(visits.held[appointments] == NEVER, NEVER, view.business.jobs.resumed[visits.job[appointments]])


def appointment_status(view: View, rows: Ints, at: int) -> Ints:
    """As an index of `APPOINTMENT_STATUSES`."""
    visits = view.dispatching.appointments
    done = np.where(visits.held[rows] == NEVER, visits.done[rows], resumed(view, rows))
    status = np.zeros(len(rows), dtype=np.int64)
    moments = (visits.dispatched[rows], visits.arrived[rows], visits.held[rows], done, visits.canceled[rows])
    for value, moment in enumerate(moments, start=1):
        status[moment <= at] = value
    return status


def appointments(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    visits, chance, jobs = view.dispatching.appointments, view.business.chance, view.business.jobs
    job = visits.job[rows]
    moved = visits.moved[rows] <= at
    start = np.where(moved, visits.start[rows], visits.planned[rows])
    status = appointment_status(view, rows, at)
    numbers = zip((job + First.JOB).tolist(), (visits.number[rows] + 1).tolist(), strict=True)
    told = (status == 4) & (chance.fraction(rows, "summary") < 0.3)
    return objects(
        len(rows),
        appointmentSummaries=where(told, _summaries(view, rows), "[]"),
        id=ids(rows, First.APPOINTMENT),
        jobId=ids(job, First.JOB),
        appointmentNumber=[f'"{one}-{number}"' for one, number in numbers],
        start=instants(start),
        end=instants(start + visits.end[rows] - visits.start[rows]),
        arrivalWindowStart=instants(start + visits.arrival_start[rows] - visits.start[rows]),
        arrivalWindowEnd=instants(start + visits.arrival_end[rows] - visits.start[rows]),
        status=chosen([f'"{name}"' for name in APPOINTMENT_STATUSES], status),
        specialInstructions=where(
            chance.fraction(job, "instructed") < 0.25,
            chosen(_INSTRUCTIONS, chance.among(job, "instructions", len(_INSTRUCTIONS))),
        ),
        createdOn=instants(visits.created[rows]),
        modifiedOn=instants(modified),
        customerId=ids(jobs.customer[job], First.CUSTOMER),
        unused=booleans(status == 5),
        createdById=view.creators(rows, "appointments"),
        isConfirmed=booleans(visits.confirmed[rows] <= at),
        active=booleans(jobs.inactive[job] > at),
    )


def assignment_status(view: View, rows: Ints, at: int) -> Ints:
    """As an index of `ASSIGNMENT_STATUSES`."""
    sent = view.dispatching.assignments
    pause = resumed(view, sent.appointment[rows])
    done = np.where((pause == NEVER) | (sent.done[rows] == NEVER), sent.done[rows], pause)
    status = np.zeros(len(rows), dtype=np.int64)
    for value, moment in enumerate((sent.dispatched[rows], sent.arrived[rows], done), start=1):
        status[moment <= at] = value
    return status


def appointment_assignments(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    sent, visits = view.dispatching.assignments, view.dispatching.appointments
    appointment = sent.appointment[rows]
    job = visits.job[appointment]
    technicians = (sent.technician[rows] + First.TECHNICIAN).tolist()
    status = assignment_status(view, rows, at)
    return objects(
        len(rows),
        id=ids(rows, First.ASSIGNMENT),
        technicianId=technicians,
        technicianName=[employee_name(one) for one in technicians],
        assignedById=view.creators(rows, "assignments"),
        assignedOn=instants(sent.assigned[rows]),
        status=chosen([f'"{name}"' for name in ASSIGNMENT_STATUSES], status),
        isPaused=booleans((status == 2) & (sent.done[rows] <= at)),
        jobId=ids(job, First.JOB),
        appointmentId=ids(appointment, First.APPOINTMENT),
        createdOn=instants(sent.assigned[rows]),
        modifiedOn=instants(modified),
        active=booleans(np.minimum(sent.removed[rows], view.business.jobs.inactive[job]) > at),
    )


def _summaries(view: View, rows: Ints) -> Texts:
    visits, jobs = view.dispatching.appointments, view.business.jobs
    job = visits.job[rows]
    back = visits.created[rows] == jobs.reopened[job]
    technician = np.where(back, jobs.returner[job], jobs.technician[job])
    written = instants(visits.done[rows])
    texts = objects(
        len(rows),
        createdOn=written,
        jobAppointmentId=ids(rows, First.APPOINTMENT),
        jobId=ids(job, First.JOB),
        modifiedOn=written,
        notes='"Tested after the work; customer shown how to operate it."',
        technicianId=ids(technician, First.TECHNICIAN),
    )
    return [f"[{text}]" for text in texts]

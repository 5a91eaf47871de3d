"""Zones, shifts and other time on the dispatch board as the Dispatch module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.board import shifts as hours
from st_platform.simulator.business.board.shifts import OtherAppointments, Shifts
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pay import staff
from st_platform.simulator.instants import HOUR, MINUTE, NEVER, Ticks
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, ids, instants, objects, quoted
from st_platform.simulator.rows.settings import second_zone
from st_platform.simulator.rows.view import First, View

_SHIFT_TYPES = ('"Normal"', '"OnCall"', '"TimeOff"')
_OTHER_NAMES = ('"Team meeting"', '"Training: heat pumps & controls"', '"Vacation"', '"Out sick"')
_OTHER_CODES = (staff.MEETING, staff.TRAINING, staff.TIME_OFF, staff.SICK)
_OTHER_SUMMARIES = ('"<p>Numbers, safety, schedule</p>"', '"<p>Bring the manual.</p>"', '""', '""')


def zones_count(view: View) -> int:
    """One per city, and one that is given up."""
    return len(view.business.places.zones) + 1


def zone_times(view: View) -> Ticks:
    """When zones were drawn: once the business units were there."""
    return setup_times(view, zones_count(view)) + HOUR


def zone_ends(view: View) -> Ticks:
    ends = np.full(zones_count(view), NEVER, dtype=np.int64)
    company = view.business.company
    ends[-1] = company.opened + (company.end - company.opened) // 5
    return ends


def dispatch_zones(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, people = view.business, view.business.company.technicians
    zones = b.places.zones
    everyone = np.arange(len(people))
    there = (people.hired <= at) & (at < people.leaves)
    second = second_zone(view, everyone)
    names, zips, cities, crews = [], [], [], []
    for row in rows.tolist():
        known = row < len(zones)
        names.append(zones[row].name if known else "Zone 0 – Outskirts")
        zips.append(json.dumps(list(zones[row].zips) if known else []))
        cities.append(json.dumps([zones[row].city] if known else []))
        crew = everyone[there & ((people.zone == row) | (second == row))] + First.TECHNICIAN
        crews.append(json.dumps(crew.tolist()))
    units = [n + First.BUSINESS_UNIT for n, unit in enumerate(b.company.units) if unit.closes is None]
    return objects(
        len(rows),
        id=ids(rows, First.ZONE),
        active=booleans(zone_ends(view)[rows] > at),
        name=quoted(names),
        zips=zips,
        cities=cities,
        territoryNumbers="[]",
        locnNumbers="[]",
        createdBy=view.creators(rows, "zones"),
        createdOn=instants(zone_times(view)[rows]),
        modifiedOn=instants(modified),
        serviceDaysEnabled="false",
        serviceDays="[]",
        businessUnits=json.dumps(units),
        technicians=crews,
    )


def technician_shifts(view: View, shifts: Shifts, rows: Ints, modified: Ticks, at: int) -> Texts:
    kind = shifts.kind[rows]
    off = kind == hours.TIME_OFF
    evening = view.business.company.technicians.evening[shifts.technician[rows]]
    label = np.where(
        off, np.where(shifts.ill[rows], 4, 3), np.where(kind == hours.ON_CALL, 2, evening.astype(np.int64))
    )
    code = np.where(off, np.where(shifts.ill[rows], staff.SICK, staff.TIME_OFF), -1)
    return objects(
        len(rows),
        id=ids(rows, First.SHIFT),
        shiftType=chosen(_SHIFT_TYPES, kind),
        title=chosen(('"Day shift"', '"Evening shift"', '"On call"', '"Vacation"', '"Sick"'), label),
        note=chosen(("null", '"Covers the weekend with the team lead."'), (kind == hours.ON_CALL).astype(np.int64)),
        active=booleans(shifts.inactive[rows] > at),
        technicianId=ids(shifts.technician[rows], First.TECHNICIAN),
        start=instants(shifts.start[rows]),
        end=instants(shifts.end[rows]),
        timesheetCodeId=[str(n + First.TIMESHEET_CODE) if n >= 0 else "null" for n in code.tolist()],
        createdOn=instants(shifts.created[rows]),
        modifiedOn=instants(modified),
    )


def non_job_appointments(view: View, others: OtherAppointments, rows: Ints, modified: Ticks, at: int) -> Texts:
    kind = others.kind[rows]
    whole = (kind == hours.AWAY) | (kind == hours.ILL)
    lengths = (others.length[rows] // MINUTE).tolist()
    codes = np.array(_OTHER_CODES)[kind]
    return objects(
        len(rows),
        id=ids(rows, First.NON_JOB_APPOINTMENT),
        technicianId=ids(others.technician[rows], First.TECHNICIAN),
        start=instants(others.start[rows]),
        name=chosen(_OTHER_NAMES, kind),
        duration=[f'"{minutes // 60:02d}:{minutes % 60:02d}:00"' for minutes in lengths],
        timesheetCodeId=ids(codes, First.TIMESHEET_CODE),
        summary=chosen(_OTHER_SUMMARIES, kind),
        clearDispatchBoard="true",
        clearTechnicianView=booleans(~whole),
        removeTechnicianFromCapacityPlanning=booleans(kind != hours.MEETING),
        allDay=booleans(whole),
        showOnTechnicianSchedule="true",
        active=booleans(others.inactive[rows] > at),
        createdOn=instants(others.created[rows]),
        modifiedOn=instants(modified),
        createdById=view.creators(rows, "non-job appointments"),
    )

"""Records of the Dispatch module, field for field as the API documents them."""

from __future__ import annotations

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class AppointmentAssignment(Record):
    """One technician on one appointment: the only link between technicians and jobs."""

    id: Int64
    technician_id: Int64 | None = None
    technician_name: str | None = None
    assigned_by_id: Int64 | None = None
    assigned_on: Instant | None = None
    status: str | None = None
    is_paused: bool | None = None
    job_id: Int64 | None = None
    appointment_id: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class Zone(Record):
    """A dispatch zone: the cities, zips and technicians that belong to it."""

    id: Int64
    active: bool | None = None
    name: str | None = None
    zips: Json = Json()
    cities: Json = Json()
    territory_numbers: Json = Json()
    locn_numbers: Json = Json()
    created_by: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    service_days_enabled: bool | None = None
    service_days: Json = Json()
    business_units: Json = Json()
    technicians: Json = Json()


class TechnicianShift(Record):
    """When a technician works, is on call or has time off."""

    id: Int64
    shift_type: str | None = None
    title: str | None = None
    note: str | None = None
    active: bool | None = None
    technician_id: Int64 | None = None
    start: Instant | None = None
    end: Instant | None = None
    timesheet_code_id: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None


class NonJobAppointment(Record):
    """Time on a technician's board that is no job: meetings, training, vacation."""

    id: Int64
    technician_id: Int64 | None = None
    start: Instant | None = None
    name: str | None = None
    duration: str | None = None
    timesheet_code_id: Int64 | None = None
    summary: str | None = None
    clear_dispatch_board: bool | None = None
    clear_technician_view: bool | None = None
    remove_technician_from_capacity_planning: bool | None = None
    all_day: bool | None = None
    show_on_technician_schedule: bool | None = None
    active: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    created_by_id: Int64 | None = None

"""Records of the Job Planning and Management module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class JobType(Record):
    """What kind of work a job is, with its sold threshold and default duration."""

    id: Int64
    name: str | None = None
    business_unit_ids: Json = Json()
    skills: Json = Json()
    tag_type_ids: Json = Json()
    priority: str | None = None
    duration: Int64 | None = None
    sold_threshold: Decimal | None = None
    class_: str | None = None
    summary: str | None = None
    no_charge: bool | None = None
    enforce_recurring_service_event_selection: bool | None = None
    invoice_signatures_required: bool | None = None
    modified_on: Instant | None = None
    created_on: Instant | None = None
    external_data: Json = Json()
    active: bool | None = None
    is_smart_dispatched: bool | None = None
    default_estimate_sold_action: str | None = None
    custom_field_type_ids: Json = Json()


class Job(Record):
    """One visit or a set of visits to a location. Technicians are on the appointments, not on the job."""

    id: Int64
    summary: str | None = None
    custom_fields: Json = Json()
    external_data: Json = Json()
    summary_of_work: str | None = None
    job_number: str | None = None
    project_id: Int64 | None = None
    customer_id: Int64 | None = None
    location_id: Int64 | None = None
    job_status: str | None = None
    completed_on: Instant | None = None
    business_unit_id: Int64 | None = None
    job_type_id: Int64 | None = None
    priority: str | None = None
    campaign_id: Int64 | None = None
    appointment_count: Int64 | None = None
    first_appointment_id: Int64 | None = None
    last_appointment_id: Int64 | None = None
    recall_for_id: Int64 | None = None
    warranty_id: Int64 | None = None
    job_generated_lead_source: Json = Json()
    no_charge: bool | None = None
    notifications_enabled: bool | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    tag_type_ids: Json = Json()
    lead_call_id: Int64 | None = None
    partner_lead_call_id: Int64 | None = None
    booking_id: Int64 | None = None
    sold_by_id: Int64 | None = None
    customer_po: str | None = None
    invoice_id: Int64 | None = None
    membership_id: Int64 | None = None
    total: Decimal | None = None
    created_from_estimate_id: Int64 | None = None
    estimate_ids: Json = Json()
    equipment_ids: Json = Json()
    is_auto_dispatched: bool | None = None
    active: bool | None = None


class Appointment(Record):
    """One visit of a job, with the time promised to the customer and the time that was planned."""

    id: Int64
    appointment_summaries: Json = Json()
    job_id: Int64 | None = None
    appointment_number: str | None = None
    start: Instant | None = None
    end: Instant | None = None
    arrival_window_start: Instant | None = None
    arrival_window_end: Instant | None = None
    status: str | None = None
    special_instructions: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    customer_id: Int64 | None = None
    unused: bool | None = None
    created_by_id: Int64 | None = None
    is_confirmed: bool | None = None
    active: bool | None = None


class JobEvent(Record):
    """One thing that happened to a job.

    The feed sends one row per job with a list of these; `job_id` is repeated on each.
    """

    job_id: Int64
    id: Int64
    employee_id: Int64 | None = None
    event_type: str | None = None
    date: Instant | None = None
    used_scheduling_tool: str | None = None


class JobCanceledLog(Record):
    """One cancellation of a job, with its reason. A job that is canceled, opened and canceled again has two."""

    id: Int64
    job_id: Int64 | None = None
    reason_id: Int64 | None = None
    memo: str | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    active: bool | None = None


class JobCancelReason(Record):
    """A reason that can be given for canceling a job."""

    id: Int64
    name: str | None = None
    active: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None


class Project(Record):
    """A piece of work that takes several jobs, with its own status, dates and budget."""

    id: Int64
    number: str | None = None
    name: str | None = None
    summary: str | None = None
    status: str | None = None
    status_id: Int64 | None = None
    sub_status: str | None = None
    sub_status_id: Int64 | None = None
    customer_id: Int64 | None = None
    location_id: Int64 | None = None
    project_type_id: Int64 | None = None
    project_manager_ids: Json = Json()
    business_unit_ids: Json = Json()
    start_date: Instant | None = None
    target_completion_date: Instant | None = None
    actual_completion_date: Instant | None = None
    modified_on: Instant | None = None
    created_on: Instant | None = None
    custom_fields: Json = Json()
    external_data: Json = Json()
    job_ids: Json = Json()
    active: bool | None = None

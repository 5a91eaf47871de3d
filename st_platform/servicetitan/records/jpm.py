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

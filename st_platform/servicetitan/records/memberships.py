"""Records of the Memberships module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int32, Int64, Json, Record


class MembershipStatusChange(Record):
    """One change of a membership's status. Append-only; has no modification time."""

    id: Int64
    old_status: str | None = None
    new_status: str | None = None
    note: str | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    membership_id: Int64 | None = None


class Membership(Record):
    """A customer's plan over time. `active` is not status Active; status Deleted never existed."""

    id: Int64
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    follow_up_on: Instant | None = None
    cancellation_date: Instant | None = None
    from_: Instant | None = None
    next_scheduled_bill_date: Instant | None = None
    to: Instant | None = None
    billing_frequency: str | None = None
    renewal_billing_frequency: str | None = None
    status: str | None = None
    follow_up_status: str | None = None
    active: bool | None = None
    initial_deferred_revenue: Decimal | None = None
    duration: Int32 | None = None
    renewal_duration: Int32 | None = None
    business_unit_id: Int64 | None = None
    customer_id: Int64 | None = None
    membership_type_id: Int64 | None = None
    activated_by_id: Int64 | None = None
    activated_from_id: Int64 | None = None
    billing_template_id: Int64 | None = None
    cancellation_balance_invoice_id: Int64 | None = None
    cancellation_invoice_id: Int64 | None = None
    follow_up_custom_status_id: Int64 | None = None
    location_id: Int64 | None = None
    payment_method_id: Int64 | None = None
    payment_type_id: Int64 | None = None
    recurring_location_id: Int64 | None = None
    renewal_membership_task_id: Int64 | None = None
    renewed_by_id: Int64 | None = None
    sold_by_id: Int64 | None = None
    customer_po: str | None = None
    import_id: str | None = None
    memo: str | None = None
    custom_fields: Json = Json()


class MembershipType(Record):
    """A membership that can be sold: its billing, durations, discounts and recurring services."""

    id: Int64
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    import_id: str | None = None
    billing_template_id: Int64 | None = None
    discount: Decimal | None = None
    duration_billing: Json = Json()
    discounts: Json = Json()
    recurring_services: Json = Json()
    tag_type_ids: Json = Json()
    name: str | None = None
    display_name: str | None = None
    active: bool | None = None
    discount_mode: str | None = None
    location_target: str | None = None
    revenue_recognition_mode: str | None = None
    auto_calculate_invoice_templates: bool | None = None
    use_membership_pricing_table: bool | None = None
    show_membership_savings: bool | None = None


class RecurringService(Record):
    """A visit that comes again and again at a location, usually owed by a membership."""

    id: Int64
    name: str | None = None
    active: bool | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    import_id: str | None = None
    membership_id: Int64 | None = None
    location_id: Int64 | None = None
    recurring_service_type_id: Int64 | None = None
    duration_type: str | None = None
    duration_length: Int32 | None = None
    from_: Instant | None = None
    to: Instant | None = None
    memo: str | None = None
    invoice_template_id: Int64 | None = None
    invoice_template_for_following_years_id: Int64 | None = None
    first_visit_complete: bool | None = None
    activated_from_id: Int64 | None = None
    allocation: Decimal | None = None
    business_unit_id: Int64 | None = None
    job_type_id: Int64 | None = None
    campaign_id: Int64 | None = None
    priority: str | None = None
    job_summary: str | None = None
    recurrence_type: str | None = None
    recurrence_interval: Int32 | None = None
    recurrence_months: Json = Json()
    recurrence_days_of_week: Json = Json()
    recurrence_week: str | None = None
    recurrence_day_of_nth_week: str | None = None
    recurrence_days_of_month: Json = Json()
    job_start_time: str | None = None
    estimated_payroll_cost: Decimal | None = None
    preferred_technician_ids: Json = Json()
    tag_type_ids: Json = Json()


class RecurringServiceEvent(Record):
    """One due date of a recurring service, and the job that was made for it."""

    id: Int64
    location_recurring_service_id: Int64 | None = None
    location_recurring_service_name: str | None = None
    membership_id: Int64 | None = None
    membership_name: str | None = None
    status: str | None = None
    date: Instant | None = None
    created_on: Instant | None = None
    job_id: Int64 | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    active: bool | None = None


class RecurringServiceType(Record):
    """A kind of recurring service, with its rhythm and job type."""

    id: Int64
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    active: bool | None = None
    recurrence_type: str | None = None
    recurrence_interval: Int32 | None = None
    recurrence_months: Json = Json()
    duration_type: str | None = None
    duration_length: Int32 | None = None
    invoice_template_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    job_type_id: Int64 | None = None
    priority: str | None = None
    campaign_id: Int64 | None = None
    job_summary: str | None = None
    name: str | None = None
    import_id: str | None = None


class InvoiceTemplate(Record):
    """A set of lines from which invoices of recurring services are made."""

    id: Int64
    name: str | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    active: bool | None = None
    total: Decimal | None = None
    is_settings_template: bool | None = None
    import_id: str | None = None
    items: Json = Json()

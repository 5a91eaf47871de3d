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

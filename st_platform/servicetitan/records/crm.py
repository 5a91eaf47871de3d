"""Records of the CRM module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class Customer(Record):
    """Who is billed. `merged_to_id` is set on the losing side of a merge; such rows turn inactive."""

    id: Int64
    active: bool | None = None
    name: str | None = None
    type: str | None = None
    address: Json = Json()
    custom_fields: Json = Json()
    balance: Decimal | None = None
    tax_exempt: bool | None = None
    tag_type_ids: Json = Json()
    do_not_mail: bool | None = None
    do_not_service: bool | None = None
    national_account: bool | None = None
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    merged_to_id: Int64 | None = None
    payment_term_id: Int64 | None = None
    credit_limit: Decimal | None = None
    credit_limit_balance: Decimal | None = None
    external_data: Json = Json()


class Location(Record):
    """Where work is done. Belongs to one customer; merges like customers do."""

    id: Int64
    tax_zone_id: Int64 | None = None
    customer_id: Int64 | None = None
    active: bool | None = None
    name: str | None = None
    address: Json = Json()
    custom_fields: Json = Json()
    created_on: Instant | None = None
    created_by_id: Int64 | None = None
    modified_on: Instant | None = None
    merged_to_id: Int64 | None = None
    zone_id: Int64 | None = None
    tax_exempt: bool | None = None
    tag_type_ids: Json = Json()
    external_data: Json = Json()


class CustomerContact(Record):
    """One phone number or e-mail address of a customer, with what it may be used for."""

    id: Int64
    modified_on: Instant | None = None
    phone_settings: Json = Json()
    created_on: Instant | None = None
    preferences: Json = Json()
    type: str | None = None
    value: str | None = None
    memo: str | None = None
    customer_id: Int64 | None = None
    active: bool | None = None


class LocationContact(Record):
    """One phone number or e-mail address of a location, with what it may be used for."""

    id: Int64
    type: str | None = None
    value: str | None = None
    memo: str | None = None
    phone_settings: Json = Json()
    modified_on: Instant | None = None
    created_on: Instant | None = None
    preferences: Json = Json()
    location_id: Int64 | None = None
    active: bool | None = None


class Lead(Record):
    """Somebody who asked and was not booked yet, with campaign, call and outcome."""

    id: Int64
    summary: str | None = None
    call_reason_id: Int64 | None = None
    call_id: Int64 | None = None
    booking_id: Int64 | None = None
    manual_call_id: Int64 | None = None
    lead_url: str | None = None
    lead_customer_name: str | None = None
    lead_phone: str | None = None
    lead_email: str | None = None
    lead_street: str | None = None
    lead_unit: str | None = None
    lead_city: str | None = None
    lead_state: str | None = None
    lead_zip: str | None = None
    lead_country: str | None = None
    capture_source: str | None = None
    status: str | None = None
    priority: str | None = None
    customer_id: Int64 | None = None
    location_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    job_type_id: Int64 | None = None
    campaign_id: Int64 | None = None
    follow_up_date: Instant | None = None
    created_by_id: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    tag_type_ids: Json = Json()
    dismissing_reason_id: Int64 | None = None
    active: bool | None = None


class Booking(Record):
    """A request from outside, such as a web form, until a person accepts or dismisses it."""

    id: Int64
    summary: str | None = None
    source: str | None = None
    created_on: Instant | None = None
    name: str | None = None
    address: Json = Json()
    customer_type: str | None = None
    start: Instant | None = None
    campaign_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    is_first_time_client: bool | None = None
    uploaded_images: Json = Json()
    is_send_confirmation_email: bool | None = None
    status: str | None = None
    dismissing_reason_id: Int64 | None = None
    job_id: Int64 | None = None
    external_id: str | None = None
    priority: str | None = None
    job_type_id: Int64 | None = None
    booking_provider_id: Int64 | None = None
    modified_on: Instant | None = None
    active: bool | None = None

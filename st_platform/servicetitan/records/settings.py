"""Records of the Settings module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int32, Int64, Json, Record


class BusinessUnit(Record):
    """The unit that work and money are booked on, usually a trade in a market."""

    id: Int64
    active: bool | None = None
    name: str | None = None
    official_name: str | None = None
    email: str | None = None
    currency: str | None = None
    phone_number: str | None = None
    invoice_header: str | None = None
    invoice_message: str | None = None
    default_tax_rate: Decimal | None = None
    authorization_paragraph: str | None = None
    acknowledgement_paragraph: str | None = None
    address: Json = Json()
    material_sku: str | None = None
    quickbooks_class: str | None = None
    account_code: str | None = None
    franchise_id: str | None = None
    concept_code: str | None = None
    corporate_contract_number: str | None = None
    trade: Json = Json()
    division: Json = Json()
    tag_type_ids: Json = Json()
    tenant: Json = Json()
    created_on: Instant | None = None
    modified_on: Instant | None = None
    external_data: Json = Json()
    certified_sentricon_specialist_code: str | None = None


class Technician(Record):
    """A field employee. Rates are current only; terminated technicians stay as inactive rows."""

    id: Int64
    user_id: Int64 | None = None
    name: str | None = None
    role_ids: Json = Json()
    business_unit_id: Int64 | None = None
    main_zone_id: Int64 | None = None
    zone_ids: Json = Json()
    created_on: Instant | None = None
    modified_on: Instant | None = None
    email: str | None = None
    phone_number: str | None = None
    login_name: str | None = None
    home: Json = Json()
    daily_goal: Decimal | None = None
    is_managed_tech: bool | None = None
    license_type: str | None = None
    custom_fields: Json = Json()
    active: bool | None = None
    aad_user_id: str | None = None
    burden_rate: Decimal | None = None
    team: str | None = None
    job_filter: str | None = None
    permissions: Json = Json()
    account_locked: bool | None = None
    commission_rate: Decimal | None = None
    current_value: Decimal | None = None
    first_name: str | None = None
    last_name: str | None = None
    hourly_rate: Decimal | None = None
    job_id: Int64 | None = None
    mobile_phone: str | None = None
    outbound_caller_id: str | None = None
    payroll_id: str | None = None
    payroll_profile_id: Int64 | None = None
    appoitment_id: Int64 | None = None
    shift_start: str | None = None
    shift_end: str | None = None
    sold_by_rate: Decimal | None = None
    start_date: Instant | None = None
    status: str | None = None
    skills: Json = Json()
    positions: Json = Json()
    location: Json = Json()
    bio: str | None = None
    memo: str | None = None


class Employee(Record):
    """A member of the office. Rates are current only; those who left stay as inactive rows."""

    id: Int64
    custom_fields: Json = Json()
    permissions: Json = Json()
    user_id: Int64 | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    manager_id: Int64 | None = None
    role: str | None = None
    role_ids: Json = Json()
    business_unit_id: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    email: str | None = None
    phone_number: str | None = None
    login_name: str | None = None
    active: bool | None = None
    aad_user_id: str | None = None
    account_locked: bool | None = None
    home: Json = Json()
    agent_id: Int32 | None = None
    start_date: Instant | None = None
    termination_date: Instant | None = None
    hourly_rate: Decimal | None = None
    overtime_profile_id: Int64 | None = None


class TagType(Record):
    """A tag that jobs, customers or locations can carry."""

    id: Int64
    name: str | None = None
    color: str | None = None
    code: str | None = None
    importance: str | None = None
    is_conversion_opportunity: bool | None = None
    allow_to_use_on_timesheet_activity: bool | None = None
    is_visible_on_dispatch_board: bool | None = None
    active: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None

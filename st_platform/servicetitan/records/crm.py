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

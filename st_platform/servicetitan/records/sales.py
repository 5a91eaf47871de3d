"""Records of the Sales module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class Estimate(Record):
    """An offer made to a customer on a job. `status` is an object; `items` are its lines."""

    id: Int64
    job_id: Int64 | None = None
    project_id: Int64 | None = None
    location_id: Int64 | None = None
    customer_id: Int64 | None = None
    name: str | None = None
    job_number: str | None = None
    status: Json = Json()
    review_status: str | None = None
    summary: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    sold_on: Instant | None = None
    sold_by: Int64 | None = None
    active: bool | None = None
    items: Json = Json()
    external_links: Json = Json()
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    business_unit_id: Int64 | None = None
    business_unit_name: str | None = None
    is_recommended: bool | None = None
    budget_code_id: Int64 | None = None
    is_change_order: bool | None = None
    proposal_tag_name: str | None = None
    deposit_amount: Decimal | None = None
    deposit_percent: Decimal | None = None
    require_deposit_on_signature: bool | None = None


class EstimateItem(Record):
    """One line of an estimate, from its own list."""

    id: Int64
    sku: Json = Json()
    sku_account: str | None = None
    description: str | None = None
    membership_type_id: Int64 | None = None
    qty: Decimal | None = None
    unit_rate: Decimal | None = None
    total: Decimal | None = None
    unit_cost: Decimal | None = None
    total_cost: Decimal | None = None
    item_group_name: str | None = None
    item_group_root_id: Int64 | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    chargeable: bool | None = None
    invoice_item_id: Int64 | None = None
    budget_code_id: Int64 | None = None

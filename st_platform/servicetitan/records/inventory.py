"""Records of the Inventory module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Json, Label, Record


class PurchaseOrder(Record):
    """An order to a vendor, for a job, a truck or the shelf. It has no flag for deletion; `status` says canceled."""

    id: Int64
    number: str | None = None
    invoice_id: Int64 | None = None
    job_id: Int64 | None = None
    project_id: Int64 | None = None
    status: str | None = None
    type_id: Int64 | None = None
    vendor_id: Int64 | None = None
    technician_id: Int64 | None = None
    ship_to: Json = Json()
    business_unit_id: Int64 | None = None
    inventory_location_id: Int64 | None = None
    batch_id: Int64 | None = None
    budget_code_id: Int64 | None = None
    vendor_document_number: str | None = None
    date: Instant | None = None
    required_on: Instant | None = None
    sent_on: Instant | None = None
    received_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    total: Decimal | None = None
    tax: Decimal | None = None
    shipping: Decimal | None = None
    created_by_id: Int64 | None = None
    summary: str | None = None
    items: Json = Json()
    custom_fields: Json = Json()


class InventoryReceipt(Record):
    """Goods received, usually on a purchase order."""

    id: Int64
    active: bool | None = None
    number: str | None = None
    vendor_invoice_number: str | None = None
    created_by_id: Int64 | None = None
    memo: str | None = None
    purchase_order_id: Int64 | None = None
    bill_id: Int64 | None = None
    job_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    vendor_id: Int64 | None = None
    technician_id: Int64 | None = None
    inventory_location_id: Int64 | None = None
    ship_to: Json = Json()
    ship_to_description: str | None = None
    receipt_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    received_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    batch_id: Int64 | None = None
    sync_status: Label | None = None
    budget_code_id: Int64 | None = None
    landed_cost_method: Label | None = None
    other_amount: Decimal | None = None
    items: Json = Json()
    custom_fields: Json = Json()


class InventoryReturn(Record):
    """Goods sent back to a vendor, and the credit for them."""

    id: Int64
    active: bool | None = None
    number: str | None = None
    reference_number: str | None = None
    status: Label | None = None
    return_type_id: Int64 | None = None
    vendor_id: Int64 | None = None
    purchase_order_id: Int64 | None = None
    job_id: Int64 | None = None
    project_id: Int64 | None = None
    budget_code_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    inventory_location_id: Int64 | None = None
    created_by_id: Int64 | None = None
    memo: str | None = None
    return_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    return_date: Instant | None = None
    returned_on: Instant | None = None
    credit_received_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    batch_id: Int64 | None = None
    batch: Json = Json()
    sync_status: Label | None = None
    canceled_by_id: Int64 | None = None
    canceled_reason: Label | None = None
    date_canceled: Instant | None = None
    items: Json = Json()
    custom_fields: Json = Json()
    external_data: Json = Json()


class InventoryAdjustment(Record):
    """A correction of stock."""

    id: Int64
    active: bool | None = None
    number: str | None = None
    reference_number: str | None = None
    type: str | None = None
    inventory_location_id: Int64 | None = None
    business_unit_id: Int64 | None = None
    project_id: Int64 | None = None
    invoice_id: Int64 | None = None
    created_by_id: Int64 | None = None
    memo: str | None = None
    date: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    batch_id: Int64 | None = None
    batch: Json = Json()
    sync_status: Label | None = None
    canceled_reason: Label | None = None
    canceled_by_id: Int64 | None = None
    date_canceled: Instant | None = None
    external_data: Json = Json()
    items: Json = Json()
    custom_fields: Json = Json()


class Vendor(Record):
    """A company that goods are bought from."""

    id: Int64
    name: str | None = None
    active: bool | None = None
    is_truck_replenishment: bool | None = None
    is_mobile_creation_restricted: bool | None = None
    memo: str | None = None
    delivery_option: str | None = None
    default_tax_rate: Decimal | None = None
    contact_info: Json = Json()
    address: Json = Json()
    created_on: Instant | None = None
    modified_on: Instant | None = None
    external_data: Json = Json()
    custom_fields: Json = Json()

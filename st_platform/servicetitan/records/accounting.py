"""Records of the Accounting module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import CalendarDate, Instant, Int32, Int64, Json, Label, Record


class CreditMemo(Record):
    """Credit granted to a customer, applied to invoices through `applied_to`."""

    id: Int64
    date: CalendarDate | None = None
    reference_number: str | None = None
    sub_total: Decimal | None = None
    sales_tax: Decimal | None = None
    sales_tax_code: Json = Json()
    total: Decimal | None = None
    balance: Decimal | None = None
    applied_to: Json = Json()
    customer: Json = Json()
    customer_address: Json = Json()
    location: Json = Json()
    location_address: Json = Json()
    business_unit: Json = Json()
    sync_status: str | None = None
    batch: Json = Json()
    custom_fields: Json = Json()
    created_on: Instant | None = None
    created_by: str | None = None
    modified_on: Instant | None = None
    modified_by: str | None = None
    description: str | None = None
    active: bool | None = None
    import_id: str | None = None
    export_id: str | None = None


class InvoiceItem(Record):
    """One line of an invoice, from its own feed. `cost` is the unit cost, `total_cost` the extended one."""

    id: Int64
    description: str | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    total_cost: Decimal | None = None
    budget_code_id: Int64 | None = None
    inventory_location_id: Int64 | None = None
    inventory_location: str | None = None
    price: Decimal | None = None
    type: str | None = None
    sku_name: str | None = None
    sku_id: Int64 | None = None
    total: Decimal | None = None
    inventory: bool | None = None
    taxable: bool | None = None
    is_chargeable: bool | None = None
    general_ledger_account: Json = Json()
    cost_of_sale_account: Json = Json()
    asset_account: Json = Json()
    membership_type_id: Int64 | None = None
    item_group: Json = Json()
    display_name: str | None = None
    sold_hours: Decimal | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    service_date: Instant | None = None
    order: Int32 | None = None
    business_unit: Json = Json()
    created_by_id: Int64 | None = None
    display_in_amount: bool | None = None
    import_id: str | None = None
    export_id: str | None = None
    inventory_status: str | None = None
    add_on: bool | None = None
    member_price: Decimal | None = None
    technician_id: Int64 | None = None
    installed_equipment_id: Int64 | None = None
    estimate_item_id: Int64 | None = None
    active: bool | None = None
    invoice_id: Int64 | None = None


class Invoice(Record):
    """What was billed, money as strings in the API. `adjustment_to_id` points at the invoice that this one corrects."""

    id: Int64
    summary: str | None = None
    items: Json = Json()
    custom_fields: Json = Json()
    active: bool | None = None
    discount_total: Decimal | None = None
    import_id: str | None = None
    export_id: str | None = None
    material_sku_id: Int64 | None = None
    membership_id: Int64 | None = None
    paid_on: Instant | None = None
    invoice_configuration: str | None = None
    sync_status: str | None = None
    budget_code_id: Int64 | None = None
    reference_number: str | None = None
    invoice_date: Instant | None = None
    due_date: Instant | None = None
    sub_total: Decimal | None = None
    sales_tax: Decimal | None = None
    sales_tax_code: Json = Json()
    tax_zone_id: Int64 | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    invoice_type: Json = Json()
    customer: Json = Json()
    customer_address: Json = Json()
    location: Json = Json()
    location_address: Json = Json()
    business_unit: Json = Json()
    term_name: str | None = None
    created_by: str | None = None
    batch: Json = Json()
    deposited_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    adjustment_to_id: Int64 | None = None
    job: Json = Json()
    project_id: Int64 | None = None
    royalty: Json = Json()
    employee_info: Json = Json()
    commission_eligibility_date: str | None = None
    sent_status: str | None = None
    review_status: str | None = None
    assigned_to: Json = Json()


class Payment(Record):
    """Money received; `applied_to` splits it over invoices. A refund names the payment in `refunded_payment_id`."""

    id: Int64
    active: bool | None = None
    applied_to: Json = Json()
    auth_code: str | None = None
    batch: Json = Json()
    business_unit: Json = Json()
    check_number: str | None = None
    created_by: str | None = None
    created_on: Instant | None = None
    customer: Json = Json()
    custom_fields: Json = Json()
    date: Instant | None = None
    deposit: Json = Json()
    general_ledger_account: Json = Json()
    memo: str | None = None
    modified_on: Instant | None = None
    reference_number: str | None = None
    refunded_payment_id: Int64 | None = None
    sync_status: str | None = None
    total: Decimal | None = None
    type: str | None = None
    type_id: str | None = None
    unapplied_amount: Decimal | None = None


class InventoryBill(Record):
    """A vendor's bill for goods, money as strings in the API; `items` are its lines."""

    id: Int64
    purchase_order_id: Int64 | None = None
    sync_status: str | None = None
    reference_number: str | None = None
    vendor_number: str | None = None
    summary: str | None = None
    bill_date: Instant | None = None
    bill_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    landed_cost_method: Label | None = None
    other_amount: Decimal | None = None
    created_by: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    term_name: str | None = None
    due_date: Instant | None = None
    ship_to_description: str | None = None
    post_date: Instant | None = None
    batch: Json = Json()
    business_unit: Json = Json()
    tax_zone: Json = Json()
    vendor: Json = Json()
    ship_to: Json = Json()
    budget_code_id: Int64 | None = None
    items: Json = Json()
    custom_fields: Json = Json()
    job_id: Int64 | None = None
    job_number: str | None = None
    date_reconciled: Instant | None = None
    active: bool | None = None


class ApBill(Record):
    """An accounts payable bill of any origin, money as strings in the API. It shows no sign of a deletion."""

    id: Int64
    purchase_order_id: Int64 | None = None
    sync_status: str | None = None
    status: str | None = None
    source: str | None = None
    bill_type: str | None = None
    post_date: Instant | None = None
    reference_number: str | None = None
    vendor_number: str | None = None
    summary: str | None = None
    bill_date: Instant | None = None
    early_discount_date: Instant | None = None
    bill_amount: Decimal | None = None
    vendor_invoice_total: Decimal | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    landed_cost_method: Label | None = None
    other_amount: Decimal | None = None
    created_by: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    term_name: str | None = None
    due_date: Instant | None = None
    do_not_pay: bool | None = None
    date_canceled: Instant | None = None
    canceled_by: Json = Json()
    ship_to_description: str | None = None
    batch: Json = Json()
    business_unit: Json = Json()
    tax_zone: Json = Json()
    vendor: Json = Json()
    remittance_vendor_info: Json = Json()
    ship_to: Json = Json()
    budget_code_id: Int64 | None = None
    items: Json = Json()
    expense_items: Json = Json()
    custom_fields: Json = Json()
    job_id: Int64 | None = None
    job_number: str | None = None
    date_reconciled: Instant | None = None


class GlAccount(Record):
    """A general ledger account; `type` says whether it is income, cost or expense."""

    id: Int64
    name: str | None = None
    number: str | None = None
    description: str | None = None
    type: str | None = None
    subtype: str | None = None
    active: bool | None = None
    is_intacct_group: bool | None = None
    is_intacct_bank_account: bool | None = None
    source: str | None = None
    default_account_type: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None

{#
  One flat query instead of CTEs: the planner takes only such a view apart, and can then drop the invoices whose lines
  the feed has before it unpacks a single array.
#}
select
    invoices.tenant_id,
    {{ json_id('elements.item', 'id') }} as invoice_item_id,
    invoices.id as invoice_id,
    {{ json_id('elements.item', 'skuId') }} as sku_id,
    {{ json_id("elements.item -> 'generalLedgerAccount'", 'id') }} as gl_account_id,
    {{ json_id("elements.item -> 'businessUnit'", 'id') }} as business_unit_id,
    {{ json_id('elements.item', 'technicianId') }} as technician_id,
    {{ json_id('elements.item', 'membershipTypeId') }} as membership_type_id,
    {{ json_id('elements.item', 'estimateItemId') }} as estimate_item_id,
    {{ json_text('elements.item', 'type') }} as item_type,
    {{ json_text('elements.item', 'skuName') }} as sku_name,
    {{ json_text("elements.item -> 'generalLedgerAccount'", 'type') }} as gl_account_type,
    cast({{ json_numeric('elements.item', 'quantity') }} as numeric(18, 6)) as quantity,
    cast({{ json_numeric('elements.item', 'total') }} as numeric(18, 2)) as total_amount,
    cast({{ json_numeric('elements.item', 'totalCost') }} as numeric(18, 2)) as total_cost_amount,
    cast({{ json_numeric('elements.item', 'soldHours') }} as numeric(12, 4)) as sold_hours,
    {{ json_boolean('elements.item', 'isChargeable') }} as is_chargeable,
    coalesce(invoices.active, true) and invoices._deleted_at is null as is_active,
    invoices._fetched_at as fetched_at
from {{ source('servicetitan', 'invoices') }} as invoices
cross join lateral {{ json_elements('invoices.items') }} as elements (item)

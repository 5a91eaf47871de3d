with

source as (
    select * from {{ source('servicetitan', 'invoices') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as invoice_id,
        source.active,
        source._deleted_at,
        source._fetched_at,
        elements.item
    from source
    cross join lateral {{ json_elements('source.items') }} as elements (item)
),

final as (
    select
        tenant_id,
        {{ json_id('item', 'id') }} as invoice_item_id,
        invoice_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_id("item -> 'generalLedgerAccount'", 'id') }} as gl_account_id,
        {{ json_id("item -> 'businessUnit'", 'id') }} as business_unit_id,
        {{ json_id('item', 'technicianId') }} as technician_id,
        {{ json_id('item', 'membershipTypeId') }} as membership_type_id,
        {{ json_id('item', 'estimateItemId') }} as estimate_item_id,
        {{ json_text('item', 'type') }} as item_type,
        {{ json_text('item', 'skuName') }} as sku_name,
        {{ json_text("item -> 'generalLedgerAccount'", 'type') }} as gl_account_type,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'total') }} as numeric(18, 2)) as total_amount,
        cast({{ json_numeric('item', 'totalCost') }} as numeric(18, 2)) as total_cost_amount,
        cast({{ json_numeric('item', 'soldHours') }} as numeric(12, 4)) as sold_hours,
        {{ json_boolean('item', 'isChargeable') }} as is_chargeable,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

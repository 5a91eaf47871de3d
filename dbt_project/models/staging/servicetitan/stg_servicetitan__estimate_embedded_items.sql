with

source as (
    select * from {{ source('servicetitan', 'estimates') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as estimate_id,
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
        {{ json_id('item', 'id') }} as estimate_item_id,
        estimate_id,
        {{ json_id("item -> 'sku'", 'id') }} as sku_id,
        {{ json_text("item -> 'sku'", 'type') }} as item_type,
        {{ json_text("item -> 'sku'", 'name') }} as sku_name,
        {{ json_id('item', 'invoiceItemId') }} as invoice_item_id,
        {{ json_id('item', 'membershipTypeId') }} as membership_type_id,
        cast({{ json_numeric('item', 'qty') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'unitRate') }} as numeric(18, 6)) as unit_price,
        cast({{ json_numeric('item', 'unitCost') }} as numeric(18, 6)) as unit_cost,
        cast({{ json_numeric('item', 'total') }} as numeric(18, 2)) as total_amount,
        cast({{ json_numeric('item', 'totalCost') }} as numeric(18, 2)) as total_cost_amount,
        {{ json_boolean('item', 'chargeable') }} as is_chargeable,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'inventory_adjustments') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as inventory_adjustment_id,
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
        {{ json_id('item', 'id') }} as inventory_adjustment_item_id,
        inventory_adjustment_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_text('item', 'code') }} as sku_code,
        {{ json_text('item', 'name') }} as item_name,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'cost') }} as numeric(18, 6)) as unit_cost,
        cast({{ json_numeric('item', 'totalCost') }} as numeric(18, 2)) as total_cost_amount,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

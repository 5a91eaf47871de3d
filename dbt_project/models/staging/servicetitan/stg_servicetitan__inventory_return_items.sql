with

source as (
    select * from {{ source('servicetitan', 'inventory_returns') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as inventory_return_id,
        source.job_id,
        source.purchase_order_id,
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
        {{ json_id('item', 'id') }} as inventory_return_item_id,
        inventory_return_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('purchase_order_id') }} as purchase_order_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_id('item', 'receiptItemId') }} as inventory_receipt_item_id,
        {{ json_text('item', 'code') }} as sku_code,
        {{ json_text('item', 'name') }} as item_name,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'cost') }} as numeric(18, 6)) as unit_cost,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

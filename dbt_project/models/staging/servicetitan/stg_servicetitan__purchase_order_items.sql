with

source as (
    select * from {{ source('servicetitan', 'purchase_orders') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as purchase_order_id,
        source.job_id,
        source.vendor_id,
        source._deleted_at,
        source._fetched_at,
        elements.item
    from source
    cross join lateral {{ json_elements('source.items') }} as elements (item)
),

final as (
    select
        tenant_id,
        {{ json_id('item', 'id') }} as purchase_order_item_id,
        purchase_order_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('vendor_id') }} as vendor_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_text('item', 'skuType') }} as sku_type,
        {{ json_text('item', 'skuCode') }} as sku_code,
        {{ json_text('item', 'skuName') }} as sku_name,
        {{ json_text('item', 'vendorPartNumber') }} as vendor_part_number,
        {{ json_text('item', 'status') }} as item_status,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'quantityReceived') }} as numeric(18, 6))
            as received_quantity,
        cast({{ json_numeric('item', 'cost') }} as numeric(18, 6)) as unit_cost,
        cast({{ json_numeric('item', 'total') }} as numeric(18, 2)) as total_amount,
        _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

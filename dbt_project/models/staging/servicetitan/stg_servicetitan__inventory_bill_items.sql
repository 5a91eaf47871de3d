with

source as (
    select * from {{ source('servicetitan', 'inventory_bills') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as inventory_bill_id,
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
        {{ json_id('item', 'id') }} as inventory_bill_item_id,
        inventory_bill_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('purchase_order_id') }} as purchase_order_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_id('item', 'receiptItemId') }} as inventory_receipt_item_id,
        {{ json_text('item', 'skuType') }} as sku_type,
        {{ json_text('item', 'skuCode') }} as sku_code,
        {{ json_text('item', 'name') }} as item_name,
        {{ json_id("item -> 'generalLedgerAccount'", 'id') }} as gl_account_id,
        {{ json_text("item -> 'costOfSaleAccount'", 'type') }} as cost_of_sale_account_type,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'cost') }} as numeric(18, 6)) as unit_cost,
        cast({{ json_numeric('item', 'fullyLandedUnitCost') }} as numeric(18, 6))
            as landed_unit_cost,
        cast({{ json_numeric('item', 'allocatedTax') }} as numeric(18, 2)) as allocated_tax_amount,
        cast({{ json_numeric('item', 'allocatedShipping') }} as numeric(18, 2))
            as allocated_shipping_amount,
        cast({{ json_numeric('item', 'allocatedOtherCosts') }} as numeric(18, 2))
            as allocated_other_amount,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

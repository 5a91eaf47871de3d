with

source as (
    select * from {{ source('servicetitan', 'invoice_templates') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as invoice_template_id,
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
        {{ json_id('item', 'id') }} as invoice_template_item_id,
        invoice_template_id,
        {{ json_id('item', 'skuId') }} as sku_id,
        {{ json_text('item', 'skuType') }} as sku_type,
        cast({{ json_numeric('item', 'quantity') }} as numeric(18, 6)) as quantity,
        cast({{ json_numeric('item', 'unitPrice') }} as numeric(18, 6)) as unit_price,
        cast({{ json_numeric('item', 'cost') }} as numeric(18, 6)) as unit_cost,
        cast({{ json_numeric('item', 'hours') }} as numeric(12, 4)) as hours,
        {{ json_boolean('item', 'isAddOn') }} as is_add_on,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

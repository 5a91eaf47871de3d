with

source as (
    select * from {{ source('servicetitan', 'inventory_vendors') }}
),

final as (
    select
        tenant_id,
        id as vendor_id,
        {{ clean_text('name') }} as vendor_name,
        {{ clean_text('delivery_option') }} as delivery_option,
        {{ json_text('address', 'city') }} as city,
        {{ json_text('address', 'state') }} as state,
        {{ clean_text('memo') }} as memo,
        cast(default_tax_rate as numeric(18, 6)) as default_tax_rate,
        custom_fields,
        external_data,
        coalesce(is_truck_replenishment, false) as is_truck_replenishment,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

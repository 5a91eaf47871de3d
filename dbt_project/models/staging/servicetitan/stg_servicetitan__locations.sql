with

source as (
    select * from {{ source('servicetitan', 'locations') }}
),

final as (
    select
        tenant_id,
        id as location_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('merged_to_id') }} as merged_to_id,
        {{ id_or_null('zone_id') }} as zone_id,
        {{ id_or_null('tax_zone_id') }} as tax_zone_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as location_name,
        {{ json_text('address', 'street') }} as street,
        {{ json_text('address', 'unit') }} as unit,
        {{ json_text('address', 'city') }} as city,
        {{ json_text('address', 'state') }} as state,
        {{ zip5("address ->> 'zip'") }} as zip5,
        {{ json_text('address', 'country') }} as country,
        cast({{ json_numeric('address', 'latitude') }} as numeric(9, 6)) as latitude,
        cast({{ json_numeric('address', 'longitude') }} as numeric(9, 6)) as longitude,
        tax_exempt as is_tax_exempt,
        tag_type_ids,
        custom_fields,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

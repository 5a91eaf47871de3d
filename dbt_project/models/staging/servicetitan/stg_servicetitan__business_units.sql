with

source as (
    select * from {{ source('servicetitan', 'business_units') }}
),

final as (
    select
        tenant_id,
        id as business_unit_id,
        {{ json_id('trade', 'id') }} as trade_id,
        {{ json_id('division', 'id') }} as division_id,
        {{ clean_text('name') }} as business_unit_name,
        {{ clean_text('official_name') }} as official_name,
        {{ json_text('trade', 'name') }} as trade_name,
        {{ json_text('division', 'name') }} as division_name,
        {{ clean_text('currency') }} as currency,
        {{ clean_text('account_code') }} as account_code,
        {{ json_text('address', 'city') }} as city,
        {{ json_text('address', 'state') }} as state,
        {{ zip5("address ->> 'zip'") }} as zip5,
        cast(default_tax_rate as numeric(18, 6)) as default_tax_rate,
        tag_type_ids,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

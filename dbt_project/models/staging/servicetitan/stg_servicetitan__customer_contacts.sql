with

source as (
    select * from {{ source('servicetitan', 'customer_contacts') }}
),

final as (
    select
        tenant_id,
        id as customer_contact_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ clean_text('type') }} as contact_type,
        {{ clean_text('value') }} as contact_value,
        case when type <> 'Email' then {{ phone10('value') }} end as phone10,
        {{ clean_text('memo') }} as memo,
        {{ json_boolean('phone_settings', 'doNotText') }} as is_do_not_text,
        {{ json_boolean('preferences', 'marketingUpdatesEnabled') }} as is_marketing_allowed,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'call_reasons') }}
),

final as (
    select
        tenant_id,
        id as call_reason_id,
        {{ clean_text('name') }} as call_reason_name,
        coalesce(is_lead, false) as is_lead,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'job_cancel_reasons') }}
),

final as (
    select
        tenant_id,
        id as job_cancel_reason_id,
        {{ clean_text('name') }} as job_cancel_reason_name,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

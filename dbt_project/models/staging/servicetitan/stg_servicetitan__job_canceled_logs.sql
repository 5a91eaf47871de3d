with

source as (
    select * from {{ source('servicetitan', 'job_canceled_logs') }}
),

final as (
    select
        tenant_id,
        id as job_canceled_log_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('reason_id') }} as job_cancel_reason_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('memo') }} as memo,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        _fetched_at as fetched_at
    from source
)

select * from final

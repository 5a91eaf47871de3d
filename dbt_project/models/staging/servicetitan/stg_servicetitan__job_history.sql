with

source as (
    select * from {{ source('servicetitan', 'job_history') }}
),

final as (
    select
        tenant_id,
        job_id,
        id as job_event_id,
        {{ id_or_null('employee_id') }} as employee_id,
        {{ clean_text('event_type') }} as event_type,
        {{ clean_text('used_scheduling_tool') }} as used_scheduling_tool,
        _deleted_at is not null as is_deleted,
        date as happened_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'non_job_timesheets') }}
),

final as (
    select
        tenant_id,
        id as non_job_timesheet_id,
        {{ id_or_null('employee_id') }} as employee_id,
        {{ id_or_null('timesheet_code_id') }} as timesheet_code_id,
        {{ clean_text('employee_type') }} as employee_type,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        started_on as started_at,
        ended_on as ended_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

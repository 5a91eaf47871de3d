with

source as (
    select * from {{ source('servicetitan', 'job_timesheets') }}
),

final as (
    select
        tenant_id,
        id as job_timesheet_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('appointment_id') }} as appointment_id,
        {{ id_or_null('technician_id') }} as technician_id,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        dispatched_on as dispatched_at,
        arrived_on as arrived_at,
        canceled_on as canceled_at,
        done_on as done_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

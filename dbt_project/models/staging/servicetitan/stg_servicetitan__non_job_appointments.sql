with

source as (
    select * from {{ source('servicetitan', 'non_job_appointments') }}
),

final as (
    select
        tenant_id,
        id as non_job_appointment_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('timesheet_code_id') }} as timesheet_code_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as non_job_appointment_name,
        {{ clean_text('summary') }} as summary_text,
        {{ duration_seconds('duration') }} as duration_seconds,
        coalesce(all_day, false) as is_all_day,
        coalesce(remove_technician_from_capacity_planning, false) as is_out_of_capacity,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        start as start_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

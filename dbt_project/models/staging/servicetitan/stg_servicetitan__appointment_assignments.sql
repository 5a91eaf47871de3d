with

source as (
    select * from {{ source('servicetitan', 'appointment_assignments') }}
),

final as (
    select
        tenant_id,
        id as appointment_assignment_id,
        {{ id_or_null('appointment_id') }} as appointment_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('assigned_by_id') }} as assigned_by_id,
        {{ clean_text('technician_name') }} as technician_name,
        {{ clean_text('status') }} as assignment_status,
        coalesce(is_paused, false) as is_paused,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        assigned_on as assigned_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

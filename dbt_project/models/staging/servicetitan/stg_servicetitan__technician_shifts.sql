with

source as (
    select * from {{ source('servicetitan', 'technician_shifts') }}
),

final as (
    select
        tenant_id,
        id as technician_shift_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('timesheet_code_id') }} as timesheet_code_id,
        {{ clean_text('shift_type') }} as shift_type,
        {{ clean_text('title') }} as title,
        {{ clean_text('note') }} as note,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        start as start_at,
        "end" as end_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'appointments') }}
),

final as (
    select
        tenant_id,
        id as appointment_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('appointment_number') }} as appointment_number,
        {{ clean_text('status') }} as appointment_status,
        {{ clean_text('special_instructions') }} as special_instructions,
        coalesce(unused, false) as is_unused,
        coalesce(is_confirmed, false) as is_confirmed,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        start as start_at,
        "end" as end_at,
        arrival_window_start as arrival_window_start_at,
        arrival_window_end as arrival_window_end_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

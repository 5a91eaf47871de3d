with

source as (
    select * from {{ source('servicetitan', 'recurring_service_events') }}
),

final as (
    select
        tenant_id,
        id as recurring_service_event_id,
        {{ id_or_null('location_recurring_service_id') }} as recurring_service_id,
        {{ id_or_null('membership_id') }} as membership_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('location_recurring_service_name') }} as recurring_service_name,
        {{ clean_text('membership_name') }} as membership_name,
        {{ clean_text('status') }} as event_status,
        {{ calendar_date('date') }} as due_date,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

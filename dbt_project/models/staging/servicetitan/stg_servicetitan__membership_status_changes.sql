with

source as (
    select * from {{ source('servicetitan', 'membership_status_changes') }}
),

final as (
    select
        tenant_id,
        id as membership_status_change_id,
        {{ id_or_null('membership_id') }} as membership_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('old_status') }} as old_status,
        {{ clean_text('new_status') }} as new_status,
        {{ clean_text('note') }} as note,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        _fetched_at as fetched_at
    from source
)

select * from final

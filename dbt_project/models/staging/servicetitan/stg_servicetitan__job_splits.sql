with

source as (
    select * from {{ source('servicetitan', 'job_splits') }}
),

final as (
    select
        tenant_id,
        id as job_split_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('technician_id') }} as technician_id,
        cast(split as numeric(18, 6)) as split_percent,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

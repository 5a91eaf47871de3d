with

source as (
    select * from {{ source('servicetitan', 'technician_ratings') }}
),

final as (
    select
        tenant_id,
        technician_id,
        job_id,
        cast(rating as numeric(18, 6)) as rating,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

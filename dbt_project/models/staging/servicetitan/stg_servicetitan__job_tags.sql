with

source as (
    select * from {{ source('servicetitan', 'jobs') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as job_id,
        {{ json_scalar_id('elements.item') }} as tag_type_id,
        coalesce(source.active, true) and source._deleted_at is null as is_active,
        source._fetched_at as fetched_at
    from source
    cross join lateral {{ json_elements('source.tag_type_ids') }} as elements (item)
),

final as (
    select distinct
        tenant_id,
        job_id,
        tag_type_id,
        is_active,
        fetched_at
    from exploded
    where tag_type_id is not null
)

select * from final

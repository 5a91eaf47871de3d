with

source as (
    select * from {{ source('servicetitan', 'jobs') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as job_id,
        {{ json_scalar_id('elements.item') }} as installed_equipment_id,
        coalesce(source.active, true) and source._deleted_at is null as is_active,
        source._fetched_at as fetched_at
    from source
    cross join lateral {{ json_elements('source.equipment_ids') }} as elements (item)
),

final as (
    select distinct
        tenant_id,
        job_id,
        installed_equipment_id,
        is_active,
        fetched_at
    from exploded
    where installed_equipment_id is not null
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'dispatch_zones') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as zone_id,
        {{ zip5(json_scalar('elements.item')) }} as zip5,
        coalesce(source.active, true) and source._deleted_at is null as is_active,
        source._fetched_at as fetched_at
    from source
    cross join lateral {{ json_elements('source.zips') }} as elements (item)
),

final as (
    select distinct
        tenant_id,
        zone_id,
        zip5,
        is_active,
        fetched_at
    from exploded
    where zip5 is not null
)

select * from final

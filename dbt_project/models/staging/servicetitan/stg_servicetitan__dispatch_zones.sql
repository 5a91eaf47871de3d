with

source as (
    select * from {{ source('servicetitan', 'dispatch_zones') }}
),

final as (
    select
        tenant_id,
        id as zone_id,
        {{ id_or_null('created_by') }} as created_by_id,
        {{ clean_text('name') }} as zone_name,
        zips,
        cities,
        service_days,
        business_units as business_unit_ids,
        technicians as technician_ids,
        coalesce(service_days_enabled, false) as is_served_on_service_days_only,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

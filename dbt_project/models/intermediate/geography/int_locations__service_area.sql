with

locations as (
    select
        tenant_id,
        location_id,
        zone_id,
        zip5,
        lower(city) as city
    from {{ ref('stg_servicetitan__locations') }}
),

zones as (
    select
        tenant_id,
        zone_id,
        coalesce(zone_name, cast(zone_id as text)) as zone_name,
        cities
    from {{ ref('stg_servicetitan__dispatch_zones') }}
    where is_active
),

zone_zips as (
    select
        tenant_id,
        zone_id,
        zip5
    from {{ ref('stg_servicetitan__dispatch_zone_zips') }}
    where is_active
),

seeded_areas as (
    select
        tenant_id,
        zip5,
        area_id,
        area_name,
        valid_from
    from {{ ref('service_areas') }}
),

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

-- The newest row that is in force.
areas_by_zip as (
    select distinct on (seeded_areas.tenant_id, seeded_areas.zip5)
        seeded_areas.tenant_id,
        seeded_areas.zip5,
        seeded_areas.area_id,
        seeded_areas.area_name
    from seeded_areas
    inner join tenants on seeded_areas.tenant_id = tenants.tenant_id
    where coalesce(seeded_areas.valid_from, tenants.as_of_date) <= tenants.as_of_date
    order by
        seeded_areas.tenant_id asc,
        seeded_areas.zip5 asc,
        seeded_areas.valid_from desc nulls last
),

zone_sizes as (
    select
        zones.tenant_id,
        zones.zone_id,
        count(zone_zips.zip5) as zip_count
    from zones
    left join zone_zips
        on
            zones.tenant_id = zone_zips.tenant_id
            and zones.zone_id = zone_zips.zone_id
    group by zones.tenant_id, zones.zone_id
),

-- The zone with the fewest zips is the most specific one.
zones_by_zip as (
    select distinct on (zone_zips.tenant_id, zone_zips.zip5)
        zone_zips.tenant_id,
        zone_zips.zip5,
        zone_zips.zone_id
    from zone_zips
    inner join zone_sizes
        on
            zone_zips.tenant_id = zone_sizes.tenant_id
            and zone_zips.zone_id = zone_sizes.zone_id
    order by
        zone_zips.tenant_id asc,
        zone_zips.zip5 asc,
        zone_sizes.zip_count asc,
        zone_zips.zone_id asc
),

zone_cities as (
    select
        zones.tenant_id,
        zones.zone_id,
        lower({{ json_scalar('elements.item') }}) as city
    from zones
    cross join lateral {{ json_elements('zones.cities') }} as elements (item)
),

zones_by_city as (
    select distinct on (zone_cities.tenant_id, zone_cities.city)
        zone_cities.tenant_id,
        zone_cities.city,
        zone_cities.zone_id
    from zone_cities
    inner join zone_sizes
        on
            zone_cities.tenant_id = zone_sizes.tenant_id
            and zone_cities.zone_id = zone_sizes.zone_id
    where zone_cities.city is not null
    order by
        zone_cities.tenant_id asc,
        zone_cities.city asc,
        zone_sizes.zip_count asc,
        zone_cities.zone_id asc
),

matched as (
    select
        locations.tenant_id,
        locations.location_id,
        areas_by_zip.area_id as seeded_area_id,
        areas_by_zip.area_name as seeded_area_name,
        own_zones.zone_id as own_zone_id,
        zones_by_zip.zone_id as zip_zone_id,
        zones_by_city.zone_id as city_zone_id
    from locations
    left join areas_by_zip
        on
            locations.tenant_id = areas_by_zip.tenant_id
            and locations.zip5 = areas_by_zip.zip5
    left join zones as own_zones
        on
            locations.tenant_id = own_zones.tenant_id
            and locations.zone_id = own_zones.zone_id
    left join zones_by_zip
        on
            locations.tenant_id = zones_by_zip.tenant_id
            and locations.zip5 = zones_by_zip.zip5
    left join zones_by_city
        on
            locations.tenant_id = zones_by_city.tenant_id
            and locations.city = zones_by_city.city
),

decided as (
    select
        tenant_id,
        location_id,
        seeded_area_id,
        seeded_area_name,
        coalesce(own_zone_id, zip_zone_id, city_zone_id) as zone_id,
        case
            when seeded_area_id is not null then 'seed_zip'
            when own_zone_id is not null then 'zone'
            when zip_zone_id is not null then 'zone_zip'
            when city_zone_id is not null then 'zone_city'
            else 'out_of_area'
        end as assigned_by
    from matched
),

final as (
    select
        decided.tenant_id,
        decided.location_id,
        coalesce(decided.seeded_area_id, cast(decided.zone_id as text), 'out_of_area') as area_id,
        case
            when decided.seeded_area_id is not null then decided.seeded_area_name
            else coalesce(zones.zone_name, 'Out of area')
        end as area_name,
        decided.assigned_by
    from decided
    left join zones
        on
            decided.tenant_id = zones.tenant_id
            and decided.zone_id = zones.zone_id
)

select * from final

{% set w_age, w_repairs, w_overdue, w_warranty = var('risk_weights') %}
{% set default_interval = var('equipment_maintenance_interval_days') %}

with

tenants as (
    select
        tenant_id,
        timezone,
        as_of_date
    from {{ ref('int_tenants') }}
),

installed_equipment as (
    select * from {{ ref('stg_servicetitan__installed_equipment') }}
    where is_active
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

locations as (
    select
        tenant_id,
        location_id,
        canonical_id
    from {{ ref('int_locations__canonical') }}
),

equipment_visits as (
    select * from {{ ref('int_equipment__visits') }}
),

equipment_life as (
    select
        tenant_id,
        lower(equipment_type) as equipment_type,
        expected_years,
        coalesce(interval_days, {{ default_interval }}) as interval_days
    from {{ ref('equipment_life') }}
),

units as (
    select
        installed_equipment.tenant_id,
        installed_equipment.installed_equipment_id,
        coalesce(customers.canonical_id, installed_equipment.customer_id) as customer_id,
        coalesce(locations.canonical_id, installed_equipment.location_id) as location_id,
        installed_equipment.pricebook_equipment_id,
        installed_equipment.equipment_type_name,
        lower(coalesce(installed_equipment.equipment_type_name, 'default')) as equipment_type,
        installed_equipment.installed_equipment_name,
        installed_equipment.manufacturer,
        installed_equipment.model_number,
        coalesce(
            installed_equipment.installed_date,
            installed_equipment.manufactured_date,
            least(
                installed_equipment.manufacturer_warranty_start_date,
                installed_equipment.service_provider_warranty_start_date
            )
        ) as in_service_date,
        greatest(
            installed_equipment.manufacturer_warranty_end_date,
            installed_equipment.service_provider_warranty_end_date
        ) as warranty_end_date,
        greatest(
            {{ local_date('installed_equipment.created_at', 'tenants.timezone') }},
            installed_equipment.installed_date
        ) as known_from,
        case
            when installed_equipment.installed_equipment_status = 'Replaced'
                then installed_equipment.replaced_date
        end as replaced_date,
        tenants.as_of_date
    from installed_equipment
    inner join tenants on installed_equipment.tenant_id = tenants.tenant_id
    left join customers
        on
            installed_equipment.tenant_id = customers.tenant_id
            and installed_equipment.customer_id = customers.customer_id
    left join locations
        on
            installed_equipment.tenant_id = locations.tenant_id
            and installed_equipment.location_id = locations.location_id
    -- Replaced nobody knows when: nothing can be said of any day.
    where
        installed_equipment.installed_equipment_status is distinct from 'Replaced'
        or installed_equipment.replaced_date is not null
),

types as (
    select distinct
        tenant_id,
        equipment_type
    from units
),

lives as (
    select distinct on (types.tenant_id, types.equipment_type)
        types.tenant_id,
        types.equipment_type,
        equipment_life.expected_years,
        coalesce(equipment_life.interval_days, {{ default_interval }}) as interval_days
    from types
    left join equipment_life
        on
            types.tenant_id = coalesce(equipment_life.tenant_id, types.tenant_id)
            and equipment_life.equipment_type in (types.equipment_type, 'default')
    order by
        types.tenant_id asc,
        types.equipment_type asc,
        (equipment_life.equipment_type = 'default') asc nulls last,
        equipment_life.tenant_id asc nulls last
),

-- The days that are looked at: as_of_date, and the month ends before it.
days as (
    select
        tenant_id,
        as_of_date as looked_at_on,
        false as is_history
    from tenants
    union all
    select
        tenants.tenant_id,
        cast(
            date_trunc('month', tenants.as_of_date)
            - make_interval(months => series.months_back)
            - interval '1 day' as date
        ) as looked_at_on,
        true as is_history
    from tenants
    cross join
        generate_series(0, {{ var('equipment_history_months') }} - 1) as series (months_back)
),

unit_days as (
    select
        units.tenant_id,
        units.installed_equipment_id,
        units.customer_id,
        units.location_id,
        units.pricebook_equipment_id,
        units.equipment_type_name,
        units.equipment_type,
        units.installed_equipment_name,
        units.manufacturer,
        units.model_number,
        units.in_service_date,
        units.warranty_end_date,
        units.as_of_date,
        days.looked_at_on,
        days.is_history
    from units
    inner join days
        on
            units.tenant_id = days.tenant_id
            and units.known_from <= days.looked_at_on
            and coalesce(units.replaced_date, 'infinity') > days.looked_at_on
),

-- Visits as they look from each day, for units that have any; later ones only tell what came of it.
placed_visits as (
    select
        equipment_visits.tenant_id,
        equipment_visits.installed_equipment_id,
        days.looked_at_on,
        equipment_visits.visited_on_local,
        equipment_visits.is_maintenance,
        equipment_visits.is_repair,
        equipment_visits.is_recall,
        equipment_visits.visited_on_local <= days.looked_at_on as is_known,
        equipment_visits.visited_on_local > days.looked_at_on - interval '24 months' as is_recent
    from equipment_visits
    inner join days
        on
            equipment_visits.tenant_id = days.tenant_id
            and equipment_visits.visited_on_local
            <= days.looked_at_on + {{ var('label_horizon_days') }}
),

visits_by_day as (
    select
        tenant_id,
        installed_equipment_id,
        looked_at_on,
        max(case when is_maintenance and is_known then visited_on_local end)
            as last_maintenance_on,
        count(*) filter (where is_repair and is_known and is_recent) as repairs_24m,
        count(*) filter (where is_recall and is_known) as recalls,
        bool_or(is_repair and not is_known) as is_repaired_next
    from placed_visits
    group by tenant_id, installed_equipment_id, looked_at_on
),

measured as (
    select
        unit_days.*,
        (unit_days.looked_at_on - unit_days.in_service_date) / 365.25 as age_years,
        lives.expected_years,
        lives.interval_days,
        visits_by_day.last_maintenance_on,
        coalesce(visits_by_day.repairs_24m, 0) as repairs_24m,
        coalesce(visits_by_day.recalls, 0) as recalls,
        coalesce(visits_by_day.is_repaired_next, false) as is_repaired_next,
        coalesce(unit_days.warranty_end_date < unit_days.looked_at_on, false) as is_out_of_warranty
    from unit_days
    left join lives
        on
            unit_days.tenant_id = lives.tenant_id
            and unit_days.equipment_type = lives.equipment_type
    left join visits_by_day
        on
            unit_days.tenant_id = visits_by_day.tenant_id
            and unit_days.installed_equipment_id = visits_by_day.installed_equipment_id
            and unit_days.looked_at_on = visits_by_day.looked_at_on
),

derived as (
    select
        *,
        {{ safe_div('age_years', 'expected_years') }} as age_ratio,
        last_maintenance_on + interval_days as next_due_on,
        looked_at_on - last_maintenance_on - interval_days as overdue_days
    from measured
),

final as (
    select
        tenant_id,
        installed_equipment_id,
        looked_at_on as as_of_date,
        is_history,
        customer_id,
        location_id,
        pricebook_equipment_id,
        equipment_type_name,
        installed_equipment_name,
        manufacturer,
        model_number,
        in_service_date,
        cast(age_years as numeric(18, 6)) as age_years,
        cast(expected_years as numeric(18, 6)) as expected_years,
        cast(age_ratio as numeric(18, 6)) as age_ratio,
        cast(repairs_24m as integer) as repairs_24m,
        cast(recalls as integer) as recalls,
        last_maintenance_on,
        looked_at_on - last_maintenance_on as days_since_maintenance,
        next_due_on,
        overdue_days,
        warranty_end_date,
        is_out_of_warranty,
        cast(
            100 * (
                {{ w_age }} * coalesce(least(greatest(age_ratio, 0), 1.5), 0) / 1.5
                + {{ w_repairs }} * least(repairs_24m, 3) / 3.0
                + {{ w_overdue }} * coalesce(least(greatest(overdue_days, 0), 365), 0) / 365.0
                + {{ w_warranty }} * case when is_out_of_warranty then 1 else 0 end
            ) as numeric(18, 6)
        ) as risk_score,
        case
            when not is_history then null
            when is_repaired_next then true
            when looked_at_on + {{ var('label_horizon_days') }} <= as_of_date then false
        end as label_repair_next
    from derived
)

select * from final

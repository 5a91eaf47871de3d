{#
  Each unit in use has one row of as_of_date; no row knows anything of later days, and none is of a day on or after the
  unit's replacement. Counted again from the staged units.
#}
with

units as (
    select
        installed_equipment.tenant_id,
        installed_equipment.installed_equipment_id,
        case
            when installed_equipment.installed_equipment_status = 'Replaced'
                then coalesce(installed_equipment.replaced_date, cast('-infinity' as date))
            else cast('infinity' as date)
        end as replaced_date,
        tenants.as_of_date,
        {{ local_date('installed_equipment.created_at', 'tenants.timezone') }}
        <= tenants.as_of_date
        and coalesce(installed_equipment.installed_date, tenants.as_of_date)
        <= tenants.as_of_date as is_known
    from {{ ref('stg_servicetitan__installed_equipment') }} as installed_equipment
    inner join {{ ref('int_tenants') }} as tenants
        on installed_equipment.tenant_id = tenants.tenant_id
    where installed_equipment.is_active
),

current_rows as (
    select * from {{ ref('fct_equipment_health') }}
    where not is_history
),

missing as (
    select
        coalesce(units.tenant_id, current_rows.tenant_id) as tenant_id,
        coalesce(units.installed_equipment_id, current_rows.installed_equipment_id)
            as installed_equipment_id,
        'one row per unit in use' as broken_promise
    from units
    full outer join current_rows
        on
            units.tenant_id = current_rows.tenant_id
            and units.installed_equipment_id = current_rows.installed_equipment_id
    where
        (coalesce(units.is_known, false) and units.replaced_date > units.as_of_date)
        <> (current_rows.installed_equipment_id is not null)
),

ahead_of_time as (
    select
        health.tenant_id,
        health.installed_equipment_id,
        'nothing from later days' as broken_promise
    from {{ ref('fct_equipment_health') }} as health
    left join units
        on
            health.tenant_id = units.tenant_id
            and health.installed_equipment_id = units.installed_equipment_id
    where
        health.last_maintenance_on > health.as_of_date
        or health.age_years < 0
        or units.replaced_date <= health.as_of_date
        or health.as_of_date > units.as_of_date
)

select * from missing
union all
select * from ahead_of_time

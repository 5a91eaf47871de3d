{#
  A technician's days have all hours that were paid, and the hours of their time intervals; none is
  there twice.
#}
with

expected as (
    select
        tenant_id,
        employee_id as technician_id,
        paid_hours,
        0 as onsite_hours,
        0 as drive_hours
    from {{ ref('stg_servicetitan__gross_pay_items') }}
    where
        is_active
        and employee_type = 'Technician'
        and employee_id is not null
        and coalesce(paid_date, cast(started_at as date)) is not null
    union all
    select
        tenant_id,
        technician_id,
        0 as paid_hours,
        case when interval_type = 'onsite' then hours else 0 end as onsite_hours,
        case when interval_type = 'drive' then hours else 0 end as drive_hours
    from {{ ref('fct_time_intervals') }}
),

expected_hours as (
    select
        tenant_id,
        technician_id,
        coalesce(sum(paid_hours), 0) as paid_hours,
        sum(onsite_hours) as onsite_hours,
        sum(drive_hours) as drive_hours
    from expected
    group by tenant_id, technician_id
),

actual_hours as (
    select
        tenant_id,
        technician_id,
        sum(paid_hours) as paid_hours,
        sum(onsite_hours) as onsite_hours,
        sum(drive_hours) as drive_hours
    from {{ ref('fct_technician_daily') }}
    group by tenant_id, technician_id
)

select
    coalesce(expected_hours.tenant_id, actual_hours.tenant_id) as tenant_id,
    coalesce(expected_hours.technician_id, actual_hours.technician_id) as technician_id,
    expected_hours.paid_hours as expected_paid_hours,
    actual_hours.paid_hours as actual_paid_hours,
    expected_hours.onsite_hours as expected_onsite_hours,
    actual_hours.onsite_hours as actual_onsite_hours,
    expected_hours.drive_hours as expected_drive_hours,
    actual_hours.drive_hours as actual_drive_hours
from expected_hours
full outer join actual_hours
    on
        expected_hours.tenant_id = actual_hours.tenant_id
        and expected_hours.technician_id = actual_hours.technician_id
where
    coalesce(expected_hours.paid_hours, 0) <> coalesce(actual_hours.paid_hours, 0)
    or coalesce(expected_hours.onsite_hours, 0) <> coalesce(actual_hours.onsite_hours, 0)
    or coalesce(expected_hours.drive_hours, 0) <> coalesce(actual_hours.drive_hours, 0)

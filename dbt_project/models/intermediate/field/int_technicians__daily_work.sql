with

pay_items as (
    select * from {{ ref('stg_servicetitan__gross_pay_items') }}
    where is_active and employee_type = 'Technician'
),

intervals as (
    select * from {{ ref('int_time_intervals') }}
),

weights as (
    select * from {{ ref('int_jobs__technician_weights') }}
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
),

memberships as (
    select * from {{ ref('stg_servicetitan__memberships') }}
),

technicians as (
    select
        tenant_id,
        technician_id
    from {{ ref('stg_servicetitan__technicians') }}
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

paid as (
    select
        pay_items.tenant_id,
        pay_items.employee_id as technician_id,
        coalesce(
            pay_items.paid_date,
            {{ local_date('pay_items.started_at', 'tenants.timezone') }}
        ) as work_date,
        pay_items.paid_time_type,
        pay_items.paid_hours
    from pay_items
    inner join tenants on pay_items.tenant_id = tenants.tenant_id
    where pay_items.paid_hours <> 0 and pay_items.employee_id is not null
),

entries as (
    select
        tenant_id,
        technician_id,
        work_date,
        sum(paid_hours) as paid_hours,
        sum(paid_hours) filter (where paid_time_type = 'Regular') as regular_hours,
        sum(paid_hours) filter (where paid_time_type in ('Overtime', 'DoubleOvertime'))
            as overtime_hours,
        sum(paid_hours) filter (where paid_time_type = 'PaidTimeOff') as paid_time_off_hours,
        0 as onsite_hours,
        0 as drive_hours,
        0 as completed_jobs,
        0 as opportunities,
        0 as converted_jobs,
        0 as memberships_sold
    from paid
    where work_date is not null
    group by tenant_id, technician_id, work_date
    union all
    select
        tenant_id,
        technician_id,
        work_on_local as work_date,
        0 as paid_hours,
        0 as regular_hours,
        0 as overtime_hours,
        0 as paid_time_off_hours,
        sum(hours) filter (where interval_type = 'onsite') as onsite_hours,
        sum(hours) filter (where interval_type = 'drive') as drive_hours,
        0 as completed_jobs,
        0 as opportunities,
        0 as converted_jobs,
        0 as memberships_sold
    from intervals
    group by tenant_id, technician_id, work_on_local
    union all
    select
        jobs.tenant_id,
        weights.technician_id,
        jobs.completed_on_local as work_date,
        0 as paid_hours,
        0 as regular_hours,
        0 as overtime_hours,
        0 as paid_time_off_hours,
        0 as onsite_hours,
        0 as drive_hours,
        count(*) as completed_jobs,
        count(*) filter (where jobs.is_opportunity) as opportunities,
        count(*) filter (where jobs.is_opportunity and jobs.is_converted) as converted_jobs,
        0 as memberships_sold
    from jobs
    inner join weights
        on
            jobs.tenant_id = weights.tenant_id
            and jobs.job_id = weights.job_id
    where jobs.completed_on_local is not null
    group by jobs.tenant_id, weights.technician_id, jobs.completed_on_local
    union all
    select
        memberships.tenant_id,
        memberships.sold_by_id as technician_id,
        {{ local_date('memberships.created_at', 'tenants.timezone') }} as work_date,
        0 as paid_hours,
        0 as regular_hours,
        0 as overtime_hours,
        0 as paid_time_off_hours,
        0 as onsite_hours,
        0 as drive_hours,
        0 as completed_jobs,
        0 as opportunities,
        0 as converted_jobs,
        count(*) as memberships_sold
    from memberships
    inner join tenants on memberships.tenant_id = tenants.tenant_id
    inner join technicians
        on
            memberships.tenant_id = technicians.tenant_id
            and memberships.sold_by_id = technicians.technician_id
    where memberships.is_active and memberships.created_at is not null
    group by
        memberships.tenant_id,
        memberships.sold_by_id,
        {{ local_date('memberships.created_at', 'tenants.timezone') }}
),

final as (
    select
        tenant_id,
        technician_id,
        work_date,
        cast(coalesce(sum(paid_hours), 0) as numeric(12, 4)) as paid_hours,
        cast(coalesce(sum(regular_hours), 0) as numeric(12, 4)) as regular_hours,
        cast(coalesce(sum(overtime_hours), 0) as numeric(12, 4)) as overtime_hours,
        cast(coalesce(sum(paid_time_off_hours), 0) as numeric(12, 4)) as paid_time_off_hours,
        cast(coalesce(sum(onsite_hours), 0) as numeric(12, 4)) as onsite_hours,
        cast(coalesce(sum(drive_hours), 0) as numeric(12, 4)) as drive_hours,
        cast(coalesce(sum(completed_jobs), 0) as integer) as completed_jobs,
        cast(coalesce(sum(opportunities), 0) as integer) as opportunities,
        cast(coalesce(sum(converted_jobs), 0) as integer) as converted_jobs,
        cast(coalesce(sum(memberships_sold), 0) as integer) as memberships_sold
    from entries
    group by tenant_id, technician_id, work_date
)

select * from final

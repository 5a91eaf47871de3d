{# Every month of a technician is the sum of the days in it, in hours, jobs and money. #}
with

days as (
    select
        tenant_id,
        technician_id,
        cast(date_trunc('month', work_date) as date) as work_month,
        sum(worked_hours) as worked_hours,
        sum(unapplied_hours) as unapplied_hours,
        sum(completed_jobs) as completed_jobs,
        sum(revenue_amount) as revenue_amount,
        sum(net_profit) as net_profit
    from {{ ref('fct_technician_daily') }}
    group by tenant_id, technician_id, cast(date_trunc('month', work_date) as date)
)

select
    coalesce(days.tenant_id, months.tenant_id) as tenant_id,
    coalesce(days.technician_id, months.technician_id) as technician_id,
    coalesce(days.work_month, months.work_month) as work_month,
    days.net_profit as net_profit_of_days,
    months.net_profit
from days
full outer join {{ ref('fct_technician_monthly') }} as months
    on
        days.tenant_id = months.tenant_id
        and days.technician_id = months.technician_id
        and days.work_month = months.work_month
where
    days.worked_hours is distinct from months.worked_hours
    or days.unapplied_hours is distinct from months.unapplied_hours
    or days.completed_jobs is distinct from months.completed_jobs
    or days.revenue_amount is distinct from months.revenue_amount
    or days.net_profit is distinct from months.net_profit

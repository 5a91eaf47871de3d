{#
  Day by day the technicians' revenue is that of the jobs completed then, to the cent, and their net profit that of
  their jobs less pay and burden that belong to no job.
#}
with

expected as (
    select
        tenant_id,
        completed_on_local as work_date,
        revenue_amount,
        0 as net_profit
    from {{ ref('int_jobs__enriched') }}
    where completed_on_local is not null
    union all
    select
        tenant_id,
        completed_on_local as work_date,
        0 as revenue_amount,
        job_profit as net_profit
    from {{ ref('fct_technician_jobs') }}
    where completed_on_local is not null
    union all
    select
        tenant_id,
        cost_date as work_date,
        0 as revenue_amount,
        -amount as net_profit
    from {{ ref('int_cost_entries') }}
    where
        job_id is null
        and technician_id is not null
        and cost_date is not null
        and cost_type in ('labor', 'incentive', 'salary', 'burden')
),

expected_days as (
    select
        tenant_id,
        work_date,
        sum(revenue_amount) as revenue_amount,
        sum(net_profit) as net_profit
    from expected
    group by tenant_id, work_date
),

actual_days as (
    select
        tenant_id,
        work_date,
        sum(revenue_amount) as revenue_amount,
        sum(net_profit) as net_profit
    from {{ ref('fct_technician_daily') }}
    group by tenant_id, work_date
)

select
    coalesce(expected_days.tenant_id, actual_days.tenant_id) as tenant_id,
    coalesce(expected_days.work_date, actual_days.work_date) as work_date,
    expected_days.revenue_amount as expected_revenue,
    actual_days.revenue_amount as actual_revenue,
    expected_days.net_profit as expected_net_profit,
    actual_days.net_profit as actual_net_profit
from expected_days
full outer join actual_days
    on
        expected_days.tenant_id = actual_days.tenant_id
        and expected_days.work_date = actual_days.work_date
where
    coalesce(expected_days.revenue_amount, 0) <> coalesce(actual_days.revenue_amount, 0)
    or coalesce(expected_days.net_profit, 0) <> coalesce(actual_days.net_profit, 0)

{#
  As closed is what was frozen, restated is the net profit that fct_job_profitability says: by month, to the cent.
#}
with

periods as (
    select
        close_id,
        tenant_id,
        month
    from {{ ref('stg_platform__closed_periods') }}
    where is_in_force
),

frozen as (
    select
        periods.tenant_id,
        periods.month,
        sum(
            closed_jobs.revenue_amount
            - closed_jobs.labor_cost
            - closed_jobs.incentive_cost
            - closed_jobs.burden_cost
            - closed_jobs.material_cost
            - closed_jobs.equipment_cost
            - closed_jobs.other_cost
            - closed_jobs.overhead_allocated
        ) as amount
    from periods
    inner join {{ ref('stg_platform__closed_job_profits') }} as closed_jobs
        on periods.close_id = closed_jobs.close_id
    group by periods.tenant_id, periods.month
),

present as (
    select
        periods.tenant_id,
        periods.month,
        sum(profits.net_profit) as amount
    from periods
    inner join {{ ref('fct_job_profitability') }} as profits
        on
            periods.tenant_id = profits.tenant_id
            and periods.month = profits.completed_month
    group by periods.tenant_id, periods.month
),

restated as (
    select
        tenant_id,
        month,
        sum(as_closed_amount) as as_closed_amount,
        sum(restated_amount) as restated_amount,
        sum(delta_amount) as delta_amount
    from {{ ref('fct_profit_restatements') }}
    group by tenant_id, month
)

select
    periods.tenant_id,
    periods.month,
    frozen.amount as frozen_amount,
    restated.as_closed_amount,
    present.amount as present_amount,
    restated.restated_amount,
    restated.delta_amount
from periods
left join frozen
    on
        periods.tenant_id = frozen.tenant_id
        and periods.month = frozen.month
left join present
    on
        periods.tenant_id = present.tenant_id
        and periods.month = present.month
left join restated
    on
        periods.tenant_id = restated.tenant_id
        and periods.month = restated.month
where
    coalesce(frozen.amount, 0) <> coalesce(restated.as_closed_amount, 0)
    or coalesce(present.amount, 0) <> coalesce(restated.restated_amount, 0)
    or coalesce(restated.restated_amount, 0) - coalesce(restated.as_closed_amount, 0)
    <> coalesce(restated.delta_amount, 0)

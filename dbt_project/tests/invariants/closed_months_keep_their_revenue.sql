{#
  As closed is what was frozen, restated is what fct_revenue says, and delta is the difference: by month, to the cent.
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
        sum(closed_lines.revenue_amount) as amount
    from periods
    inner join {{ ref('stg_platform__closed_revenue_lines') }} as closed_lines
        on periods.close_id = closed_lines.close_id
    group by periods.tenant_id, periods.month
),

present as (
    select
        periods.tenant_id,
        periods.month,
        sum(revenue.revenue_amount) as amount
    from periods
    inner join {{ ref('fct_revenue') }} as revenue
        on
            periods.tenant_id = revenue.tenant_id
            and periods.month = cast(date_trunc('month', revenue.revenue_date) as date)
    group by periods.tenant_id, periods.month
),

restated as (
    select
        tenant_id,
        month,
        sum(as_closed_amount) as as_closed_amount,
        sum(restated_amount) as restated_amount,
        sum(delta_amount) as delta_amount
    from {{ ref('fct_revenue_restatements') }}
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

with

periods as (
    select * from {{ ref('stg_platform__closed_periods') }}
    where is_in_force
),

closed_jobs as (
    select * from {{ ref('stg_platform__closed_job_profits') }}
),

present_jobs as (
    select * from {{ ref('fct_job_profitability') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        is_completed,
        created_at
    from {{ ref('int_jobs__enriched') }}
),

-- What each figure adds to the profit: costs are below zero.
frozen as (
    select
        closed_jobs.tenant_id,
        closed_jobs.month,
        closed_jobs.job_id,
        closed_jobs.business_unit_id,
        components.component,
        components.amount
    from closed_jobs
    inner join periods on closed_jobs.close_id = periods.close_id
    cross join
        lateral (
            values
            ('revenue', closed_jobs.revenue_amount),
            ('labor', -closed_jobs.labor_cost),
            ('incentive', -closed_jobs.incentive_cost),
            ('burden', -closed_jobs.burden_cost),
            ('material', -closed_jobs.material_cost),
            ('equipment', -closed_jobs.equipment_cost),
            ('other', -closed_jobs.other_cost),
            ('overhead', -closed_jobs.overhead_allocated)
        ) as components (component, amount)
),

present as (
    select
        present_jobs.tenant_id,
        periods.month,
        present_jobs.job_id,
        present_jobs.business_unit_id,
        components.component,
        components.amount,
        periods.known_until_at
    from present_jobs
    inner join periods
        on
            present_jobs.tenant_id = periods.tenant_id
            and present_jobs.completed_month = periods.month
    cross join
        lateral (
            values
            ('revenue', present_jobs.revenue_amount),
            ('labor', -present_jobs.labor_cost),
            ('incentive', -present_jobs.incentive_cost),
            ('burden', -present_jobs.burden_cost),
            ('material', -present_jobs.material_cost),
            ('equipment', -present_jobs.equipment_cost),
            ('other', -present_jobs.other_cost),
            ('overhead', -present_jobs.overhead_allocated)
        ) as components (component, amount)
),

paired as (
    select
        coalesce(frozen.tenant_id, present.tenant_id) as tenant_id,
        coalesce(frozen.month, present.month) as month,
        coalesce(frozen.job_id, present.job_id) as job_id,
        coalesce(frozen.component, present.component) as component,
        frozen.job_id is not null as was_there,
        present.job_id is not null as is_there,
        present.known_until_at,
        frozen.business_unit_id as closed_business_unit_id,
        present.business_unit_id as present_business_unit_id,
        frozen.amount as closed_amount,
        present.amount as present_amount,
        coalesce(frozen.business_unit_id, -1) <> coalesce(present.business_unit_id, -1)
            as has_other_unit
    from frozen
    full outer join present
        on
            frozen.tenant_id = present.tenant_id
            and frozen.month = present.month
            and frozen.job_id = present.job_id
            and frozen.component = present.component
),

explained as (
    select
        paired.*,
        case
            when paired.was_there and paired.is_there and paired.has_other_unit
                then 'changed_business_unit'
            when
                paired.was_there
                and paired.is_there
                and paired.closed_amount = paired.present_amount
                then 'unchanged'
            when (paired.was_there and paired.is_there) or paired.job_id = -1
                then case paired.component
                    when 'revenue' then 'changed_revenue'
                    when 'overhead' then 'changed_overhead'
                    else 'changed_cost'
                end
            when paired.was_there and jobs.job_id is null then 'deleted_job'
            when paired.was_there and not jobs.is_completed then 'reopened_job'
            when paired.is_there and coalesce(jobs.created_at > paired.known_until_at, true)
                then 'late_job'
            else 'moved_job_completion'
        end as cause
    from paired
    left join jobs
        on
            paired.tenant_id = jobs.tenant_id
            and paired.job_id = jobs.job_id
),

sides as (
    select
        tenant_id,
        month,
        closed_business_unit_id as business_unit_id,
        component,
        cause,
        job_id,
        closed_amount as as_closed_amount,
        0 as restated_amount
    from explained
    where was_there
    union all
    select
        tenant_id,
        month,
        present_business_unit_id as business_unit_id,
        component,
        cause,
        job_id,
        0 as as_closed_amount,
        present_amount as restated_amount
    from explained
    where is_there
),

summed as (
    select
        tenant_id,
        month,
        business_unit_id,
        component,
        cause,
        count(distinct job_id) as job_count,
        sum(as_closed_amount) as as_closed_amount,
        sum(restated_amount) as restated_amount
    from sides
    group by tenant_id, month, business_unit_id, component, cause
),

final as (
    select
        {{ surrogate_key([
            'summed.tenant_id', 'summed.month', 'summed.business_unit_id', 'summed.component',
            'summed.cause'
        ]) }} as fct_profit_restatements_key,
        summed.tenant_id,
        summed.month,
        summed.business_unit_id,
        summed.component,
        summed.cause,
        periods.closed_at,
        periods.closed_as_of_date,
        summed.job_count,
        cast(summed.as_closed_amount as numeric(18, 2)) as as_closed_amount,
        cast(summed.restated_amount as numeric(18, 2)) as restated_amount,
        cast(summed.restated_amount - summed.as_closed_amount as numeric(18, 2)) as delta_amount
    from summed
    inner join periods
        on
            summed.tenant_id = periods.tenant_id
            and summed.month = periods.month
)

select * from final

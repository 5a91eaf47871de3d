with

cost_entries as (
    select * from {{ ref('int_cost_entries') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        revenue_amount
    from {{ ref('int_jobs__enriched') }}
),

costs as (
    select
        tenant_id,
        job_id,
        coalesce(sum(amount) filter (where cost_group = 'labor'), 0) as labor_cost,
        coalesce(sum(amount) filter (where cost_group = 'incentive'), 0) as incentive_cost,
        coalesce(sum(amount) filter (where cost_group = 'burden'), 0) as burden_cost,
        coalesce(sum(amount) filter (where cost_group = 'material'), 0) as material_cost,
        coalesce(sum(amount) filter (where cost_group = 'equipment'), 0) as equipment_cost,
        coalesce(sum(amount) filter (where cost_group = 'other'), 0) as other_cost,
        sum(amount) as direct_cost
    from cost_entries
    where job_id is not null
    group by tenant_id, job_id
),

final as (
    select
        coalesce(jobs.tenant_id, costs.tenant_id) as tenant_id,
        coalesce(jobs.job_id, costs.job_id) as job_id,
        cast(coalesce(costs.labor_cost, 0) as numeric(18, 2)) as labor_cost,
        cast(coalesce(costs.incentive_cost, 0) as numeric(18, 2)) as incentive_cost,
        cast(coalesce(costs.burden_cost, 0) as numeric(18, 2)) as burden_cost,
        cast(coalesce(costs.material_cost, 0) as numeric(18, 2)) as material_cost,
        cast(coalesce(costs.equipment_cost, 0) as numeric(18, 2)) as equipment_cost,
        cast(coalesce(costs.other_cost, 0) as numeric(18, 2)) as other_cost,
        cast(coalesce(costs.direct_cost, 0) as numeric(18, 2)) as direct_cost,
        cast(coalesce(jobs.revenue_amount, 0) as numeric(18, 2)) as revenue_amount,
        cast(coalesce(jobs.revenue_amount, 0) - coalesce(costs.direct_cost, 0) as numeric(18, 2))
            as gross_profit
    from jobs
    full outer join costs
        on
            jobs.tenant_id = costs.tenant_id
            and jobs.job_id = costs.job_id
    where costs.job_id is not null or jobs.revenue_amount <> 0
)

select * from final

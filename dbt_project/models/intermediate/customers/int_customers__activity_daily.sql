with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

revenue_lines as (
    select
        tenant_id,
        customer_id,
        revenue_date,
        revenue_amount
    from {{ ref('int_revenue_lines') }}
    where is_recognised and revenue_amount <> 0
),

jobs as (
    select
        tenant_id,
        job_id,
        customer_id,
        completed_on_local,
        revenue_amount
    from {{ ref('int_jobs__enriched') }}
    where is_completed
),

job_costs as (
    select
        tenant_id,
        job_id,
        direct_cost
    from {{ ref('int_jobs__costs') }}
),

movements as (
    select
        tenant_id,
        customer_id,
        revenue_date as activity_date,
        revenue_amount,
        0 as direct_cost,
        0 as completed_job_count,
        0 as revenue_job_count
    from revenue_lines
    union all
    select
        jobs.tenant_id,
        jobs.customer_id,
        jobs.completed_on_local as activity_date,
        0 as revenue_amount,
        coalesce(job_costs.direct_cost, 0) as direct_cost,
        1 as completed_job_count,
        case when jobs.revenue_amount > 0 then 1 else 0 end as revenue_job_count
    from jobs
    left join job_costs
        on
            jobs.tenant_id = job_costs.tenant_id
            and jobs.job_id = job_costs.job_id
),

final as (
    select
        movements.tenant_id,
        movements.customer_id,
        movements.activity_date,
        cast(sum(movements.revenue_amount) as numeric(18, 2)) as revenue_amount,
        cast(sum(movements.direct_cost) as numeric(18, 2)) as direct_cost,
        cast(sum(movements.completed_job_count) as integer) as completed_job_count,
        cast(sum(movements.revenue_job_count) as integer) as revenue_job_count
    from movements
    inner join tenants on movements.tenant_id = tenants.tenant_id
    where
        movements.customer_id is not null
        and movements.activity_date <= tenants.as_of_date
    group by movements.tenant_id, movements.customer_id, movements.activity_date
)

select * from final

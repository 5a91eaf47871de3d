with

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
    where is_recognised and revenue_amount <> 0 and customer_id is not null
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
    where is_completed and customer_id is not null
),

job_costs as (
    select * from {{ ref('int_jobs__costs') }}
),

movements as (
    select
        tenant_id,
        customer_id,
        revenue_date as movement_date,
        revenue_amount,
        0 as direct_cost
    from revenue_lines
    union all
    select
        jobs.tenant_id,
        jobs.customer_id,
        jobs.completed_on_local as movement_date,
        0 as revenue_amount,
        job_costs.direct_cost
    from job_costs
    inner join jobs
        on
            job_costs.tenant_id = jobs.tenant_id
            and job_costs.job_id = jobs.job_id
),

final as (
    select
        tenant_id,
        customer_id,
        movement_date,
        cast(sum(revenue_amount) as numeric(18, 2)) as revenue_amount,
        cast(sum(direct_cost) as numeric(18, 2)) as direct_cost,
        cast(sum(revenue_amount) - sum(direct_cost) as numeric(18, 2)) as gross_profit
    from movements
    where movement_date is not null
    group by tenant_id, customer_id, movement_date
)

select * from final

{#
  The technicians of a job have its revenue, each of its costs and its overhead among them, to the cent; what a recall
  charges is what it relieves, and that is its direct cost.
#}
with

technicians as (
    select
        tenant_id,
        job_id,
        sum(revenue_amount) as revenue_amount,
        sum(labor_cost) as labor_cost,
        sum(incentive_cost) as incentive_cost,
        sum(burden_cost) as burden_cost,
        sum(material_cost) as material_cost,
        sum(equipment_cost) as equipment_cost,
        sum(other_cost) as other_cost,
        sum(overhead_allocated) as overhead_allocated,
        sum(callback_charged) as callback_charged,
        sum(callback_relieved) as callback_relieved,
        sum(job_profit) as job_profit,
        bool_or(is_recall) as is_recall
    from {{ ref('fct_technician_jobs') }}
    group by tenant_id, job_id
),

jobs as (
    select * from {{ ref('fct_job_profitability') }}
    where job_id <> -1
)

select
    coalesce(jobs.tenant_id, technicians.tenant_id) as tenant_id,
    coalesce(jobs.job_id, technicians.job_id) as job_id,
    jobs.revenue_amount,
    technicians.revenue_amount as technicians_revenue_amount,
    jobs.direct_cost,
    technicians.callback_charged,
    technicians.callback_relieved
from jobs
full outer join technicians
    on
        jobs.tenant_id = technicians.tenant_id
        and jobs.job_id = technicians.job_id
where
    (
        jobs.revenue_amount = technicians.revenue_amount
        and jobs.labor_cost = technicians.labor_cost
        and jobs.incentive_cost = technicians.incentive_cost
        and jobs.burden_cost = technicians.burden_cost
        and jobs.material_cost = technicians.material_cost
        and jobs.equipment_cost = technicians.equipment_cost
        and jobs.other_cost = technicians.other_cost
        and jobs.overhead_allocated = technicians.overhead_allocated
        and jobs.net_profit = technicians.job_profit
        and technicians.callback_charged = technicians.callback_relieved
        and technicians.callback_charged
        = case when technicians.is_recall then greatest(jobs.direct_cost, 0) else 0 end
    ) is not true

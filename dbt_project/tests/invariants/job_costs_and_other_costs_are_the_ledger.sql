{#
  What completed jobs cost, column by column, is what the ledger has for them; with the costs of other jobs and of no job
  that is all of the ledger but overhead. Pay is counted again from staging, so that the ledger cannot lose it.
#}
with

completed_jobs as (
    select
        tenant_id,
        job_id
    from {{ ref('stg_servicetitan__jobs') }}
    where not is_deleted and job_status = 'Completed'
),

entries as (
    select
        cost_entries.tenant_id,
        cost_entries.cost_group,
        cost_entries.source,
        cost_entries.amount,
        completed_jobs.job_id is not null as is_of_completed_job
    from {{ ref('int_cost_entries') }} as cost_entries
    left join completed_jobs
        on
            cost_entries.tenant_id = completed_jobs.tenant_id
            and cost_entries.job_id = completed_jobs.job_id
    where cost_entries.cost_type <> 'overhead'
),

expected as (
    select
        tenant_id,
        'jobs: ' || cost_group as part,
        sum(amount) as amount
    from entries
    where is_of_completed_job
    group by tenant_id, cost_group
    union all
    select
        tenant_id,
        'ledger without overhead' as part,
        sum(amount) as amount
    from entries
    group by tenant_id
    union all
    select
        tenant_id,
        'pay' as part,
        sum(coalesce(amount, 0) + coalesce(adjustment_amount, 0)) as amount
    from {{ ref('stg_servicetitan__gross_pay_items') }}
    where is_active
    group by tenant_id
),

job_profits as (
    select
        job_profitability.tenant_id,
        cost_groups.cost_group,
        cost_groups.amount
    from {{ ref('fct_job_profitability') }} as job_profitability
    cross join
        lateral (
            values
            ('labor', job_profitability.labor_cost),
            ('incentive', job_profitability.incentive_cost),
            ('burden', job_profitability.burden_cost),
            ('material', job_profitability.material_cost),
            ('equipment', job_profitability.equipment_cost),
            ('other', job_profitability.other_cost)
        ) as cost_groups (cost_group, amount)
),

everything as (
    select
        tenant_id,
        direct_cost as amount
    from {{ ref('fct_job_profitability') }}
    union all
    select
        tenant_id,
        amount
    from entries
    where not is_of_completed_job
),

actual as (
    select
        tenant_id,
        'jobs: ' || cost_group as part,
        sum(amount) as amount
    from job_profits
    group by tenant_id, cost_group
    union all
    select
        tenant_id,
        'ledger without overhead' as part,
        sum(amount) as amount
    from everything
    group by tenant_id
    union all
    select
        tenant_id,
        'pay' as part,
        sum(amount) as amount
    from entries
    where source = 'gross_pay'
    group by tenant_id
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.part, actual.part) as part,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.part = actual.part
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

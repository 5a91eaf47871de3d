{#
  Every job with an active estimate that is no change order is one opportunity, and what it sold is the subtotals of
  the job's active sold estimates, counted again from staging; so is what each estimate sold.
#}
with

estimates as (
    select
        tenant_id,
        estimate_id,
        job_id,
        is_change_order,
        is_active,
        case
            when is_active and estimate_status = 'Sold' then coalesce(subtotal_amount, 0)
            else 0
        end as sold_amount
    from {{ ref('stg_servicetitan__estimates') }}
    where not is_deleted
),

expected as (
    select
        estimates.tenant_id,
        estimates.job_id,
        sum(estimates.sold_amount) as sold_amount
    from estimates
    inner join {{ ref('int_jobs__enriched') }} as jobs
        on
            estimates.tenant_id = jobs.tenant_id
            and estimates.job_id = jobs.job_id
    where estimates.is_active
    group by estimates.tenant_id, estimates.job_id
    having bool_or(not estimates.is_change_order)
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.job_id, actual.job_id) as job_id,
    cast(null as bigint) as estimate_id,
    expected.sold_amount as expected_amount,
    actual.sold_amount as actual_amount
from expected
full outer join {{ ref('fct_sales_opportunities') }} as actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.job_id = actual.job_id
where expected.sold_amount is distinct from actual.sold_amount
union all
select
    coalesce(estimates.tenant_id, actual.tenant_id) as tenant_id,
    estimates.job_id,
    coalesce(estimates.estimate_id, actual.estimate_id) as estimate_id,
    estimates.sold_amount as expected_amount,
    actual.sold_amount as actual_amount
from estimates
full outer join {{ ref('fct_estimates') }} as actual
    on
        estimates.tenant_id = actual.tenant_id
        and estimates.estimate_id = actual.estimate_id
where estimates.sold_amount is distinct from actual.sold_amount

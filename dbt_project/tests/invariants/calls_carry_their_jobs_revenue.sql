{#
  Every active call is a row, refreshed or not, and the revenue on it is that of its job today: jobs change after their
  calls.
#}
with

calls as (
    select
        tenant_id,
        call_id
    from {{ ref('stg_servicetitan__calls') }}
    where is_active
)

select
    coalesce(calls.tenant_id, known.tenant_id) as tenant_id,
    coalesce(calls.call_id, known.call_id) as call_id,
    known.job_revenue_amount as actual_amount,
    jobs.revenue_amount as expected_amount
from calls
full outer join {{ ref('fct_calls') }} as known
    on
        calls.tenant_id = known.tenant_id
        and calls.call_id = known.call_id
left join {{ ref('int_jobs__enriched') }} as jobs
    on
        known.tenant_id = jobs.tenant_id
        and known.job_id = jobs.job_id
where
    calls.call_id is null
    or known.call_id is null
    or known.job_revenue_amount is distinct from jobs.revenue_amount

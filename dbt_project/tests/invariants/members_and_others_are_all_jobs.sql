{# Jobs of members and of others are all completed jobs, and so is their revenue, month by month. #}
with

expected as (
    select
        jobs.tenant_id,
        cast(date_trunc('month', jobs.completed_on_local) as date) as month,
        count(*) as job_count,
        sum(jobs.revenue_amount) as revenue
    from {{ ref('int_jobs__enriched') }} as jobs
    inner join {{ ref('int_tenants') }} as tenants on jobs.tenant_id = tenants.tenant_id
    where jobs.is_completed and jobs.completed_on_local <= tenants.as_of_date
    group by jobs.tenant_id, cast(date_trunc('month', jobs.completed_on_local) as date)
),

actual as (
    select
        tenant_id,
        month,
        sum(jobs) as job_count,
        sum(revenue) as revenue
    from {{ ref('fct_member_value_comparison') }}
    group by tenant_id, month
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.month, actual.month) as month,
    expected.job_count as expected_jobs,
    actual.job_count as actual_jobs,
    expected.revenue as expected_revenue,
    actual.revenue as actual_revenue
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.month = actual.month
where
    coalesce(expected.job_count, 0) <> coalesce(actual.job_count, 0)
    or coalesce(expected.revenue, 0) <> coalesce(actual.revenue, 0)

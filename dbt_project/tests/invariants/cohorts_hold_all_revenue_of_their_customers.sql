{#
  The cohorts together brought in what their customers did, counted again from the revenue mart: every line up to
  as_of_date of a customer who has had a completed job with revenue. Each cohort ends with its total.
#}
with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

members as (
    select
        jobs.tenant_id,
        jobs.customer_id,
        cast(date_trunc('month', min(jobs.completed_on_local)) as date) as cohort_month
    from {{ ref('int_jobs__enriched') }} as jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    where
        jobs.is_completed
        and jobs.revenue_amount > 0
        and jobs.completed_on_local <= tenants.as_of_date
    group by jobs.tenant_id, jobs.customer_id
),

expected as (
    select
        members.tenant_id,
        members.cohort_month,
        count(distinct members.customer_id) as cohort_size,
        sum(revenue.revenue_amount) as amount
    from members
    inner join tenants on members.tenant_id = tenants.tenant_id
    left join {{ ref('fct_revenue') }} as revenue
        on
            members.tenant_id = revenue.tenant_id
            and members.customer_id = revenue.customer_id
            and tenants.as_of_date >= revenue.revenue_date
    group by members.tenant_id, members.cohort_month
),

actual as (
    select
        tenant_id,
        cohort_month,
        max(cohort_size) as cohort_size,
        sum(revenue_amount) as amount,
        (array_agg(cumulative_revenue_amount order by month_number desc))[1] as final_amount
    from {{ ref('fct_customer_cohorts') }}
    group by tenant_id, cohort_month
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.cohort_month, actual.cohort_month) as cohort_month,
    expected.cohort_size as expected_size,
    actual.cohort_size as actual_size,
    expected.amount as expected_amount,
    actual.amount as actual_amount,
    actual.final_amount as final_cumulative_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.cohort_month = actual.cohort_month
where
    coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)
    or coalesce(actual.amount, 0) <> coalesce(actual.final_amount, 0)
    or expected.cohort_size is distinct from actual.cohort_size

{# Every cohort has a row for each month from its first to that of as_of_date, and none beyond. #}
with

cohorts as (
    select
        cohorts.tenant_id,
        cohorts.cohort_month,
        count(*) as month_count,
        min(cohorts.month_number) as first_number,
        max(cohorts.activity_month) as last_month,
        tenants.as_of_date
    from {{ ref('fct_customer_cohorts') }} as cohorts
    inner join {{ ref('int_tenants') }} as tenants on cohorts.tenant_id = tenants.tenant_id
    group by cohorts.tenant_id, cohorts.cohort_month, tenants.as_of_date
)

select *
from cohorts
where
    first_number <> 0
    or last_month <> date_trunc('month', as_of_date)
    or month_count
    <> 1
    + 12 * (extract(year from as_of_date) - extract(year from cohort_month))
    + extract(month from as_of_date) - extract(month from cohort_month)

{#
  Every customer who ever began a membership is in one cohort, every cohort has a row for each month until as_of_date, and
  no row lies beyond it.
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
        tenant_id,
        count(distinct customer_id) as member_count
    from {{ ref('fct_membership_timeline') }}
    group by tenant_id
),

cohorts as (
    select
        tenant_id,
        cohort_month,
        max(size) as size,
        count(*) as row_count,
        max(months_since) as last_months_since,
        max(month) as last_month
    from {{ ref('fct_membership_cohorts') }}
    group by tenant_id, cohort_month
),

sizes as (
    select
        tenant_id,
        sum(size) as size
    from cohorts
    group by tenant_id
)

select
    members.tenant_id,
    null as cohort_month,
    members.member_count as expected,
    sizes.size as actual
from members
left join sizes on members.tenant_id = sizes.tenant_id
where members.member_count <> coalesce(sizes.size, 0)
union all
select
    cohorts.tenant_id,
    cohorts.cohort_month,
    cohorts.last_months_since + 1 as expected,
    cohorts.row_count as actual
from cohorts
inner join tenants on cohorts.tenant_id = tenants.tenant_id
where
    cohorts.row_count <> cohorts.last_months_since + 1
    or cohorts.last_month <> cast(date_trunc('month', tenants.as_of_date) as date)

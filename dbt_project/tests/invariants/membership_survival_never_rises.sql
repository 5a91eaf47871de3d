{#
  Along the tenure, and along the months of a cohort, survival never rises; it lies between 0 and 1, and nobody has survived
  who is not active.
#}
with

by_tenure as (
    select
        tenant_id,
        membership_type as series,
        tenure_months as step,
        survival,
        lag(survival) over (
            partition by tenant_id, membership_type order by tenure_months
        ) as survival_before
    from {{ ref('fct_membership_survival') }}
),

by_cohort as (
    select
        tenant_id,
        cast(cohort_month as text) as series,
        months_since as step,
        survival_rate as survival,
        lag(survival_rate) over (
            partition by tenant_id, cohort_month order by months_since
        ) as survival_before,
        active_count,
        surviving_count
    from {{ ref('fct_membership_cohorts') }}
)

select
    tenant_id,
    series,
    step,
    survival,
    survival_before
from by_tenure
where survival > survival_before or survival not between 0 and 1
union all
select
    tenant_id,
    series,
    step,
    survival,
    survival_before
from by_cohort
where
    survival > survival_before
    or survival not between 0 and 1
    or active_count < surviving_count

{#
  A month closes with what it opened with and what moved, and opens with what the month before closed with. A month that is
  missing closes with nothing.
#}
with

months as (
    select * from {{ ref('fct_membership_monthly') }}
),

last_months as (
    select
        tenant_id,
        cast(date_trunc('month', as_of_date) as date) as month
    from {{ ref('int_tenants') }}
),

next_months as (
    select
        coalesce(earlier.tenant_id, later.tenant_id) as tenant_id,
        coalesce(earlier.customer_id, later.customer_id) as customer_id,
        coalesce(later.month, cast(earlier.month + interval '1 month' as date)) as month,
        coalesce(earlier.closing_mrr, 0) as expected_mrr,
        coalesce(later.opening_mrr, 0) as actual_mrr
    from months as earlier
    full outer join months as later
        on
            earlier.tenant_id = later.tenant_id
            and earlier.customer_id = later.customer_id
            and cast(earlier.month + interval '1 month' as date) = later.month
)

select
    tenant_id,
    customer_id,
    month,
    opening_mrr
    + new_mrr
    + reactivation_mrr
    + expansion_mrr
    - contraction_mrr
    - churn_mrr as expected_mrr,
    closing_mrr as actual_mrr,
    'the movements do not lead to the closing value' as what
from months
where
    closing_mrr
    <> opening_mrr
    + new_mrr
    + reactivation_mrr
    + expansion_mrr
    - contraction_mrr
    - churn_mrr
union all
select
    next_months.tenant_id,
    next_months.customer_id,
    next_months.month,
    next_months.expected_mrr,
    next_months.actual_mrr,
    'the month does not open with what the one before closed with' as what
from next_months
inner join last_months on next_months.tenant_id = last_months.tenant_id
where
    next_months.expected_mrr <> next_months.actual_mrr
    and next_months.month <= last_months.month

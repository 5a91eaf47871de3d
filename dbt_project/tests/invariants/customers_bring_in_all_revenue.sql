{#
  What the customers have brought in up to as_of_date is the revenue mart, tenant by tenant, as far as it knows whose
  it is.
#}
with

expected as (
    select
        revenue.tenant_id,
        sum(revenue.revenue_amount) as amount
    from {{ ref('fct_revenue') }} as revenue
    inner join {{ ref('int_tenants') }} as tenants on revenue.tenant_id = tenants.tenant_id
    where revenue.customer_id is not null and revenue.revenue_date <= tenants.as_of_date
    group by revenue.tenant_id
),

actual as (
    select
        tenant_id,
        sum(revenue_amount) as amount
    from {{ ref('fct_customer_ltv') }}
    group by tenant_id
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual on expected.tenant_id = actual.tenant_id
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

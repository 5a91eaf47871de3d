{# All areas together, out_of_area among them, have the revenue of the mart, month by month. #}
with

expected as (
    select
        tenant_id,
        cast(date_trunc('month', revenue_date) as date) as area_month,
        sum(revenue_amount) as amount
    from {{ ref('fct_revenue') }}
    group by tenant_id, cast(date_trunc('month', revenue_date) as date)
),

actual as (
    select
        tenant_id,
        area_month,
        sum(revenue_amount) as amount
    from {{ ref('fct_area_monthly') }}
    group by tenant_id, area_month
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.area_month, actual.area_month) as area_month,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.area_month = actual.area_month
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

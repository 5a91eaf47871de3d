{# Every cent of the overhead seed is in the month it is for, on jobs or on job -1. #}
with

expected as (
    select
        tenant_id,
        cast(date_trunc('month', month) as date) as completed_month,
        sum(amount) as amount
    from {{ ref('overhead_monthly') }}
    group by tenant_id, cast(date_trunc('month', month) as date)
),

actual as (
    select
        tenant_id,
        completed_month,
        sum(overhead_allocated) as amount
    from {{ ref('fct_job_profitability') }}
    group by tenant_id, completed_month
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.completed_month, actual.completed_month) as completed_month,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.completed_month = actual.completed_month
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

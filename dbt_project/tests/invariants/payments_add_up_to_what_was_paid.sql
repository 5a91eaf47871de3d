{#
  The rows of a payment, applied and not, come to its total; no payment made by as_of_date is missing.
#}
with

tenants as (
    select
        tenant_id,
        timezone,
        as_of_date
    from {{ ref('int_tenants') }}
),

expected as (
    select
        payments.tenant_id,
        payments.payment_id,
        payments.total_amount as amount
    from {{ ref('stg_servicetitan__payments') }} as payments
    inner join tenants on payments.tenant_id = tenants.tenant_id
    where
        payments.is_active
        and coalesce(
            payments.payment_date, {{ local_date('payments.created_at', 'tenants.timezone') }}
        ) <= tenants.as_of_date
),

actual as (
    select
        tenant_id,
        payment_id,
        sum(amount) as amount
    from {{ ref('fct_payments') }}
    group by tenant_id, payment_id
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.payment_id, actual.payment_id) as payment_id,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.payment_id = actual.payment_id
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

{#
  What was billed less what was recognised is what stands on liability accounts by as_of_date, lines on invoices of
  cancellations aside.
#}
with

cancelling_invoices as (
    select
        memberships.tenant_id,
        invoices.invoice_id
    from {{ ref('stg_servicetitan__memberships') }} as memberships
    inner join {{ ref('int_tenants') }} as tenants
        on
            memberships.tenant_id = tenants.tenant_id
            and memberships.cancellation_date <= tenants.as_of_date
    inner join {{ ref('int_invoices__rooted') }} as invoices
        on
            memberships.tenant_id = invoices.tenant_id
            and invoices.invoice_id in (
                memberships.cancellation_invoice_id, memberships.cancellation_balance_invoice_id
            )
),

expected as (
    select
        revenue_lines.tenant_id,
        sum(revenue_lines.line_amount) as amount
    from {{ ref('int_revenue_lines') }} as revenue_lines
    inner join {{ ref('int_tenants') }} as tenants on revenue_lines.tenant_id = tenants.tenant_id
    where
        revenue_lines.is_recognised
        and lower(revenue_lines.gl_account_type) like '%liability%'
        and revenue_lines.revenue_date <= tenants.as_of_date
        and (revenue_lines.tenant_id, revenue_lines.invoice_id) not in (
            select
                cancelling_invoices.tenant_id,
                cancelling_invoices.invoice_id
            from cancelling_invoices
        )
    group by revenue_lines.tenant_id
),

actual as (
    select
        tenant_id,
        sum(billed_amount - recognised_amount) as amount
    from {{ ref('fct_deferred_revenue_monthly') }}
    group by tenant_id
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual on expected.tenant_id = actual.tenant_id
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

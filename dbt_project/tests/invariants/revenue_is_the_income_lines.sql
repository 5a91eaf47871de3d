{#
  The revenue mart holds exactly the income lines, counted again from staging without any of the models in between:
  active, chargeable lines of active invoices on an income account, jobs only once completed.
#}
with

invoices as (
    select
        tenant_id,
        invoice_id,
        job_id,
        adjustment_to_id
    from {{ ref('stg_servicetitan__invoices') }}
    where is_active and invoice_configuration is distinct from 'ARImportInvoice'
),

streamed as not materialized (
    select
        tenant_id,
        invoice_item_id,
        invoice_id,
        gl_account_id,
        gl_account_type,
        total_amount,
        is_active and is_chargeable is not false as is_counted
    from {{ ref('stg_servicetitan__invoice_items') }}
),

embedded as (
    select
        embedded_lines.tenant_id,
        embedded_lines.invoice_id,
        embedded_lines.gl_account_id,
        embedded_lines.gl_account_type,
        embedded_lines.total_amount,
        embedded_lines.is_active and embedded_lines.is_chargeable is not false as is_counted
    from {{ ref('stg_servicetitan__invoice_embedded_items') }} as embedded_lines
    left join streamed as of_the_invoice
        on
            embedded_lines.tenant_id = of_the_invoice.tenant_id
            and embedded_lines.invoice_id = of_the_invoice.invoice_id
    left join streamed as of_the_line
        on
            embedded_lines.tenant_id = of_the_line.tenant_id
            and embedded_lines.invoice_item_id = of_the_line.invoice_item_id
    where of_the_invoice.tenant_id is null and of_the_line.tenant_id is null
),

counted as (
    select
        tenant_id,
        invoice_id,
        gl_account_id,
        gl_account_type,
        total_amount
    from streamed
    where is_counted
    union all
    select
        tenant_id,
        invoice_id,
        gl_account_id,
        gl_account_type,
        total_amount
    from embedded
    where is_counted
),

expected as (
    select
        counted.tenant_id,
        sum(counted.total_amount) as amount
    from counted
    inner join invoices
        on
            counted.tenant_id = invoices.tenant_id
            and counted.invoice_id = invoices.invoice_id
    left join {{ ref('stg_servicetitan__jobs') }} as jobs
        on
            invoices.tenant_id = jobs.tenant_id
            and invoices.job_id = jobs.job_id
    left join {{ ref('gl_overrides') }} as gl_overrides
        on
            counted.tenant_id = gl_overrides.tenant_id
            and counted.gl_account_id = gl_overrides.gl_account_id
    where
        coalesce(gl_overrides.gl_account_type, counted.gl_account_type)
        in ({{ text_literals(var('income_gl_types')) }})
        and (
            invoices.adjustment_to_id is not null
            or invoices.job_id is null
            or jobs.job_status = 'Completed'
        )
    group by counted.tenant_id
),

actual as (
    select
        tenant_id,
        sum(revenue_amount) as amount
    from {{ ref('fct_revenue') }}
    group by tenant_id
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    expected.amount as expected_amount,
    actual.amount as actual_amount
from expected
full outer join actual on expected.tenant_id = actual.tenant_id
where coalesce(expected.amount, 0) <> coalesce(actual.amount, 0)

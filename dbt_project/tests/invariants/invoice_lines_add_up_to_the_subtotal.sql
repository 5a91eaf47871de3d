{#
  Income, other accounts and unmapped lines of an invoice come to its subtotal, to the cent. Asked after the mart is
  built, so that one odd invoice is reported and does not keep everybody's revenue from being refreshed.
#}
-- depends_on: {{ ref('fct_revenue') }}
with

line_sums as (
    select
        tenant_id,
        invoice_id,
        sum(revenue_amount + non_income_amount + unmapped_amount) as amount
    from {{ ref('int_revenue_lines') }}
    group by tenant_id, invoice_id
),

invoices as (
    select
        tenant_id,
        invoice_id,
        sub_total_amount
    from {{ ref('int_invoices__rooted') }}
    where is_active and invoice_configuration is distinct from 'ARImportInvoice'
)

select
    invoices.tenant_id,
    invoices.invoice_id,
    invoices.sub_total_amount,
    line_sums.amount as line_amount
from invoices
left join line_sums
    on
        invoices.tenant_id = line_sums.tenant_id
        and invoices.invoice_id = line_sums.invoice_id
where abs(coalesce(invoices.sub_total_amount, 0) - coalesce(line_sums.amount, 0)) > 0.01

with

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
),

invoices as (
    select * from {{ ref('int_invoices__rooted') }}
),

estimates as (
    select * from {{ ref('stg_servicetitan__estimates') }}
),

amounts as (
    select
        tenant_id,
        job_id,
        sum(revenue_amount) as revenue_amount,
        coalesce(sum(revenue_amount) filter (where revenue_kind <> 'adjustment'), 0)
            as original_revenue,
        0 as invoice_subtotal,
        sum(sold_hours) as sold_hours,
        0 as sold_estimate_amount
    from revenue_lines
    where is_recognised and job_id is not null
    group by tenant_id, job_id
    union all
    select
        tenant_id,
        job_id,
        0 as revenue_amount,
        0 as original_revenue,
        coalesce(sum(sub_total_amount), 0) as invoice_subtotal,
        0 as sold_hours,
        0 as sold_estimate_amount
    from invoices
    where
        is_active
        and job_id is not null
        and invoice_configuration is distinct from 'ARImportInvoice'
    group by tenant_id, job_id
    union all
    select
        tenant_id,
        job_id,
        0 as revenue_amount,
        0 as original_revenue,
        0 as invoice_subtotal,
        0 as sold_hours,
        coalesce(sum(subtotal_amount), 0) as sold_estimate_amount
    from estimates
    where is_active and job_id is not null and estimate_status = 'Sold'
    group by tenant_id, job_id
),

final as (
    select
        tenant_id,
        job_id,
        cast(sum(revenue_amount) as numeric(18, 2)) as revenue_amount,
        cast(sum(original_revenue) as numeric(18, 2)) as original_revenue,
        cast(sum(invoice_subtotal) as numeric(18, 2)) as invoice_subtotal,
        cast(sum(sold_hours) as numeric(12, 4)) as sold_hours,
        cast(sum(sold_estimate_amount) as numeric(18, 2)) as sold_estimate_amount
    from amounts
    group by tenant_id, job_id
)

select * from final

with

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
),

final as (
    select
        tenant_id,
        invoice_item_id,
        invoice_id,
        root_invoice_id,
        job_id,
        project_id,
        customer_id,
        location_id,
        membership_id,
        business_unit_id,
        sku_id,
        gl_account_id,
        technician_id,
        revenue_kind,
        revenue_date,
        invoice_date,
        item_type,
        gl_account_type,
        revenue_amount,
        non_income_amount,
        unmapped_amount,
        sold_hours
    from revenue_lines
    where is_recognised
)

select * from final

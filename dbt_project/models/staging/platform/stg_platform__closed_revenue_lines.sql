with

source as (
    select * from {{ source('platform', 'closed_revenue_lines') }}
),

final as (
    select
        close_id,
        tenant_id,
        month,
        invoice_item_id,
        invoice_id,
        job_id,
        business_unit_id,
        revenue_kind,
        revenue_date,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount
    from source
)

select * from final

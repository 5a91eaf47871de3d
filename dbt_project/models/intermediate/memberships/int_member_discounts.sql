with

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

revenue_lines as (
    select
        tenant_id,
        invoice_item_id,
        job_id,
        sku_id,
        item_type,
        invoice_date,
        quantity
    from {{ ref('int_revenue_lines') }}
    where is_recognised and job_id is not null
),

invoice_items as (
    select
        tenant_id,
        invoice_item_id,
        unit_price,
        unit_member_price
    from {{ ref('stg_servicetitan__invoice_items') }}
    where unit_price <= unit_member_price
),

price_book as (
    select * from {{ ref('snap_pricebook') }}
),

-- A price holds from the day it was set on; of two prices on one day the later one.
list_prices as (
    select
        price_book.tenant_id,
        price_book.item_type,
        price_book.sku_id,
        price_book.unit_price,
        {{ local_date("(price_book.dbt_valid_from at time zone 'UTC')", 'tenants.timezone') }}
            as valid_from,
        {{ local_date("(price_book.dbt_valid_to at time zone 'UTC')", 'tenants.timezone') }}
            as valid_to
    from price_book
    inner join tenants on price_book.tenant_id = tenants.tenant_id
),

final as (
    select
        revenue_lines.tenant_id,
        revenue_lines.invoice_item_id,
        revenue_lines.job_id,
        revenue_lines.invoice_date,
        list_prices.unit_price as list_price,
        invoice_items.unit_price,
        revenue_lines.quantity,
        cast(
            (list_prices.unit_price - invoice_items.unit_price) * revenue_lines.quantity
            as numeric(18, 2)
        ) as discount_amount
    from revenue_lines
    inner join invoice_items
        on
            revenue_lines.tenant_id = invoice_items.tenant_id
            and revenue_lines.invoice_item_id = invoice_items.invoice_item_id
    inner join list_prices
        on
            revenue_lines.tenant_id = list_prices.tenant_id
            and revenue_lines.item_type = list_prices.item_type
            and revenue_lines.sku_id = list_prices.sku_id
            and revenue_lines.invoice_date >= list_prices.valid_from
            and revenue_lines.invoice_date < coalesce(list_prices.valid_to, 'infinity')
)

select * from final

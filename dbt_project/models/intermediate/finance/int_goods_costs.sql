with

purchase_lines as (
    select * from {{ ref('int_purchase_lines') }}
),

invoices as (
    select
        tenant_id,
        invoice_id,
        job_id,
        business_unit_id,
        invoice_date
    from {{ ref('int_invoices__rooted') }}
    where is_active and invoice_configuration is distinct from 'ARImportInvoice'
),

streamed_items as not materialized (
    select * from {{ ref('stg_servicetitan__invoice_items') }}
),

embedded_items as (
    select * from {{ ref('stg_servicetitan__invoice_embedded_items') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        business_unit_id
    from {{ ref('stg_servicetitan__jobs') }}
),

-- Materials that a service uses up are lines that are not charged for, and cost all the same. The
-- cost of a service line itself is an estimate of labor, which the ledger has from pay.
items as (
    select
        tenant_id,
        invoice_item_id,
        invoice_id,
        business_unit_id,
        sku_id,
        item_type,
        coalesce(total_cost_amount, round(quantity * unit_cost, 2)) as cost_amount
    from streamed_items
    where is_active and item_type in ('Material', 'Equipment')
    union all
    select
        embedded_items.tenant_id,
        embedded_items.invoice_item_id,
        embedded_items.invoice_id,
        embedded_items.business_unit_id,
        embedded_items.sku_id,
        embedded_items.item_type,
        embedded_items.total_cost_amount as cost_amount
    from embedded_items
    where
        embedded_items.is_active
        and embedded_items.item_type in ('Material', 'Equipment')
        and not exists (
            select 1
            from streamed_items
            where
                streamed_items.tenant_id = embedded_items.tenant_id
                and streamed_items.invoice_id = embedded_items.invoice_id
        )
        and not exists (
            select 1
            from streamed_items
            where
                streamed_items.tenant_id = embedded_items.tenant_id
                and streamed_items.invoice_item_id = embedded_items.invoice_item_id
        )
),

-- A bill, a receipt, a purchase order and an invoice line tell the same cost: the lowest rank that
-- a job has for a price book item is the one that counts. Returns take off what was bought.
candidates as (
    {%- if var('material_cost_source') != 'invoice' %}
    select
        tenant_id,
        document_kind as source,
        coalesce(cast(line_id as text), document_kind || '-' || document_id) as source_id,
        case document_kind when 'bill' then 1 when 'receipt' then 2 else 3 end as source_rank,
        goods_type as cost_type,
        goods_type as cost_group,
        job_id,
        business_unit_id,
        purchased_date as cost_date,
        sku_id,
        line_amount + extras_amount as amount
    from purchase_lines
    where document_kind <> 'return'
    {%- endif %}
    {%- if var('material_cost_source') == 'hybrid' %}
    union all
    {%- endif %}
    {%- if var('material_cost_source') != 'purchases' %}
    select
        items.tenant_id,
        'invoice_item' as source,
        cast(items.invoice_item_id as text) as source_id,
        4 as source_rank,
        lower(items.item_type) as cost_type,
        lower(items.item_type) as cost_group,
        invoices.job_id,
        coalesce(items.business_unit_id, invoices.business_unit_id) as business_unit_id,
        invoices.invoice_date as cost_date,
        items.sku_id,
        coalesce(items.cost_amount, 0) as amount
    from items
    inner join invoices
        on
            items.tenant_id = invoices.tenant_id
            and items.invoice_id = invoices.invoice_id
    {%- endif %}
),

ranked as (
    select
        *,
        min(source_rank) over (partition by tenant_id, job_id, sku_id) as best_rank
    from candidates
),

chosen as (
    select
        tenant_id,
        source,
        source_id,
        cost_type,
        cost_group,
        job_id,
        business_unit_id,
        cost_date,
        sku_id,
        amount
    from ranked
    where source_rank = best_rank
    {%- if var('material_cost_source') != 'invoice' %}
    union all
    select
        tenant_id,
        'return' as source,
        coalesce(cast(line_id as text), document_kind || '-' || document_id) as source_id,
        'return' as cost_type,
        goods_type as cost_group,
        job_id,
        business_unit_id,
        purchased_date as cost_date,
        sku_id,
        -(line_amount + extras_amount) as amount
    from purchase_lines
    where document_kind = 'return'
    {%- endif %}
),

final as (
    select
        chosen.tenant_id,
        chosen.source,
        chosen.source_id,
        chosen.cost_type,
        chosen.cost_group,
        chosen.job_id,
        coalesce(jobs.business_unit_id, chosen.business_unit_id) as business_unit_id,
        chosen.cost_date,
        chosen.sku_id,
        cast(chosen.amount as numeric(18, 2)) as amount
    from chosen
    left join jobs
        on
            chosen.tenant_id = jobs.tenant_id
            and chosen.job_id = jobs.job_id
    where chosen.amount <> 0
)

select * from final

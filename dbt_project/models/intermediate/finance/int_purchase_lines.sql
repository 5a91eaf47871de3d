with

bills as (
    select * from {{ ref('stg_servicetitan__inventory_bills') }}
    where is_active
),

bill_items as (
    select * from {{ ref('stg_servicetitan__inventory_bill_items') }}
),

receipts as (
    select * from {{ ref('stg_servicetitan__inventory_receipts') }}
    where is_active
),

receipt_items as (
    select * from {{ ref('stg_servicetitan__inventory_receipt_items') }}
),

purchase_orders as (
    select * from {{ ref('stg_servicetitan__purchase_orders') }}
    where not is_deleted
),

purchase_order_items as (
    select * from {{ ref('stg_servicetitan__purchase_order_items') }}
),

goods_returns as (
    select * from {{ ref('stg_servicetitan__inventory_returns') }}
    where is_active and return_status in ('Returned', 'CreditReceived')
),

return_items as (
    select * from {{ ref('stg_servicetitan__inventory_return_items') }}
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

equipment as (
    select
        tenant_id,
        pricebook_equipment_id
    from {{ ref('stg_servicetitan__pricebook_equipment') }}
),

documents as (
    select
        bills.tenant_id,
        'bill' as document_kind,
        bills.inventory_bill_id as document_id,
        coalesce(bills.job_id, purchase_orders.job_id) as job_id,
        bills.business_unit_id,
        coalesce(bills.bill_date, bills.post_date) as calendar_date,
        bills.created_at as happened_at,
        coalesce(bills.tax_amount, 0)
        + coalesce(bills.shipping_amount, 0)
        + coalesce(bills.other_amount, 0) as document_extras
    from bills
    left join purchase_orders
        on
            bills.tenant_id = purchase_orders.tenant_id
            and bills.purchase_order_id = purchase_orders.purchase_order_id
    union all
    select
        receipts.tenant_id,
        'receipt' as document_kind,
        receipts.inventory_receipt_id as document_id,
        coalesce(receipts.job_id, purchase_orders.job_id) as job_id,
        receipts.business_unit_id,
        null as calendar_date,
        coalesce(receipts.received_at, receipts.created_at) as happened_at,
        coalesce(receipts.tax_amount, 0)
        + coalesce(receipts.shipping_amount, 0)
        + coalesce(receipts.other_amount, 0) as document_extras
    from receipts
    left join purchase_orders
        on
            receipts.tenant_id = purchase_orders.tenant_id
            and receipts.purchase_order_id = purchase_orders.purchase_order_id
    union all
    select
        tenant_id,
        'purchase_order' as document_kind,
        purchase_order_id as document_id,
        job_id,
        business_unit_id,
        ordered_date as calendar_date,
        created_at as happened_at,
        coalesce(tax_amount, 0) + coalesce(shipping_amount, 0) as document_extras
    from purchase_orders
    where purchase_order_status is distinct from 'Canceled'
    union all
    select
        goods_returns.tenant_id,
        'return' as document_kind,
        goods_returns.inventory_return_id as document_id,
        coalesce(goods_returns.job_id, purchase_orders.job_id) as job_id,
        goods_returns.business_unit_id,
        goods_returns.return_date as calendar_date,
        coalesce(goods_returns.returned_at, goods_returns.created_at) as happened_at,
        coalesce(goods_returns.tax_amount, 0)
        + coalesce(goods_returns.shipping_amount, 0) as document_extras
    from goods_returns
    left join purchase_orders
        on
            goods_returns.tenant_id = purchase_orders.tenant_id
            and goods_returns.purchase_order_id = purchase_orders.purchase_order_id
),

items as (
    select
        tenant_id,
        'bill' as document_kind,
        inventory_bill_id as document_id,
        inventory_bill_item_id as line_id,
        sku_id,
        sku_type,
        quantity,
        unit_cost
    from bill_items
    union all
    select
        tenant_id,
        'receipt' as document_kind,
        inventory_receipt_id as document_id,
        inventory_receipt_item_id as line_id,
        sku_id,
        null as sku_type,
        quantity,
        unit_cost
    from receipt_items
    union all
    select
        tenant_id,
        'purchase_order' as document_kind,
        purchase_order_id as document_id,
        purchase_order_item_id as line_id,
        sku_id,
        sku_type,
        coalesce(nullif(received_quantity, 0), quantity) as quantity,
        unit_cost
    from purchase_order_items
    union all
    select
        tenant_id,
        'return' as document_kind,
        inventory_return_id as document_id,
        inventory_return_item_id as line_id,
        sku_id,
        null as sku_type,
        quantity,
        unit_cost
    from return_items
),

-- Goods that were bought for no job are stock, and no cost until an invoice line uses them. A
-- document without lines keeps its tax and freight in a row without a line.
lines as (
    select
        documents.tenant_id,
        documents.document_kind,
        documents.document_id,
        items.line_id,
        documents.job_id,
        documents.business_unit_id,
        coalesce(
            documents.calendar_date,
            {{ local_date('documents.happened_at', 'tenants.timezone') }}
        ) as purchased_date,
        items.sku_id,
        case
            when items.line_id is null then 'other'
            when items.sku_type = 'Equipment' then 'equipment'
            when items.sku_type is null and equipment.pricebook_equipment_id is not null
                then 'equipment'
            else 'material'
        end as goods_type,
        round(coalesce(items.quantity * items.unit_cost, 0), 2) as line_amount,
        documents.document_extras
    from documents
    inner join tenants on documents.tenant_id = tenants.tenant_id
    left join items
        on
            documents.tenant_id = items.tenant_id
            and documents.document_kind = items.document_kind
            and documents.document_id = items.document_id
    left join equipment
        on
            items.tenant_id = equipment.tenant_id
            and items.sku_id = equipment.pricebook_equipment_id
    where documents.job_id is not null
),

{{ allocate_cents(
    name='landed',
    source='lines',
    amount='document_extras',
    weight='greatest(line_amount, 0)',
    partition=['tenant_id', 'document_kind', 'document_id'],
    tie=['line_id'],
    into='extras_amount',
) }},

-- Without a line of any value the first line bears tax and freight.
placed as (
    select
        *,
        row_number() over (
            partition by tenant_id, document_kind, document_id order by line_id
        ) as line_number
    from landed
),

final as (
    select
        tenant_id,
        document_kind,
        document_id,
        line_id,
        job_id,
        business_unit_id,
        purchased_date,
        sku_id,
        goods_type,
        cast(line_amount as numeric(18, 2)) as line_amount,
        cast(
            coalesce(extras_amount, case when line_number = 1 then document_extras else 0 end)
            as numeric(18, 2)
        ) as extras_amount
    from placed
)

select * from final

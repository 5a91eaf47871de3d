with

source as (
    select * from {{ source('servicetitan', 'inventory_receipts') }}
),

final as (
    select
        tenant_id,
        id as inventory_receipt_id,
        {{ id_or_null('purchase_order_id') }} as purchase_order_id,
        {{ id_or_null('bill_id') }} as inventory_bill_id,
        {{ id_or_null('vendor_id') }} as vendor_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('inventory_location_id') }} as inventory_location_id,
        {{ id_or_null('batch_id') }} as batch_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('number') }} as receipt_number,
        {{ clean_text('vendor_invoice_number') }} as vendor_invoice_number,
        {{ clean_text('sync_status') }} as sync_status,
        {{ clean_text('landed_cost_method') }} as landed_cost_method,
        {{ clean_text('memo') }} as memo,
        cast(receipt_amount as numeric(18, 2)) as receipt_amount,
        cast(tax_amount as numeric(18, 2)) as tax_amount,
        cast(shipping_amount as numeric(18, 2)) as shipping_amount,
        cast(other_amount as numeric(18, 2)) as other_amount,
        custom_fields,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        received_on as received_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

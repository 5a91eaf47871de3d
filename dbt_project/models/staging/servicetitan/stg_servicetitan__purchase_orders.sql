with

source as (
    select * from {{ source('servicetitan', 'purchase_orders') }}
),

final as (
    select
        tenant_id,
        id as purchase_order_id,
        {{ id_or_null('vendor_id') }} as vendor_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('inventory_location_id') }} as inventory_location_id,
        {{ id_or_null('type_id') }} as purchase_order_type_id,
        {{ id_or_null('batch_id') }} as batch_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('number') }} as purchase_order_number,
        {{ clean_text('status') }} as purchase_order_status,
        {{ clean_text('vendor_document_number') }} as vendor_document_number,
        {{ clean_text('summary') }} as summary_text,
        {{ calendar_date('date') }} as ordered_date,
        {{ calendar_date('required_on') }} as required_date,
        cast(total as numeric(18, 2)) as total_amount,
        cast(tax as numeric(18, 2)) as tax_amount,
        cast(shipping as numeric(18, 2)) as shipping_amount,
        custom_fields,
        _deleted_at is not null as is_deleted,
        sent_on as sent_at,
        received_on as received_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'inventory_bills') }}
),

final as (
    select
        tenant_id,
        id as inventory_bill_id,
        {{ id_or_null('purchase_order_id') }} as purchase_order_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ json_id('vendor', 'id') }} as vendor_id,
        {{ json_id('business_unit', 'id') }} as business_unit_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ clean_text('reference_number') }} as bill_number,
        {{ clean_text('vendor_number') }} as vendor_number,
        {{ clean_text('job_number') }} as job_number,
        {{ clean_text('sync_status') }} as sync_status,
        {{ clean_text('term_name') }} as term_name,
        {{ clean_text('landed_cost_method') }} as landed_cost_method,
        {{ clean_text('summary') }} as summary_text,
        {{ calendar_date('bill_date') }} as bill_date,
        {{ calendar_date('due_date') }} as due_date,
        {{ calendar_date('post_date') }} as post_date,
        cast(bill_amount as numeric(18, 2)) as bill_amount,
        cast(tax_amount as numeric(18, 2)) as tax_amount,
        cast(shipping_amount as numeric(18, 2)) as shipping_amount,
        cast(other_amount as numeric(18, 2)) as other_amount,
        custom_fields,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        date_reconciled as reconciled_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

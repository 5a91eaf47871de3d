with

source as (
    select * from {{ source('servicetitan', 'inventory_returns') }}
),

final as (
    select
        tenant_id,
        id as inventory_return_id,
        {{ id_or_null('purchase_order_id') }} as purchase_order_id,
        {{ id_or_null('vendor_id') }} as vendor_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('inventory_location_id') }} as inventory_location_id,
        {{ id_or_null('return_type_id') }} as return_type_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ id_or_null('canceled_by_id') }} as canceled_by_id,
        {{ clean_text('number') }} as return_number,
        {{ clean_text('reference_number') }} as reference_number,
        {{ clean_text('status') }} as return_status,
        {{ clean_text('canceled_reason') }} as canceled_reason,
        {{ clean_text('sync_status') }} as sync_status,
        {{ clean_text('memo') }} as memo,
        {{ calendar_date('return_date') }} as return_date,
        cast(return_amount as numeric(18, 2)) as return_amount,
        cast(tax_amount as numeric(18, 2)) as tax_amount,
        cast(shipping_amount as numeric(18, 2)) as shipping_amount,
        custom_fields,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        returned_on as returned_at,
        credit_received_on as credit_received_at,
        date_canceled as canceled_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

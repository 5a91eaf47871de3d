with

source as (
    select * from {{ source('servicetitan', 'inventory_adjustments') }}
),

final as (
    select
        tenant_id,
        id as inventory_adjustment_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('inventory_location_id') }} as inventory_location_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ id_or_null('canceled_by_id') }} as canceled_by_id,
        {{ clean_text('number') }} as adjustment_number,
        {{ clean_text('reference_number') }} as reference_number,
        {{ clean_text('type') }} as adjustment_type,
        {{ clean_text('canceled_reason') }} as canceled_reason,
        {{ clean_text('sync_status') }} as sync_status,
        {{ clean_text('memo') }} as memo,
        {{ calendar_date('date') }} as adjusted_date,
        custom_fields,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        date_canceled as canceled_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

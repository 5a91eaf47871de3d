with

source as (
    select * from {{ source('servicetitan', 'installed_equipment') }}
),

final as (
    select
        tenant_id,
        id as installed_equipment_id,
        {{ id_or_null('equipment_id') }} as pricebook_equipment_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('invoice_item_id') }} as invoice_item_id,
        {{ json_id('type', 'id') }} as equipment_type_id,
        {{ clean_text('name') }} as installed_equipment_name,
        {{ json_text('type', 'name') }} as equipment_type_name,
        {{ clean_text('status') }} as installed_equipment_status,
        {{ clean_text('manufacturer') }} as manufacturer,
        {{ clean_text('model') }} as model_number,
        {{ clean_text('serial_number') }} as serial_number,
        {{ clean_text('barcode_id') }} as barcode_id,
        {{ clean_text('memo') }} as memo,
        {{ calendar_date('installed_on') }} as installed_date,
        manufactured_on as manufactured_date,
        {{ calendar_date('manufacturer_warranty_start') }} as manufacturer_warranty_start_date,
        {{ calendar_date('manufacturer_warranty_end') }} as manufacturer_warranty_end_date,
        {{ calendar_date('service_provider_warranty_start') }}
            as service_provider_warranty_start_date,
        {{ calendar_date('service_provider_warranty_end') }} as service_provider_warranty_end_date,
        actual_replacement_date as replaced_date,
        predicted_replacement_date,
        predicted_replacement_months,
        cast(cost as numeric(18, 2)) as cost_amount,
        tags,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'invoice_items') }}
),

final as (
    select
        tenant_id,
        id as invoice_item_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('sku_id') }} as sku_id,
        {{ json_id('general_ledger_account', 'id') }} as gl_account_id,
        {{ json_id('business_unit', 'id') }} as business_unit_id,
        {{ id_or_null('technician_id') }} as technician_id,
        {{ id_or_null('membership_type_id') }} as membership_type_id,
        {{ id_or_null('estimate_item_id') }} as estimate_item_id,
        {{ id_or_null('installed_equipment_id') }} as installed_equipment_id,
        {{ json_id('item_group', 'rootId') }} as item_group_id,
        {{ clean_text('type') }} as item_type,
        {{ clean_text('sku_name') }} as sku_name,
        {{ clean_text('display_name') }} as display_name,
        {{ json_text('general_ledger_account', 'name') }} as gl_account_name,
        {{ json_text('general_ledger_account', 'number') }} as gl_account_number,
        {{ json_text('general_ledger_account', 'type') }} as gl_account_type,
        cast(quantity as numeric(18, 6)) as quantity,
        cast(price as numeric(18, 6)) as unit_price,
        cast(member_price as numeric(18, 6)) as unit_member_price,
        cast(cost as numeric(18, 6)) as unit_cost,
        cast(total as numeric(18, 2)) as total_amount,
        cast(total_cost as numeric(18, 2)) as total_cost_amount,
        cast(sold_hours as numeric(12, 4)) as sold_hours,
        "order" as item_order,
        is_chargeable,
        taxable as is_taxable,
        inventory as is_inventory,
        add_on as is_add_on,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

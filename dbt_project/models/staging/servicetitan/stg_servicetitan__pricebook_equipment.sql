with

source as (
    select * from {{ source('servicetitan', 'pricebook_equipment') }}
),

final as (
    select
        tenant_id,
        id as pricebook_equipment_id,
        {{ clean_text('code') }} as sku_code,
        {{ clean_text('display_name') }} as display_name,
        {{ clean_text('description') }} as description,
        {{ id_or_null('type_id') }} as equipment_type_id,
        {{ id_or_null('general_ledger_account_id') }} as gl_account_id,
        {{ json_id('primary_vendor', 'vendorId') }} as primary_vendor_id,
        {{ clean_text('manufacturer') }} as manufacturer,
        {{ clean_text('model') }} as model_number,
        {{ clean_text('account') }} as gl_account_name,
        {{ clean_text('cost_of_sale_account') }} as cost_of_sale_account,
        {{ clean_text('asset_account') }} as asset_account,
        {{ clean_text('unit_of_measure') }} as unit_of_measure,
        {{ clean_text('cross_sale_group') }} as cross_sale_group,
        {{ clean_text('source') }} as catalog_source,
        cast(price as numeric(18, 6)) as unit_price,
        cast(member_price as numeric(18, 6)) as unit_member_price,
        cast(add_on_price as numeric(18, 6)) as unit_add_on_price,
        cast(add_on_member_price as numeric(18, 6)) as unit_add_on_member_price,
        cast(cost as numeric(18, 6)) as unit_cost,
        cast(hours as numeric(12, 4)) as hours,
        cast(bonus as numeric(18, 2)) as bonus_amount,
        cast(commission_bonus as numeric(18, 6)) as commission_bonus_percent,
        categories,
        equipment_materials,
        upgrades,
        recommendations,
        external_data,
        taxable as is_taxable,
        coalesce(is_inventory, false) as is_inventory,
        coalesce(pays_commission, false) as has_commission,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

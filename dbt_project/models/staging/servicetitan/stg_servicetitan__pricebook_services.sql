with

source as (
    select * from {{ source('servicetitan', 'pricebook_services') }}
),

final as (
    select
        tenant_id,
        id as pricebook_service_id,
        {{ clean_text('code') }} as sku_code,
        {{ clean_text('display_name') }} as display_name,
        {{ clean_text('description') }} as description,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ clean_text('account') }} as gl_account_name,
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
        service_materials,
        service_equipment,
        upgrades,
        recommendations,
        external_data,
        taxable as is_taxable,
        coalesce(is_labor, false) as is_labor,
        coalesce(pays_commission, false) as has_commission,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

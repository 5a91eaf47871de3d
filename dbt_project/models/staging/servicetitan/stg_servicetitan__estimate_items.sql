with

source as (
    select * from {{ source('servicetitan', 'estimate_items') }}
),

final as (
    select
        tenant_id,
        id as estimate_item_id,
        {{ json_id('sku', 'id') }} as sku_id,
        {{ id_or_null('membership_type_id') }} as membership_type_id,
        {{ id_or_null('invoice_item_id') }} as invoice_item_id,
        {{ id_or_null('item_group_root_id') }} as item_group_id,
        {{ json_id('sku', 'generalLedgerAccountId') }} as gl_account_id,
        {{ json_text('sku', 'type') }} as item_type,
        {{ json_text('sku', 'name') }} as sku_name,
        {{ json_text('sku', 'displayName') }} as display_name,
        {{ clean_text('item_group_name') }} as item_group_name,
        cast(qty as numeric(18, 6)) as quantity,
        cast(unit_rate as numeric(18, 6)) as unit_price,
        cast(unit_cost as numeric(18, 6)) as unit_cost,
        cast(total as numeric(18, 2)) as total_amount,
        cast(total_cost as numeric(18, 2)) as total_cost_amount,
        cast({{ json_numeric('sku', 'soldHours') }} as numeric(12, 4)) as sold_hours,
        chargeable as is_chargeable,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

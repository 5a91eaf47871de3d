with

source as (
    select * from {{ source('servicetitan', 'pricebook_categories') }}
),

final as (
    select
        tenant_id,
        id as pricebook_category_id,
        {{ id_or_null('parent_id') }} as parent_category_id,
        {{ clean_text('name') }} as pricebook_category_name,
        {{ clean_text('category_type') }} as category_type,
        {{ clean_text('description') }} as description,
        position as sort_position,
        business_unit_ids,
        coalesce(hide_in_mobile, false) as is_hidden_in_mobile,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

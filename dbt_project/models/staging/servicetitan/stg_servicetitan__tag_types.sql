with

source as (
    select * from {{ source('servicetitan', 'tag_types') }}
),

final as (
    select
        tenant_id,
        id as tag_type_id,
        {{ clean_text('name') }} as tag_type_name,
        {{ clean_text('code') }} as tag_type_code,
        {{ clean_text('importance') }} as importance,
        {{ clean_text('color') }} as color,
        coalesce(is_conversion_opportunity, false) as is_conversion_opportunity,
        coalesce(is_visible_on_dispatch_board, false) as is_visible_on_dispatch_board,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

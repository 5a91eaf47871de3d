with

source as (
    select * from {{ source('servicetitan', 'campaign_categories') }}
),

final as (
    select
        tenant_id,
        id as campaign_category_id,
        {{ clean_text('name') }} as campaign_category_name,
        {{ clean_text('type') }} as campaign_category_type,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'campaigns') }}
),

final as (
    select
        tenant_id,
        id as campaign_id,
        {{ json_id('category', 'id') }} as campaign_category_id,
        {{ clean_text('name') }} as campaign_name,
        {{ json_text('category', 'name') }} as campaign_category_name,
        {{ clean_text('source') }} as campaign_source,
        {{ clean_text('other_source') }} as campaign_other_source,
        {{ clean_text('medium') }} as campaign_medium,
        {{ clean_text('other_medium') }} as campaign_other_medium,
        {{ clean_text('business_unit') }} as business_unit_name,
        campaign_phone_numbers,
        coalesce(is_default_campaign, false) as is_default_campaign,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

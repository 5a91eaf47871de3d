with

campaigns as (
    select * from {{ ref('stg_servicetitan__campaigns') }}
),

categories as (
    select * from {{ ref('stg_servicetitan__campaign_categories') }}
),

channel_map as (
    select
        tenant_id,
        {{ clean_text('campaign_category') }} as category_pattern,
        {{ clean_text('source') }} as source_pattern,
        {{ clean_text('medium') }} as medium_pattern,
        {{ clean_text('campaign_name') }} as name_pattern,
        campaign_id,
        channel,
        is_paid
    from {{ ref('channel_map') }}
),

named as (
    select
        campaigns.tenant_id,
        campaigns.campaign_id,
        campaigns.campaign_name,
        campaigns.campaign_category_id as category_id,
        coalesce(categories.campaign_category_name, campaigns.campaign_category_name)
            as category_name,
        coalesce(campaigns.campaign_other_source, campaigns.campaign_source) as source,
        coalesce(campaigns.campaign_other_medium, campaigns.campaign_medium) as medium,
        campaigns.is_active
    from campaigns
    left join categories
        on
            campaigns.tenant_id = categories.tenant_id
            and campaigns.campaign_category_id = categories.campaign_category_id
),

matched as (
    select distinct on (named.tenant_id, named.campaign_id)
        named.tenant_id,
        named.campaign_id,
        channel_map.channel,
        channel_map.is_paid
    from named
    inner join channel_map
        on
            (channel_map.tenant_id is null or named.tenant_id = channel_map.tenant_id)
            and (channel_map.campaign_id is null or named.campaign_id = channel_map.campaign_id)
            and (
                channel_map.name_pattern is null
                or named.campaign_name ilike {{ like_pattern('channel_map.name_pattern') }}
            )
            and (
                channel_map.medium_pattern is null
                or named.medium ilike {{ like_pattern('channel_map.medium_pattern') }}
            )
            and (
                channel_map.source_pattern is null
                or named.source ilike {{ like_pattern('channel_map.source_pattern') }}
            )
            and (
                channel_map.category_pattern is null
                or named.category_name ilike {{ like_pattern('channel_map.category_pattern') }}
            )
    order by
        named.tenant_id asc,
        named.campaign_id asc,
        channel_map.campaign_id is not null desc,
        channel_map.name_pattern is not null desc,
        channel_map.medium_pattern is not null desc,
        channel_map.source_pattern is not null desc,
        channel_map.category_pattern is not null desc,
        channel_map.tenant_id is not null desc,
        -- Of two patterns for the same thing, the longer one says more.
        length(channel_map.name_pattern) desc,
        length(channel_map.medium_pattern) desc,
        length(channel_map.source_pattern) desc,
        length(channel_map.category_pattern) desc,
        channel_map.channel asc
),

final as (
    select
        named.tenant_id,
        named.campaign_id,
        named.campaign_name,
        named.category_id,
        named.category_name,
        named.source,
        named.medium,
        coalesce(matched.channel, named.category_name, 'Unmapped') as channel,
        coalesce(matched.is_paid, false) as is_paid,
        named.is_active
    from named
    left join matched
        on
            named.tenant_id = matched.tenant_id
            and named.campaign_id = matched.campaign_id
)

select * from final

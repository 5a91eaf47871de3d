with

touches as (
    select * from {{ ref('int_touches__deduped') }}
),

campaigns as (
    select
        tenant_id,
        campaign_id,
        campaign_name,
        category_name
    from {{ ref('int_campaigns__channels') }}
),

paths as (
    select
        tenant_id,
        touch_id,
        count(*) as conversion_count,
        min(converted_at) as first_converted_at
    from {{ ref('int_attribution_paths') }}
    group by tenant_id, touch_id
),

final as (
    select
        touches.tenant_id,
        touches.touch_id,
        touches.touch_kind,
        touches.touched_at,
        touches.touched_on_local,
        touches.customer_id,
        touches.phone10,
        touches.job_id,
        touches.campaign_id,
        campaigns.campaign_name,
        campaigns.category_name,
        touches.channel,
        touches.is_paid,
        touches.is_lead_touch,
        touches.customer_id is null as is_anonymous,
        cast(coalesce(paths.conversion_count, 0) as integer) as conversion_count,
        paths.first_converted_at
    from touches
    left join campaigns
        on
            touches.tenant_id = campaigns.tenant_id
            and touches.campaign_id = campaigns.campaign_id
    left join paths
        on
            touches.tenant_id = paths.tenant_id
            and touches.touch_id = paths.touch_id
)

select * from final

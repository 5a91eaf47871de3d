with

source as (
    select * from {{ source('servicetitan', 'attributed_leads') }}
),

final as (
    select
        tenant_id,
        lead_key,
        {{ json_id('attribution', 'stCampaignId') }} as campaign_id,
        {{ json_id('job', 'id') }} as job_id,
        {{ json_id('customer', 'id') }} as customer_id,
        {{ json_id('call', 'id') }} as call_id,
        {{ json_id('booking', 'id') }} as booking_id,
        {{ json_id('attribution', 'adGroupId') }} as ad_group_id,
        {{ json_id('attribution', 'keywordId') }} as keyword_id,
        {{ json_text('lead_form', 'leadNumber') }} as lead_form_number,
        {{ json_text('attribution', 'utmSource') }} as utm_source,
        {{ json_text('attribution', 'utmMedium') }} as utm_medium,
        {{ json_text('attribution', 'utmCampaign') }} as utm_campaign,
        {{ json_text('attribution', 'clickId') }} as click_id,
        {{ json_text('attribution', 'landingPageUrl') }} as landing_page_url,
        {{ json_text('attribution', 'originalCampaign') }} as original_campaign,
        {{ json_text('attribution', 'attributionOverwriteType') }} as attribution_overwrite_type,
        {{ json_text('call', 'type') }} as call_type,
        lead_type,
        _deleted_at is not null as is_deleted,
        date_time as happened_at,
        _fetched_at as fetched_at
    from source
)

select * from final

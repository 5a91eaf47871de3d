with

source as (
    select * from {{ source('servicetitan', 'marketing_ads_performance') }}
),

final as (
    select
        tenant_id,
        day as performance_date,
        segmentation,
        segment_key,
        {{ json_id('campaign', 'id') }} as campaign_id,
        {{ json_id('campaign', 'externalId') }} as external_campaign_id,
        {{ json_id('ad_group', 'id') }} as ad_group_id,
        {{ json_id('keyword', 'id') }} as keyword_id,
        {{ json_text('campaign', 'name') }} as ads_campaign_name,
        {{ json_text('campaign', 'category') }} as ads_campaign_category,
        {{ json_text('ad_group', 'name') }} as ad_group_name,
        {{ json_text('keyword', 'name') }} as keyword_name,
        cast({{ json_numeric('digital_stats', 'impressions') }} as bigint) as impression_count,
        cast({{ json_numeric('digital_stats', 'clicks') }} as bigint) as click_count,
        cast({{ json_numeric('digital_stats', 'conversions') }} as numeric(18, 6))
            as conversion_count,
        cast({{ json_numeric('digital_stats', 'cost') }} as numeric(18, 2)) as cost_amount,
        cast({{ json_numeric('lead_stats', 'leads') }} as bigint) as lead_count,
        cast({{ json_numeric('lead_stats', 'leadCalls') }} as bigint) as lead_call_count,
        cast({{ json_numeric('lead_stats', 'onlineBooking') }} as bigint) as online_booking_count,
        cast({{ json_numeric('lead_stats', 'bookedJobs') }} as bigint) as booked_job_count,
        cast({{ json_numeric('lead_stats', 'ranJobs') }} as bigint) as ran_job_count,
        cast({{ json_numeric('lead_stats', 'soldJobs') }} as bigint) as sold_job_count,
        cast({{ json_numeric('lead_stats', 'revenue') }} as numeric(18, 2)) as revenue_amount,
        cast(return_on_investment as numeric(18, 6)) as return_on_investment,
        _deleted_at is not null as is_deleted,
        _fetched_at as fetched_at
    from source
)

select * from final

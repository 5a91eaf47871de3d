with

conversions as (
    select
        tenant_id,
        job_id,
        customer_id,
        converted_at,
        lag(converted_at) over (
            partition by tenant_id, customer_id order by converted_at, job_id
        ) as previous_converted_at
    from {{ ref('int_conversions') }}
),

touches as (
    select
        tenant_id,
        touch_id,
        touch_kind,
        customer_id,
        touched_at,
        campaign_id,
        channel
    from {{ ref('int_touches__deduped') }}
    where customer_id is not null
),

paths as (
    select
        conversions.tenant_id,
        conversions.job_id,
        touches.touch_id,
        touches.touch_kind,
        conversions.customer_id,
        conversions.converted_at,
        touches.touched_at,
        touches.campaign_id,
        touches.channel
    from conversions
    inner join touches
        on
            conversions.tenant_id = touches.tenant_id
            and conversions.customer_id = touches.customer_id
            and conversions.converted_at >= touches.touched_at
            and conversions.converted_at
            - make_interval(hours => 24 * {{ var('attribution_lookback_days') }})
            <= touches.touched_at
    {%- if var('reset_path_on_conversion') %}
    where
        conversions.previous_converted_at is null
        or touches.touched_at > conversions.previous_converted_at
    {%- endif %}
),

final as (
    select
        tenant_id,
        job_id,
        touch_id,
        touch_kind,
        customer_id,
        converted_at,
        touched_at,
        campaign_id,
        channel,
        row_number() over (
            partition by tenant_id, job_id order by touched_at, touch_id
        ) as touch_number,
        count(*) over (partition by tenant_id, job_id) as path_length,
        cast(extract(epoch from converted_at - touched_at) / 86400 as numeric(12, 4)) as age_days
    from paths
)

select * from final

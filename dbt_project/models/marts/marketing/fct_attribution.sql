{%- set first_weight, middle_weight, last_weight = var('position_weights') -%}
with

conversions as not materialized (
    select * from {{ ref('int_conversions') }}
),

paths as not materialized (
    select * from {{ ref('int_attribution_paths') }}
),

removal_effects as (
    select
        tenant_id,
        channel,
        removal_effect
    from {{ ref('int_markov__removal_effects') }}
),

models (model_name) as (
    values
    ('first_touch'),
    ('last_touch'),
    ('linear'),
    ('position'),
    ('time_decay'),
    ('data_driven')
),

aged_paths as (
    select
        tenant_id,
        job_id,
        touch_id,
        touch_number,
        path_length,
        campaign_id,
        channel,
        age_days - min(age_days) over (partition by tenant_id, job_id) as older_days
    from paths
    where path_length > 1
),

-- Decay is counted from the last touch, which changes no share and keeps old paths above zero.
-- The effect of a channel is shared by its touches on the path.
shared_paths as (
    select
        aged_paths.tenant_id,
        aged_paths.job_id,
        aged_paths.touch_id,
        aged_paths.touch_number,
        aged_paths.path_length,
        aged_paths.campaign_id,
        aged_paths.channel,
        power(2.0, -aged_paths.older_days / {{ var('half_life_days') }}) as decay,
        coalesce(removal_effects.removal_effect, 0) / count(*) over (
            partition by aged_paths.tenant_id, aged_paths.job_id, aged_paths.channel
        ) as channel_effect,
        sum(coalesce(removal_effects.removal_effect, 0)) over (
            partition by aged_paths.tenant_id, aged_paths.job_id
        ) as path_effect
    from aged_paths
    left join removal_effects
        on
            aged_paths.tenant_id = removal_effects.tenant_id
            and aged_paths.channel = removal_effects.channel
),

weighted as (
    select
        shared_paths.tenant_id,
        shared_paths.job_id,
        models.model_name,
        shared_paths.touch_id,
        shared_paths.touch_number,
        shared_paths.campaign_id,
        shared_paths.channel,
        case models.model_name
            when 'first_touch' then case when shared_paths.touch_number = 1 then 1 else 0 end
            when 'last_touch'
                then
                    case
                        when shared_paths.touch_number = shared_paths.path_length then 1
                        else 0
                    end
            when 'linear' then 1
            -- Times the number of touches in the middle, so that nothing is rounded.
            when 'position'
                then
                    case
                        when shared_paths.path_length = 2 then 1
                        when shared_paths.touch_number = 1
                            then {{ first_weight }} * (shared_paths.path_length - 2)
                        when shared_paths.touch_number = shared_paths.path_length
                            then {{ last_weight }} * (shared_paths.path_length - 2)
                        else {{ middle_weight }}
                    end
            when 'time_decay' then shared_paths.decay
            when 'data_driven'
                then
                    case
                        when shared_paths.path_effect > 0 then shared_paths.channel_effect
                        else 1
                    end
        end as raw_weight
    from shared_paths
    cross join models
),

split_credits as (
    select
        weighted.tenant_id,
        weighted.job_id,
        weighted.model_name,
        weighted.touch_id,
        weighted.touch_number,
        weighted.campaign_id,
        weighted.channel,
        weighted.raw_weight,
        conversions.revenue_amount,
        conversions.gross_profit
    from weighted
    inner join conversions
        on
            weighted.tenant_id = conversions.tenant_id
            and weighted.job_id = conversions.job_id
    where weighted.raw_weight > 0
),

-- A weight is a millionth part, as a cent is of ten thousand.
{{ allocate_cents(
    name='weights',
    source='split_credits',
    amount='10000.00',
    weight='raw_weight',
    partition=['tenant_id', 'job_id', 'model_name'],
    tie=['touch_number'],
    into='parts',
) }},

{{ allocate_cents(
    name='revenues',
    source='weights',
    amount='revenue_amount',
    weight='raw_weight',
    partition=['tenant_id', 'job_id', 'model_name'],
    tie=['touch_number'],
    into='attributed_revenue',
) }},

{{ allocate_cents(
    name='profits',
    source='revenues',
    amount='gross_profit',
    weight='raw_weight',
    partition=['tenant_id', 'job_id', 'model_name'],
    tie=['touch_number'],
    into='attributed_gross_profit',
) }},

-- What one touch, the campaign on the job or nobody gets needs no splitting.
whole_credits as (
    select
        conversions.tenant_id,
        conversions.job_id,
        models.model_name,
        coalesce(paths.touch_id, 'unattributed') as touch_id,
        1 as touch_number,
        paths.campaign_id,
        coalesce(paths.channel, 'Unattributed') as channel,
        conversions.revenue_amount,
        conversions.gross_profit
    from conversions
    cross join models
    left join paths
        on
            conversions.tenant_id = paths.tenant_id
            and conversions.job_id = paths.job_id
    where paths.path_length is null or paths.path_length = 1
    union all
    select
        tenant_id,
        job_id,
        'servicetitan' as model_name,
        case
            when campaign_id is null then 'unattributed'
            else 'job_campaign:' || job_id
        end as touch_id,
        1 as touch_number,
        campaign_id,
        channel,
        revenue_amount,
        gross_profit
    from conversions
),

credits as (
    select
        tenant_id,
        job_id,
        model_name,
        touch_id,
        touch_number,
        campaign_id,
        channel,
        parts / 10000 as weight,
        attributed_revenue,
        attributed_gross_profit
    from profits
    union all
    select
        tenant_id,
        job_id,
        model_name,
        touch_id,
        touch_number,
        campaign_id,
        channel,
        1 as weight,
        revenue_amount as attributed_revenue,
        gross_profit as attributed_gross_profit
    from whole_credits
),

final as (
    select
        credits.tenant_id,
        credits.job_id,
        credits.model_name,
        credits.touch_id,
        cast(credits.touch_number as integer) as touch_number,
        conversions.customer_id,
        conversions.converted_on_local,
        conversions.completed_on_local,
        conversions.is_acquisition,
        credits.campaign_id,
        credits.channel,
        cast(credits.weight as numeric(18, 6)) as weight,
        cast(credits.attributed_revenue as numeric(18, 2)) as attributed_revenue,
        cast(credits.attributed_gross_profit as numeric(18, 2)) as attributed_gross_profit,
        cast(credits.weight as numeric(18, 6)) as attributed_conversions
    from credits
    inner join conversions
        on
            credits.tenant_id = conversions.tenant_id
            and credits.job_id = conversions.job_id
)

select * from final

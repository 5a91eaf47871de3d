{%- set windows = var('downstream_windows') -%}
with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

credits as (
    select * from {{ ref('fct_attribution') }}
    where is_acquisition
),

activity as (
    select * from {{ ref('int_customers__activity_daily') }}
),

acquisitions as (
    select distinct
        credits.tenant_id,
        credits.customer_id,
        credits.job_id,
        credits.completed_on_local as acquired_on_local,
        tenants.as_of_date
    from credits
    inner join tenants on credits.tenant_id = tenants.tenant_id
),

customer_totals as (
    select
        acquisitions.tenant_id,
        acquisitions.customer_id,
        acquisitions.job_id,
        acquisitions.acquired_on_local,
        acquisitions.as_of_date,
        {%- for days in windows %}
        sum(activity.revenue_amount) filter (
            where activity.activity_date - acquisitions.acquired_on_local <= {{ days }}
        ) as revenue_{{ days }},
        sum(activity.direct_cost) filter (
            where activity.activity_date - acquisitions.acquired_on_local <= {{ days }}
        ) as cost_{{ days }},
        {%- endfor %}
        sum(activity.revenue_amount) as revenue_lifetime,
        sum(activity.direct_cost) as cost_lifetime
    from acquisitions
    left join activity
        on
            acquisitions.tenant_id = activity.tenant_id
            and acquisitions.customer_id = activity.customer_id
            and activity.activity_date
            between acquisitions.acquired_on_local and acquisitions.as_of_date
    group by
        acquisitions.tenant_id,
        acquisitions.customer_id,
        acquisitions.job_id,
        acquisitions.acquired_on_local,
        acquisitions.as_of_date
),

windowed as (
    {%- for days in windows %}
    select
        tenant_id,
        job_id,
        acquired_on_local,
        cast({{ days }} as integer) as window_days,
        acquired_on_local + {{ days }} <= as_of_date as is_mature,
        coalesce(revenue_{{ days }}, 0) as revenue_amount,
        coalesce(revenue_{{ days }}, 0) - coalesce(cost_{{ days }}, 0) as gross_profit
    from customer_totals
    union all
    {%- endfor %}
    select
        tenant_id,
        job_id,
        acquired_on_local,
        null as window_days,
        true as is_mature,
        coalesce(revenue_lifetime, 0) as revenue_amount,
        coalesce(revenue_lifetime, 0) - coalesce(cost_lifetime, 0) as gross_profit
    from customer_totals
),

credited as (
    select
        credits.tenant_id,
        credits.customer_id,
        credits.job_id,
        credits.model_name,
        credits.touch_id,
        credits.touch_number,
        credits.campaign_id,
        credits.channel,
        credits.weight,
        windowed.window_days,
        windowed.acquired_on_local,
        windowed.is_mature,
        windowed.revenue_amount,
        windowed.gross_profit
    from credits
    inner join windowed
        on
            credits.tenant_id = windowed.tenant_id
            and credits.job_id = windowed.job_id
),

shared as (
    select * from credited
    where weight < 1
),

{{ allocate_cents(
    name='revenues',
    source='shared',
    amount='revenue_amount',
    weight='weight',
    partition=['tenant_id', 'job_id', 'model_name', 'window_days'],
    tie=['touch_number'],
    into='attributed_revenue',
) }},

{{ allocate_cents(
    name='profits',
    source='revenues',
    amount='gross_profit',
    weight='weight',
    partition=['tenant_id', 'job_id', 'model_name', 'window_days'],
    tie=['touch_number'],
    into='attributed_gross_profit',
) }},

parts as (
    select
        tenant_id,
        customer_id,
        job_id,
        model_name,
        touch_id,
        window_days,
        acquired_on_local,
        is_mature,
        campaign_id,
        channel,
        weight,
        -- Beside a touch that weighs everything to the millionth, another weighs nothing.
        coalesce(attributed_revenue, 0) as attributed_revenue,
        coalesce(attributed_gross_profit, 0) as attributed_gross_profit
    from profits
    union all
    select
        tenant_id,
        customer_id,
        job_id,
        model_name,
        touch_id,
        window_days,
        acquired_on_local,
        is_mature,
        campaign_id,
        channel,
        weight,
        revenue_amount as attributed_revenue,
        gross_profit as attributed_gross_profit
    from credited
    where weight = 1
),

final as (
    select
        {{ surrogate_key([
            'tenant_id', 'customer_id', 'model_name', 'touch_id', 'window_days'
        ]) }} as fct_downstream_attribution_key,
        tenant_id,
        customer_id,
        model_name,
        touch_id,
        window_days,
        job_id,
        acquired_on_local,
        is_mature,
        campaign_id,
        channel,
        weight,
        cast(attributed_revenue as numeric(18, 2)) as attributed_revenue,
        cast(attributed_gross_profit as numeric(18, 2)) as attributed_gross_profit,
        weight as attributed_conversions
    from parts
)

select * from final

{%- set windows = [30, 90, 365] -%}
with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__channels') }}
),

outlay as (
    select * from {{ ref('int_campaign_outlay_daily') }}
),

touches as (
    select * from {{ ref('int_touches__deduped') }}
    where is_lead_touch
),

downstream as (
    select * from {{ ref('fct_downstream_attribution') }}
),

activity as (
    select * from {{ ref('int_customers__activity_daily') }}
),

models (model_name) as (
    values
    ('first_touch'),
    ('last_touch'),
    ('linear'),
    ('position'),
    ('time_decay'),
    ('servicetitan'),
    ('data_driven')
),

channel_outlay as (
    select
        outlay.tenant_id,
        case
            when outlay.campaign_id = -1 then 'Unattributed'
            else coalesce(campaigns.channel, 'Unmapped')
        end as channel,
        cast(date_trunc('month', outlay.activity_date) as date) as acquisition_month,
        outlay.spend_amount
    from outlay
    left join campaigns
        on
            outlay.tenant_id = campaigns.tenant_id
            and outlay.campaign_id = campaigns.campaign_id
),

spent as (
    select
        tenant_id,
        channel,
        acquisition_month,
        sum(spend_amount) as spend_amount
    from channel_outlay
    group by tenant_id, channel, acquisition_month
    having sum(spend_amount) <> 0
),

led as (
    select
        tenant_id,
        coalesce(channel, 'Unattributed') as channel,
        cast(date_trunc('month', touched_on_local) as date) as acquisition_month,
        count(*) as leads
    from touches
    group by tenant_id, coalesce(channel, 'Unattributed'), acquisition_month
),

acquired as (
    select
        tenant_id,
        channel,
        model_name,
        cast(date_trunc('month', acquired_on_local) as date) as acquisition_month,
        sum(weight) filter (where window_days is null) as new_customers,
        {%- for days in windows %}
        sum(attributed_revenue) filter (where window_days = {{ days }}) as revenue_{{ days }},
        sum(attributed_gross_profit) filter (where window_days = {{ days }})
            as gross_profit_{{ days }},
        {%- endfor %}
        sum(attributed_revenue) filter (where window_days is null) as revenue_lifetime,
        sum(attributed_gross_profit) filter (where window_days is null) as gross_profit_lifetime
    from downstream
    group by tenant_id, channel, model_name, acquisition_month
),

-- Who brought a customer does not change with the window.
credits as (
    select
        tenant_id,
        customer_id,
        channel,
        model_name,
        acquired_on_local,
        sum(weight) as weight
    from downstream
    where window_days is null
    group by tenant_id, customer_id, channel, model_name, acquired_on_local
),

acquisitions as (
    select distinct
        credits.tenant_id,
        credits.customer_id,
        credits.acquired_on_local,
        tenants.as_of_date
    from credits
    inner join tenants on credits.tenant_id = tenants.tenant_id
),

customer_months as (
    select
        acquisitions.tenant_id,
        acquisitions.customer_id,
        cast(date_trunc('month', activity.activity_date) as date) as movement_month,
        sum(activity.revenue_amount - activity.direct_cost) as gross_profit
    from acquisitions
    inner join activity
        on
            acquisitions.tenant_id = activity.tenant_id
            and acquisitions.customer_id = activity.customer_id
            and activity.activity_date
            between acquisitions.acquired_on_local and acquisitions.as_of_date
    group by acquisitions.tenant_id, acquisitions.customer_id, movement_month
),

cohort_months as (
    select
        credits.tenant_id,
        credits.channel,
        credits.model_name,
        cast(date_trunc('month', credits.acquired_on_local) as date) as acquisition_month,
        customer_months.movement_month,
        sum(credits.weight * customer_months.gross_profit) as gross_profit
    from credits
    inner join customer_months
        on
            credits.tenant_id = customer_months.tenant_id
            and credits.customer_id = customer_months.customer_id
    group by
        credits.tenant_id,
        credits.channel,
        credits.model_name,
        acquisition_month,
        customer_months.movement_month
),

earned as (
    select
        *,
        sum(gross_profit) over (
            partition by tenant_id, channel, model_name, acquisition_month
            order by movement_month
        ) as earned_so_far
    from cohort_months
),

paid_back as (
    select
        earned.tenant_id,
        earned.channel,
        earned.model_name,
        earned.acquisition_month,
        min(earned.movement_month) as payback_month
    from earned
    inner join spent
        on
            earned.tenant_id = spent.tenant_id
            and earned.channel = spent.channel
            and earned.acquisition_month = spent.acquisition_month
    where earned.earned_so_far >= spent.spend_amount
    group by
        earned.tenant_id,
        earned.channel,
        earned.model_name,
        earned.acquisition_month
),

-- Channels with spend or leads and without customers keep their rows, under every model.
cells as (
    select
        spent.tenant_id,
        spent.channel,
        spent.acquisition_month,
        models.model_name
    from spent
    cross join models
    union
    select
        led.tenant_id,
        led.channel,
        led.acquisition_month,
        models.model_name
    from led
    cross join models
    union
    select
        tenant_id,
        channel,
        acquisition_month,
        model_name
    from acquired
),

joined as (
    select
        cells.tenant_id,
        cells.channel,
        cells.model_name,
        cells.acquisition_month,
        coalesce(spent.spend_amount, 0) as spend_amount,
        coalesce(led.leads, 0) as leads,
        coalesce(acquired.new_customers, 0) as new_customers,
        {%- for days in windows %}
        {%- if days in var('downstream_windows') %}
        coalesce(acquired.revenue_{{ days }}, 0) as revenue_{{ days }},
        coalesce(acquired.gross_profit_{{ days }}, 0) as gross_profit_{{ days }},
        {%- else %}
        acquired.revenue_{{ days }},
        acquired.gross_profit_{{ days }},
        {%- endif %}
        {%- endfor %}
        coalesce(acquired.revenue_lifetime, 0) as revenue_lifetime,
        coalesce(acquired.gross_profit_lifetime, 0) as gross_profit_lifetime,
        case
            when spent.spend_amount > 0
                then
                    12 * extract(year from age(paid_back.payback_month, cells.acquisition_month))
                    + extract(month from age(paid_back.payback_month, cells.acquisition_month))
        end as payback_months
    from cells
    left join spent
        on
            cells.tenant_id = spent.tenant_id
            and cells.channel = spent.channel
            and cells.acquisition_month = spent.acquisition_month
    left join led
        on
            cells.tenant_id = led.tenant_id
            and cells.channel = led.channel
            and cells.acquisition_month = led.acquisition_month
    left join acquired
        on
            cells.tenant_id = acquired.tenant_id
            and cells.channel = acquired.channel
            and cells.model_name = acquired.model_name
            and cells.acquisition_month = acquired.acquisition_month
    left join paid_back
        on
            cells.tenant_id = paid_back.tenant_id
            and cells.channel = paid_back.channel
            and cells.model_name = paid_back.model_name
            and cells.acquisition_month = paid_back.acquisition_month
),

final as (
    select
        {{ surrogate_key(['tenant_id', 'channel', 'model_name', 'acquisition_month']) }}
            as channel_acquisition_monthly_key,
        tenant_id,
        channel,
        model_name,
        acquisition_month,
        cast(spend_amount as numeric(18, 2)) as spend_amount,
        leads,
        cast(new_customers as numeric(18, 6)) as new_customers,
        cast({{ safe_div('spend_amount', 'leads') }} as numeric(18, 2)) as cost_per_lead,
        cast({{ safe_div('spend_amount', 'new_customers') }} as numeric(18, 2)) as cac,
        {%- for days in windows + ['lifetime'] %}
        cast(revenue_{{ days }} as numeric(18, 2)) as revenue_{{ days }},
        cast(gross_profit_{{ days }} as numeric(18, 2)) as gross_profit_{{ days }},
        cast({{ safe_div('revenue_' ~ days, 'spend_amount') }} as numeric(18, 6))
            as roas_{{ days }},
        {%- endfor %}
        cast(
            {{ safe_div('gross_profit_lifetime - spend_amount', 'spend_amount') }}
            as numeric(18, 6)
        ) as roi,
        -- Lifetime gross profit per customer over the cost of one: the customers cancel out.
        cast(
            case
                when new_customers > 0
                    then {{ safe_div('gross_profit_lifetime', 'spend_amount') }}
            end as numeric(18, 6)
        ) as ltv_to_cac,
        cast(payback_months as integer) as payback_months
    from joined
)

select * from final

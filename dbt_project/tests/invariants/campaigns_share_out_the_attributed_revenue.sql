{#
  Campaigns and days add up, under every model, to the revenue of all conversions; channels and months of acquisition to
  the credit and revenue of all acquired customers.
#}
{%- set models = [
    'first_touch', 'last_touch', 'linear', 'position', 'time_decay', 'servicetitan', 'data_driven'
] -%}
with

conversions as (
    select
        tenant_id,
        sum(revenue_amount) as revenue_amount,
        count(*) filter (where is_acquisition) as new_customers
    from {{ ref('int_conversions') }}
    group by tenant_id
),

performance as (
    {%- for model in models %}
    select
        tenant_id,
        '{{ model }}' as model_name,
        sum(revenue_{{ model }}) as revenue_amount,
        sum(new_customers) as new_customers
    from {{ ref('fct_campaign_performance_daily') }}
    group by tenant_id
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

downstream as (
    select
        tenant_id,
        model_name,
        sum(attributed_revenue) as revenue_amount,
        sum(attributed_gross_profit) as gross_profit,
        sum(weight) as new_customers
    from {{ ref('fct_downstream_attribution') }}
    where window_days is null
    group by tenant_id, model_name
),

acquisition as (
    select
        tenant_id,
        model_name,
        sum(revenue_lifetime) as revenue_amount,
        sum(gross_profit_lifetime) as gross_profit,
        sum(new_customers) as new_customers
    from {{ ref('fct_channel_acquisition_monthly') }}
    group by tenant_id, model_name
)

select
    performance.tenant_id,
    performance.model_name,
    'campaigns' as finding,
    conversions.revenue_amount as expected_amount,
    performance.revenue_amount as actual_amount
from performance
left join conversions on performance.tenant_id = conversions.tenant_id
where
    coalesce(conversions.revenue_amount, 0) <> performance.revenue_amount
    or coalesce(conversions.new_customers, 0) <> performance.new_customers
union all
select
    coalesce(downstream.tenant_id, acquisition.tenant_id) as tenant_id,
    coalesce(downstream.model_name, acquisition.model_name) as model_name,
    'channels' as finding,
    downstream.revenue_amount as expected_amount,
    acquisition.revenue_amount as actual_amount
from downstream
full outer join acquisition
    on
        downstream.tenant_id = acquisition.tenant_id
        and downstream.model_name = acquisition.model_name
where
    coalesce(downstream.revenue_amount, 0) <> coalesce(acquisition.revenue_amount, 0)
    or coalesce(downstream.gross_profit, 0) <> coalesce(acquisition.gross_profit, 0)
    or coalesce(downstream.new_customers, 0) <> coalesce(acquisition.new_customers, 0)

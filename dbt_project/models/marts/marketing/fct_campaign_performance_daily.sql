{%- set models = [
    'first_touch', 'last_touch', 'linear', 'position', 'time_decay', 'servicetitan', 'data_driven'
] -%}
with

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__channels') }}
),

outlay as (
    select * from {{ ref('int_campaign_outlay_daily') }}
),

calls as (
    select * from {{ ref('fct_calls') }}
    where is_inbound
),

leads as (
    select * from {{ ref('stg_servicetitan__leads') }}
    where is_active
),

bookings as (
    select * from {{ ref('stg_servicetitan__bookings') }}
    where is_active
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
),

attribution as (
    select * from {{ ref('fct_attribution') }}
),

-- What happened in a campaign on a day, one row for each kind; campaign -1 is none.
called as (
    select
        tenant_id,
        campaign_id,
        called_on_local as activity_date,
        count(*) as calls,
        count(*) filter (where is_lead) as lead_calls,
        count(*) filter (where is_lead and is_booked) as booked_calls
    from calls
    group by tenant_id, campaign_id, called_on_local
),

attributed as (
    select
        tenant_id,
        campaign_id,
        completed_on_local as activity_date,
        model_name,
        count(*) filter (where is_acquisition) as acquisition_count,
        sum(attributed_revenue) as attributed_revenue
    from attribution
    group by tenant_id, campaign_id, completed_on_local, model_name
),

measures as (
    select
        tenant_id,
        campaign_id,
        activity_date,
        'spend' as measure,
        spend_amount as amount
    from outlay
    union all
    select
        tenant_id,
        campaign_id,
        activity_date,
        'impressions' as measure,
        impression_count as amount
    from outlay
    union all
    select
        tenant_id,
        campaign_id,
        activity_date,
        'clicks' as measure,
        click_count as amount
    from outlay
    {%- for measure in ['calls', 'lead_calls', 'booked_calls'] %}
    union all
    select
        tenant_id,
        campaign_id,
        activity_date,
        '{{ measure }}' as measure,
        {{ measure }} as amount
    from called
    {%- endfor %}
    union all
    select
        leads.tenant_id,
        leads.campaign_id,
        {{ local_date('leads.created_at', 'tenants.timezone') }} as activity_date,
        'leads' as measure,
        1 as amount
    from leads
    inner join tenants on leads.tenant_id = tenants.tenant_id
    union all
    select
        bookings.tenant_id,
        bookings.campaign_id,
        {{ local_date('bookings.created_at', 'tenants.timezone') }} as activity_date,
        'bookings' as measure,
        1 as amount
    from bookings
    inner join tenants on bookings.tenant_id = tenants.tenant_id
    union all
    select
        tenant_id,
        campaign_id,
        created_on_local as activity_date,
        'jobs_booked' as measure,
        1 as amount
    from jobs
    union all
    select
        tenant_id,
        campaign_id,
        completed_on_local as activity_date,
        'jobs_completed' as measure,
        1 as amount
    from jobs
    where is_completed
    union all
    select
        tenant_id,
        campaign_id,
        completed_on_local as activity_date,
        'converted_jobs' as measure,
        1 as amount
    from jobs
    where is_converted
    union all
    select
        tenant_id,
        campaign_id,
        activity_date,
        'new_customers' as measure,
        acquisition_count as amount
    from attributed
    where model_name = 'servicetitan' and acquisition_count > 0
    union all
    select
        tenant_id,
        campaign_id,
        activity_date,
        'revenue_' || model_name as measure,
        attributed_revenue as amount
    from attributed
),

pivoted as (
    select
        tenant_id,
        coalesce(campaign_id, -1) as campaign_id,
        activity_date,
        {%- for measure in [
            'impressions', 'clicks', 'calls', 'lead_calls', 'booked_calls', 'leads', 'bookings', 'jobs_booked',
            'jobs_completed', 'converted_jobs', 'new_customers'
        ] %}
        cast(coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0) as bigint)
            as {{ measure }},
        {%- endfor %}
        {%- for model in models %}
        cast(
            coalesce(sum(amount) filter (where measure = 'revenue_{{ model }}'), 0)
            as numeric(18, 2)
        ) as revenue_{{ model }},
        {%- endfor %}
        cast(coalesce(sum(amount) filter (where measure = 'spend'), 0) as numeric(18, 2))
            as spend_amount
    from measures
    where activity_date is not null
    group by tenant_id, coalesce(campaign_id, -1), activity_date
),

final as (
    select
        pivoted.tenant_id,
        pivoted.campaign_id,
        pivoted.activity_date,
        campaigns.campaign_name,
        case
            when pivoted.campaign_id = -1 then 'Unattributed'
            else coalesce(campaigns.channel, 'Unmapped')
        end as channel,
        pivoted.spend_amount,
        pivoted.impressions,
        pivoted.clicks,
        pivoted.calls,
        pivoted.lead_calls,
        pivoted.booked_calls,
        pivoted.leads,
        pivoted.bookings,
        pivoted.jobs_booked,
        pivoted.jobs_completed,
        pivoted.converted_jobs,
        {%- for model in models %}
        pivoted.revenue_{{ model }},
        {%- endfor %}
        pivoted.new_customers
    from pivoted
    left join campaigns
        on
            pivoted.tenant_id = campaigns.tenant_id
            and pivoted.campaign_id = campaigns.campaign_id
)

select * from final

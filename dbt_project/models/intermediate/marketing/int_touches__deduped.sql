{%- set lookback = 'make_interval(hours => 24 * ' ~ var('attribution_lookback_days') ~ ')' -%}
with

tenants as (
    select
        tenant_id,
        timezone,
        as_of_date
    from {{ ref('int_tenants') }}
),

artefacts as not materialized (
    select * from {{ ref('int_touches__artefacts') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        customer_id,
        campaign_id,
        created_at
    from {{ ref('int_jobs__enriched') }}
    where
        campaign_id is not null
        and customer_id is not null
        and created_at is not null
        and not (is_recall or is_warranty or is_tech_generated or is_recurring_visit)
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

contacts as (
    select
        tenant_id,
        customer_id,
        phone10
    from {{ ref('stg_servicetitan__customer_contacts') }}
    where not is_deleted and phone10 is not null
),

channels as (
    select
        tenant_id,
        campaign_id,
        channel,
        is_paid
    from {{ ref('int_campaigns__channels') }}
),

chained as (
    select
        tenant_id,
        touch_id,
        touch_kind,
        touched_at,
        campaign_id,
        row_number() over (
            partition by tenant_id, chain_id order by touched_at, touch_id
        ) as chain_position,
        min(customer_id) over (partition by tenant_id, chain_id) as customer_id,
        min(phone10) over (partition by tenant_id, chain_id) as phone10,
        min(job_id) over (partition by tenant_id, chain_id) as job_id,
        bool_or(is_lead_touch) over (partition by tenant_id, chain_id) as is_lead_touch
    from artefacts
),

followed as (
    select
        *,
        touched_at - lag(touched_at) over (
            partition by tenant_id, job_id, campaign_id order by touched_at, touch_id
        ) as since_previous
    from chained
    where chain_position = 1
),

-- Two ways in to the same job are one touch, if one campaign brought both within a day.
first_of_chain as (
    select * from followed
    where job_id is null or since_previous is null or since_previous > interval '24 hours'
),

phone_users as (
    select
        contacts.tenant_id,
        contacts.phone10,
        coalesce(customers.canonical_id, contacts.customer_id) as customer_id
    from contacts
    left join customers
        on
            contacts.tenant_id = customers.tenant_id
            and contacts.customer_id = customers.customer_id
    union all
    select
        tenant_id,
        phone10,
        customer_id
    from artefacts
    where phone10 is not null and customer_id is not null
),

-- A number that several customers use identifies none of them.
phone_owners as (
    select
        tenant_id,
        phone10,
        min(customer_id) as customer_id
    from phone_users
    group by tenant_id, phone10
    having min(customer_id) = max(customer_id)
),

artefact_touches as (
    select
        first_of_chain.tenant_id,
        first_of_chain.touch_id,
        first_of_chain.touch_kind,
        first_of_chain.touched_at,
        coalesce(first_of_chain.customer_id, phone_owners.customer_id) as customer_id,
        first_of_chain.phone10,
        first_of_chain.campaign_id,
        first_of_chain.job_id,
        first_of_chain.is_lead_touch
    from first_of_chain
    left join phone_owners
        on
            first_of_chain.tenant_id = phone_owners.tenant_id
            and first_of_chain.phone10 = phone_owners.phone10
            and first_of_chain.customer_id is null
),

events as (
    select
        tenant_id,
        customer_id,
        touched_at as happened_at,
        touched_at,
        null as job_id,
        null as campaign_id,
        1 as event_order
    from artefact_touches
    where customer_id is not null
    union all
    select
        tenant_id,
        customer_id,
        created_at as happened_at,
        null as touched_at,
        job_id,
        campaign_id,
        2 as event_order
    from jobs
),

looked_back as (
    select
        *,
        max(touched_at) over (
            partition by tenant_id, customer_id order by happened_at, event_order
        ) as last_touched_at
    from events
),

job_touches as (
    select
        tenant_id,
        'job_campaign:' || job_id as touch_id,
        'job_campaign' as touch_kind,
        happened_at as touched_at,
        customer_id,
        cast(null as text) as phone10,
        campaign_id,
        job_id,
        false as is_lead_touch
    from looked_back
    where
        job_id is not null
        and (last_touched_at is null or last_touched_at < happened_at - {{ lookback }})
),

touches as (
    select * from artefact_touches
    {%- if var('include_job_campaign_touch') %}
    union all
    select * from job_touches
    {%- endif %}
),

dated as (
    select
        touches.*,
        {{ local_date('touches.touched_at', 'tenants.timezone') }} as touched_on_local,
        tenants.as_of_date
    from touches
    inner join tenants on touches.tenant_id = tenants.tenant_id
),

final as (
    select
        dated.tenant_id,
        dated.touch_id,
        dated.touch_kind,
        dated.touched_at,
        dated.touched_on_local,
        dated.customer_id,
        dated.phone10,
        dated.campaign_id,
        coalesce(channels.channel, 'Unmapped') as channel,
        coalesce(channels.is_paid, false) as is_paid,
        dated.job_id,
        dated.is_lead_touch
    from dated
    left join channels
        on
            dated.tenant_id = channels.tenant_id
            and dated.campaign_id = channels.campaign_id
    where dated.touched_on_local <= dated.as_of_date
)

select * from final

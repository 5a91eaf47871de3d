with

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

jobs as not materialized (
    select
        tenant_id,
        job_id,
        customer_id,
        lead_call_id,
        booking_id
    from {{ ref('int_jobs__enriched') }}
),

calls as (
    select
        tenant_id,
        call_id,
        customer_id,
        job_id,
        campaign_id,
        call_type,
        from_phone10,
        created_at
    from {{ ref('stg_servicetitan__calls') }}
    where
        is_active
        and direction = 'Inbound'
        and campaign_id is not null
        {%- if var('lead_call_excluded_types') %}
        and coalesce(call_type, '')
        not in ({{ text_literals(var('lead_call_excluded_types')) }})
        {%- endif %}
        and coalesce(duration_seconds, 0) >= {{ var('min_lead_call_seconds') }}
),

leads as not materialized (
    select
        tenant_id,
        lead_id,
        customer_id,
        campaign_id,
        coalesce(call_id, manual_call_id) as call_id,
        booking_id,
        {{ phone10('lead_phone') }} as phone10,
        created_at
    from {{ ref('stg_servicetitan__leads') }}
    where is_active and campaign_id is not null
),

bookings as (
    select
        tenant_id,
        booking_id,
        job_id,
        campaign_id,
        created_at
    from {{ ref('stg_servicetitan__bookings') }}
    where is_active and campaign_id is not null
),

jobs_of_calls as (
    select
        tenant_id,
        lead_call_id,
        min(job_id) as job_id
    from jobs
    where lead_call_id is not null
    group by tenant_id, lead_call_id
),

jobs_of_bookings as (
    select
        tenant_id,
        booking_id,
        min(job_id) as job_id
    from jobs
    where booking_id is not null
    group by tenant_id, booking_id
),

-- A lead that was taken from a booking in a call makes the two one chain.
calls_of_bookings as (
    select
        tenant_id,
        booking_id,
        min(call_id) as call_id
    from leads
    where booking_id is not null and call_id is not null
    group by tenant_id, booking_id
),

artefacts as (
    select
        calls.tenant_id,
        'call:' || calls.call_id as touch_id,
        'call' as touch_kind,
        'call:' || calls.call_id as chain_id,
        calls.created_at as touched_at,
        calls.customer_id as own_customer_id,
        calls.from_phone10 as phone10,
        calls.campaign_id,
        coalesce(calls.job_id, jobs_of_calls.job_id) as job_id,
        calls.call_type is not null
        {%- if not var('abandoned_counts_as_lead') %}
        and calls.call_type <> 'Abandoned'
        {%- endif %}
            as is_lead_touch
    from calls
    left join jobs_of_calls
        on
            calls.tenant_id = jobs_of_calls.tenant_id
            and calls.call_id = jobs_of_calls.lead_call_id
    union all
    select
        tenant_id,
        'lead:' || lead_id as touch_id,
        'lead' as touch_kind,
        coalesce('call:' || call_id, 'booking:' || booking_id, 'lead:' || lead_id) as chain_id,
        created_at as touched_at,
        customer_id as own_customer_id,
        phone10,
        campaign_id,
        null as job_id,
        true as is_lead_touch
    from leads
    union all
    select
        bookings.tenant_id,
        'booking:' || bookings.booking_id as touch_id,
        'booking' as touch_kind,
        coalesce('call:' || calls_of_bookings.call_id, 'booking:' || bookings.booking_id)
            as chain_id,
        bookings.created_at as touched_at,
        null as own_customer_id,
        null as phone10,
        bookings.campaign_id,
        coalesce(bookings.job_id, jobs_of_bookings.job_id) as job_id,
        true as is_lead_touch
    from bookings
    left join jobs_of_bookings
        on
            bookings.tenant_id = jobs_of_bookings.tenant_id
            and bookings.booking_id = jobs_of_bookings.booking_id
    left join calls_of_bookings
        on
            bookings.tenant_id = calls_of_bookings.tenant_id
            and bookings.booking_id = calls_of_bookings.booking_id
),

final as (
    select
        artefacts.tenant_id,
        artefacts.touch_id,
        artefacts.touch_kind,
        artefacts.chain_id,
        artefacts.touched_at,
        coalesce(customers.canonical_id, artefacts.own_customer_id, jobs.customer_id)
            as customer_id,
        artefacts.phone10,
        artefacts.campaign_id,
        artefacts.job_id,
        artefacts.is_lead_touch
    from artefacts
    left join customers
        on
            artefacts.tenant_id = customers.tenant_id
            and artefacts.own_customer_id = customers.customer_id
    left join jobs
        on
            artefacts.tenant_id = jobs.tenant_id
            and artefacts.job_id = jobs.job_id
)

select * from final

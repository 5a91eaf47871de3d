{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['tenant_id', 'call_id'],
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_vanished_calls() }}",
    )
}}

{% set lead_types = ['Booked', 'Unbooked'] %}
{% if var('abandoned_counts_as_lead') %}
    {% set lead_types = lead_types + ['Abandoned'] %}
{% endif %}

with

calls as (
    select * from {{ ref('stg_servicetitan__calls') }}
    where is_active
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

leads as (
    select
        tenant_id,
        lead_id,
        business_unit_id
    from {{ ref('stg_servicetitan__leads') }}
    where is_active
),

jobs as (
    select
        tenant_id,
        job_id,
        lead_call_id,
        customer_id,
        business_unit_id,
        revenue_amount
    from {{ ref('int_jobs__enriched') }}
),

-- A call that names no job is the one a job may name; of several the first.
jobs_by_call as (
    select
        tenant_id,
        lead_call_id,
        min(job_id) as job_id
    from jobs
    where lead_call_id is not null
    group by tenant_id, lead_call_id
),

linked as (
    select
        calls.tenant_id,
        calls.call_id,
        calls.created_at as called_at,
        calls.direction,
        calls.call_status,
        calls.call_type,
        calls.duration_seconds,
        calls.call_reason_id,
        calls.call_reason_name,
        calls.agent_id,
        calls.agent_name,
        calls.campaign_id,
        calls.customer_id,
        calls.lead_id,
        calls.has_recording,
        calls.has_voice_mail,
        coalesce(calls.direction = 'Inbound', false) as is_inbound,
        coalesce(calls.job_id, jobs_by_call.job_id) as job_id,
        case
            when calls.direction = 'Inbound' then calls.from_phone10
            else calls.to_phone10
        end as other_phone10
    from calls
    left join jobs_by_call
        on
            calls.tenant_id = jobs_by_call.tenant_id
            and calls.call_id = jobs_by_call.lead_call_id
),

-- The line of one number: who called whom, in order.
numbered as (
    select
        *,
        case
            when other_phone10 is not null
                then max(case when is_inbound then called_at end) over until_call
        end as previous_inbound_at,
        case
            when other_phone10 is not null
                then min(case when not is_inbound then called_at end) over back_to_call
        end as next_outbound_at
    from linked
    window
        until_call as (
            partition by tenant_id, other_phone10
            order by called_at asc, call_id asc
            rows between unbounded preceding and 1 preceding
        ),
        back_to_call as (
            partition by tenant_id, other_phone10
            order by called_at desc, call_id desc
            rows between unbounded preceding and 1 preceding
        )
),

described as (
    select
        numbered.tenant_id,
        numbered.call_id,
        numbered.called_at,
        {{ local_date('numbered.called_at', 'tenants.timezone') }} as called_on_local,
        cast(
            extract(hour from numbered.called_at at time zone tenants.timezone) as integer
        ) as hour_local,
        numbered.direction,
        numbered.is_inbound,
        numbered.call_status,
        numbered.call_type,
        numbered.duration_seconds,
        coalesce(
            numbered.is_inbound
            and numbered.call_type in ({{ text_literals(lead_types) }})
            {%- if var('lead_call_excluded_types') %}
            and numbered.call_type not in ({{ text_literals(var('lead_call_excluded_types')) }})
            {%- endif %}
            and coalesce(numbered.duration_seconds, 0) >= {{ var('min_lead_call_seconds') }},
            false
        ) as is_lead,
        coalesce(numbered.is_inbound and numbered.call_type = 'Booked', false) as is_booked,
        numbered.call_reason_id,
        numbered.call_reason_name,
        numbered.agent_id,
        numbered.agent_name,
        numbered.campaign_id,
        coalesce(jobs.business_unit_id, leads.business_unit_id) as business_unit_id,
        coalesce(customers.canonical_id, numbered.customer_id, jobs.customer_id) as customer_id,
        numbered.lead_id,
        numbered.job_id,
        jobs.revenue_amount as job_revenue_amount,
        numbered.other_phone10,
        case
            when numbered.is_inbound
                then cast(
                    extract(epoch from numbered.next_outbound_at - numbered.called_at) / 60
                    as numeric(18, 2)
                )
        end as callback_minutes,
        coalesce(
            numbered.is_inbound
            and numbered.called_at - numbered.previous_inbound_at <= interval '7 days',
            false
        ) as is_repeat_caller_7d,
        numbered.has_recording,
        numbered.has_voice_mail
    from numbered
    inner join tenants on numbered.tenant_id = tenants.tenant_id
    left join customers
        on
            numbered.tenant_id = customers.tenant_id
            and numbered.customer_id = customers.customer_id
    left join jobs
        on
            numbered.tenant_id = jobs.tenant_id
            and numbered.job_id = jobs.job_id
    left join leads
        on
            numbered.tenant_id = leads.tenant_id
            and numbered.lead_id = leads.lead_id
),

{%- if is_incremental() %}

known as (
    select * from {{ this }}
),

-- A call is written again where anything it says is another. What it says depends on other calls of the
-- same number and on its job, so what was loaded lately would not tell.
final as (
    select described.*
    from described
    left join known
        on
            described.tenant_id = known.tenant_id
            and described.call_id = known.call_id
    where to_jsonb(described) is distinct from to_jsonb(known)
)
{%- else %}

final as (
    select * from described
)
{%- endif %}

select * from final

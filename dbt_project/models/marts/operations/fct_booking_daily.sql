with

calls as (
    select * from {{ ref('fct_calls') }}
    where is_inbound
),

counted as (
    select
        tenant_id,
        called_on_local,
        agent_id,
        business_unit_id,
        campaign_id,
        max(agent_name) as agent_name,
        count(*) as inbound_calls,
        count(*) filter (where is_lead) as lead_calls,
        count(*) filter (where is_lead and is_booked) as booked_lead_calls,
        count(*) filter (where call_type = 'Booked') as booked_calls,
        count(*) filter (where call_type = 'Unbooked') as unbooked_calls,
        count(*) filter (where call_type = 'Abandoned') as abandoned_calls,
        count(*) filter (where call_type = 'Excused') as excused_calls,
        count(*) filter (where call_type = 'NotLead') as not_lead_calls,
        count(*) filter (where call_type is null) as unclassified_calls
    from calls
    group by tenant_id, called_on_local, agent_id, business_unit_id, campaign_id
),

final as (
    select
        {{ surrogate_key([
            'tenant_id', 'called_on_local', 'agent_id', 'business_unit_id', 'campaign_id'
        ]) }} as booking_daily_key,
        tenant_id,
        called_on_local,
        agent_id,
        agent_name,
        business_unit_id,
        campaign_id,
        inbound_calls,
        lead_calls,
        booked_lead_calls,
        booked_calls,
        unbooked_calls,
        abandoned_calls,
        excused_calls,
        not_lead_calls,
        unclassified_calls,
        inbound_calls
        - booked_calls
        - unbooked_calls
        - abandoned_calls
        - excused_calls
        - not_lead_calls
        - unclassified_calls as other_calls,
        cast({{ safe_div('cast(booked_lead_calls as numeric)', 'lead_calls') }} as numeric(18, 6))
            as booking_rate
    from counted
)

select * from final

{%- set lookback = 'make_interval(hours => 24 * ' ~ var('attribution_lookback_days') ~ ')' -%}
with

tenants as (
    select
        tenant_id,
        timezone,
        as_of_date
    from {{ ref('int_tenants') }}
),

touches as (
    select * from {{ ref('int_touches__deduped') }}
),

conversions as (
    select * from {{ ref('int_conversions') }}
),

paths as (
    select * from {{ ref('int_attribution_paths') }}
),

-- Who has no customer is followed by the number, or stands alone.
events as (
    select
        tenant_id,
        coalesce('customer:' || customer_id, 'phone:' || phone10, touch_id) as visitor,
        touched_at as happened_at,
        1 as event_order,
        touch_id as event_id,
        channel
    from touches
    union all
    select
        tenant_id,
        'customer:' || customer_id as visitor,
        converted_at as happened_at,
        2 as event_order,
        cast(job_id as text) as event_id,
        null as channel
    from conversions
),

neighboured as (
    select
        *,
        lag(happened_at) over in_time as previous_at,
        lag(event_order) over in_time as previous_order,
        min(case when event_order = 2 then happened_at end) over (
            partition by tenant_id, visitor
            order by happened_at, event_order, event_id
            rows between current row and unbounded following
        ) as next_converted_at
    from events
    window in_time as (
        partition by tenant_id, visitor order by happened_at, event_order, event_id
    )
),

-- A journey ends with a conversion, or where nothing happens for the length of the lookback.
journeyed as (
    select
        *,
        sum(
            case
                when
                    previous_at is null
                    or previous_order = 2
                    or happened_at - previous_at > {{ lookback }}
                    then 1
                else 0
            end
        ) over (
            partition by tenant_id, visitor order by happened_at, event_order, event_id
        ) as journey_number
    from neighboured
),

journey_ends as (
    select
        tenant_id,
        visitor,
        journey_number,
        max(happened_at) as last_touched_at
    from journeyed
    group by tenant_id, visitor, journey_number
    having
        bool_and(event_order = 1)
        and coalesce(
            min(next_converted_at) > max(happened_at) + {{ lookback }},
            true
        )
),

lost_journeys as (
    select
        journey_ends.tenant_id,
        journey_ends.visitor,
        journey_ends.journey_number
    from journey_ends
    inner join tenants on journey_ends.tenant_id = tenants.tenant_id
    where
        {{ local_date('(journey_ends.last_touched_at + ' ~ lookback ~ ')', 'tenants.timezone') }}
        < tenants.as_of_date
),

steps as (
    select
        tenant_id,
        'job:' || job_id as path_id,
        '(conv)' as end_state,
        touched_at as happened_at,
        touch_id as event_id,
        channel
    from paths
    union all
    select
        journeyed.tenant_id,
        journeyed.visitor || '#' || journeyed.journey_number as path_id,
        '(null)' as end_state,
        journeyed.happened_at,
        journeyed.event_id,
        journeyed.channel
    from journeyed
    inner join lost_journeys
        on
            journeyed.tenant_id = lost_journeys.tenant_id
            and journeyed.visitor = lost_journeys.visitor
            and journeyed.journey_number = lost_journeys.journey_number
),

followed as (
    select
        tenant_id,
        end_state,
        channel,
        lag(channel) over in_order as previous_channel,
        lead(channel) over in_order as next_channel
    from steps
    window in_order as (
        partition by tenant_id, path_id, end_state order by happened_at, event_id
    )
),

moves as (
    select
        tenant_id,
        coalesce(previous_channel, '(start)') as from_state,
        channel as to_state
    from followed
    where previous_channel is distinct from channel
    union all
    select
        tenant_id,
        channel as from_state,
        end_state as to_state
    from followed
    where next_channel is null
),

counted as (
    select
        tenant_id,
        from_state,
        to_state,
        count(*) as transition_count
    from moves
    group by tenant_id, from_state, to_state
),

final as (
    select
        tenant_id,
        from_state,
        to_state,
        transition_count,
        cast(
            transition_count / sum(transition_count) over (partition by tenant_id, from_state)
            as numeric(18, 6)
        ) as probability
    from counted
)

select * from final

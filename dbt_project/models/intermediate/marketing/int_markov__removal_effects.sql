{%- set squarings = var('markov_squarings') -%}
with

transitions as (
    select
        tenant_id,
        from_state,
        to_state,
        cast(transition_count as double precision)
        / sum(transition_count) over (partition by tenant_id, from_state) as probability
    from {{ ref('int_markov__transitions') }}
),

channels as (
    select distinct
        tenant_id,
        to_state as channel
    from transitions
    where to_state not in ('(conv)', '(null)')
),

-- One matrix as it is, and one per channel without it.
scenarios as (
    select
        tenant_id,
        channel as removed_channel
    from channels
    union all
    select distinct
        tenant_id,
        '' as removed_channel
    from channels
),

-- Who would have come to a channel that is gone is lost.
matrix_entries as (
    select
        scenarios.tenant_id,
        scenarios.removed_channel,
        transitions.from_state,
        case
            when transitions.to_state = scenarios.removed_channel then '(null)'
            else transitions.to_state
        end as to_state,
        transitions.probability
    from scenarios
    inner join transitions
        on
            scenarios.tenant_id = transitions.tenant_id
            and scenarios.removed_channel <> transitions.from_state
    union all
    select
        tenant_id,
        removed_channel,
        '(conv)' as from_state,
        '(conv)' as to_state,
        1 as probability
    from scenarios
),

-- The lost are left out: nothing leads from there to a conversion.
power_0 as (
    select
        tenant_id,
        removed_channel,
        from_state,
        to_state,
        sum(probability) as probability
    from matrix_entries
    where to_state <> '(null)'
    group by tenant_id, removed_channel, from_state, to_state
),
{% for squaring in range(1, squarings + 1) %}
power_{{ squaring }} as (
    select
        earlier.tenant_id,
        earlier.removed_channel,
        earlier.from_state,
        later.to_state,
        sum(earlier.probability * later.probability) as probability
    from power_{{ squaring - 1 }} as earlier
    inner join power_{{ squaring - 1 }} as later
        on
            earlier.tenant_id = later.tenant_id
            and earlier.removed_channel = later.removed_channel
            and earlier.to_state = later.from_state
    group by earlier.tenant_id, earlier.removed_channel, earlier.from_state, later.to_state
),
{% endfor %}
conversion_rates as (
    select
        tenant_id,
        removed_channel,
        probability
    from power_{{ squarings }}
    where from_state = '(start)' and to_state = '(conv)'
),

compared as (
    select
        channels.tenant_id,
        channels.channel,
        coalesce(base.probability, 0) as base_probability,
        coalesce(without_it.probability, 0) as probability_without
    from channels
    left join conversion_rates as base
        on channels.tenant_id = base.tenant_id and base.removed_channel = ''
    left join conversion_rates as without_it
        on
            channels.tenant_id = without_it.tenant_id
            and channels.channel = without_it.removed_channel
),

final as (
    select
        tenant_id,
        channel,
        cast(base_probability as numeric(18, 6)) as base_probability,
        cast(probability_without as numeric(18, 6)) as probability_without,
        cast(
            greatest(
                0, coalesce(1 - {{ safe_div('probability_without', 'base_probability') }}, 0)
            ) as numeric(18, 6)
        ) as removal_effect
    from compared
)

select * from final

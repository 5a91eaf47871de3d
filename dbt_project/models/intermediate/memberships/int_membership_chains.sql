with recursive

intervals as (
    select * from {{ ref('int_membership_status_intervals') }}
),

renewals as (
    select
        tenant_id,
        membership_id as predecessor_id,
        renewed_by_id as membership_id
    from {{ ref('stg_servicetitan__memberships') }}
    where is_active and renewed_by_id is not null and renewed_by_id <> membership_id
),

-- Where each membership stands: what is not over has no end.
memberships as (
    select
        tenant_id,
        membership_id,
        customer_id,
        location_id,
        membership_type_id,
        started_on,
        to_date,
        status,
        case when status in ('Expired', 'Canceled') then valid_from end as ended_on,
        -- A cancellation ends on its date, a term on its last day.
        case status when 'Expired' then valid_from - 1 when 'Canceled' then valid_from end
            as last_day
    from intervals
    where valid_to is null
),

-- Two memberships that one renews: it goes on with the one that began first.
links as (
    select distinct on (successors.tenant_id, successors.membership_id)
        successors.tenant_id,
        successors.membership_id,
        predecessors.membership_id as predecessor_id
    from renewals
    inner join memberships as predecessors
        on
            renewals.tenant_id = predecessors.tenant_id
            and renewals.predecessor_id = predecessors.membership_id
    inner join memberships as successors
        on
            renewals.tenant_id = successors.tenant_id
            and renewals.membership_id = successors.membership_id
    where
        successors.started_on
        <= coalesce(predecessors.last_day, predecessors.to_date, successors.started_on)
        + {{ var('renewal_grace_days') }}
    order by
        successors.tenant_id asc,
        successors.membership_id asc,
        predecessors.started_on asc,
        predecessors.membership_id asc
),

linked as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        links.predecessor_id
    from memberships
    left join links
        on
            memberships.tenant_id = links.tenant_id
            and memberships.membership_id = links.membership_id
),

{{ resolve_chains('linked', 'membership_id', 'predecessor_id') }},

chained as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        coalesce(chain_ends.end_id, memberships.membership_id) as chain_id,
        linked.predecessor_id,
        memberships.customer_id,
        memberships.location_id,
        memberships.membership_type_id,
        memberships.status,
        memberships.started_on,
        memberships.ended_on,
        memberships.last_day,
        coalesce(chain_ends.is_cycle, false) as is_renewal_cycle,
        coalesce(chain_ends.depth, 0) as steps_back
    from memberships
    inner join linked
        on
            memberships.tenant_id = linked.tenant_id
            and memberships.membership_id = linked.membership_id
    left join chain_ends
        on
            memberships.tenant_id = chain_ends.tenant_id
            and memberships.membership_id = chain_ends.start_id
),

final as (
    select
        tenant_id,
        membership_id,
        chain_id,
        row_number() over chain_order as chain_position,
        predecessor_id,
        customer_id,
        location_id,
        membership_type_id,
        -- What it became later would make a type look longer lived than it is.
        first_value(membership_type_id) over chain_order as chain_membership_type_id,
        last_value(customer_id) over chain_order as chain_customer_id,
        status,
        started_on,
        ended_on,
        lead(started_on) over chain_order as renewed_on,
        first_value(started_on) over chain_order as chain_started_on,
        last_value(ended_on) over chain_order as chain_ended_on,
        last_value(status) over chain_order as chain_status,
        is_renewal_cycle
    from chained
    window chain_order as (
        partition by tenant_id, chain_id
        order by steps_back asc, started_on asc, membership_id asc
        rows between unbounded preceding and unbounded following
    )
)

select * from final

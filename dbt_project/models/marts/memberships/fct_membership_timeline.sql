with

intervals as (
    select * from {{ ref('int_membership_status_intervals') }}
),

chains as (
    select
        tenant_id,
        membership_id,
        chain_id
    from {{ ref('int_membership_chains') }}
),

final as (
    select
        intervals.tenant_id,
        intervals.membership_id,
        intervals.valid_from,
        intervals.valid_to,
        intervals.status,
        intervals.source,
        intervals.is_active,
        chains.chain_id,
        intervals.customer_id,
        intervals.location_id,
        intervals.membership_type_id,
        intervals.started_on
    from intervals
    inner join chains
        on
            intervals.tenant_id = chains.tenant_id
            and intervals.membership_id = chains.membership_id
)

select * from final

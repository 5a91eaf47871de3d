with recursive

locations as (
    select
        tenant_id,
        location_id,
        customer_id,
        merged_to_id,
        is_active
    from {{ ref('stg_servicetitan__locations') }}
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

{{ resolve_chains('locations', 'location_id', 'merged_to_id') }},

resolved as (
    select
        locations.tenant_id,
        locations.location_id,
        coalesce(chain_ends.end_id, locations.location_id) as canonical_id,
        locations.merged_to_id,
        coalesce(chain_ends.depth, 0) as merge_depth,
        coalesce(chain_ends.is_cycle, false) as is_merge_cycle,
        locations.merged_to_id is not null and chain_ends.start_id is null
            as is_merge_target_missing,
        locations.is_active
    from locations
    left join chain_ends
        on
            locations.tenant_id = chain_ends.tenant_id
            and locations.location_id = chain_ends.start_id
),

final as (
    select
        resolved.tenant_id,
        resolved.location_id,
        resolved.canonical_id,
        coalesce(customers.canonical_id, canonical_locations.customer_id) as customer_id,
        resolved.merged_to_id,
        resolved.merged_to_id is not null as is_merged,
        resolved.merge_depth,
        resolved.is_merge_cycle,
        resolved.is_merge_target_missing,
        resolved.is_active
    from resolved
    inner join locations as canonical_locations
        on
            resolved.tenant_id = canonical_locations.tenant_id
            and resolved.canonical_id = canonical_locations.location_id
    left join customers
        on
            canonical_locations.tenant_id = customers.tenant_id
            and canonical_locations.customer_id = customers.customer_id
)

select * from final

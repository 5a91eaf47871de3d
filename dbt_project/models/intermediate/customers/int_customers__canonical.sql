with recursive

customers as (
    select
        tenant_id,
        customer_id,
        merged_to_id,
        is_active
    from {{ ref('stg_servicetitan__customers') }}
),

{{ resolve_chains('customers', 'customer_id', 'merged_to_id') }},

final as (
    select
        customers.tenant_id,
        customers.customer_id,
        coalesce(chain_ends.end_id, customers.customer_id) as canonical_id,
        customers.merged_to_id,
        customers.merged_to_id is not null as is_merged,
        coalesce(chain_ends.depth, 0) as merge_depth,
        coalesce(chain_ends.is_cycle, false) as is_merge_cycle,
        customers.merged_to_id is not null and chain_ends.start_id is null
            as is_merge_target_missing,
        customers.is_active
    from customers
    left join chain_ends
        on
            customers.tenant_id = chain_ends.tenant_id
            and customers.customer_id = chain_ends.start_id
)

select * from final

{#
  The end of every chain of pointers: merges (`merged_to_id`) and adjustments (`adjustment_to_id`).

  Gives three CTEs for a `with recursive`: chain_links, chain_walk and chain_ends, the last with one row per row that
  points anywhere: tenant_id, start_id, end_id, depth and is_cycle. A chain ends at the last row that exists, so a
  target that has not been extracted yet leaves its followers where they are. In a cycle everyone, also who only
  leads into it, ends at the lowest id of the cycle.

  nodes: a CTE or relation with tenant_id, `id` and `next_id`.
#}
{% macro resolve_chains(nodes, id, next_id) -%}
chain_links as (
    select
        pointing.tenant_id,
        pointing.{{ id }} as from_id,
        pointing.{{ next_id }} as to_id
    from {{ nodes }} as pointing
    inner join {{ nodes }} as target
        on
            pointing.tenant_id = target.tenant_id
            and pointing.{{ next_id }} = target.{{ id }}
    where pointing.{{ next_id }} is not null
),

chain_walk as (
    select
        chain_links.tenant_id,
        chain_links.from_id as start_id,
        chain_links.to_id as reached_id,
        array[chain_links.from_id] as path,
        chain_links.from_id = chain_links.to_id as is_cycle
    from chain_links
    union all
    select
        chain_walk.tenant_id,
        chain_walk.start_id,
        chain_links.to_id as reached_id,
        chain_walk.path || chain_links.from_id as path,
        chain_links.to_id = any(chain_walk.path || chain_links.from_id) as is_cycle
    from chain_walk
    inner join chain_links
        on
            chain_walk.tenant_id = chain_links.tenant_id
            and chain_walk.reached_id = chain_links.from_id
    where not chain_walk.is_cycle
),

chain_ends as (
    select distinct on (tenant_id, start_id)
        tenant_id,
        start_id,
        case
            when is_cycle
                then (
                    select min(members.member_id)
                    from
                        unnest(
                            path[array_position(path, reached_id):cardinality(path)]
                        ) as members (member_id)
                )
            else reached_id
        end as end_id,
        cardinality(path) as depth,
        is_cycle
    from chain_walk
    order by tenant_id asc, start_id asc, cardinality(path) desc
)
{%- endmacro %}

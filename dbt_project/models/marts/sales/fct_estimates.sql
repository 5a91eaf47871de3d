with

estimates as (
    select * from {{ ref('stg_servicetitan__estimates') }}
    where not is_deleted
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

locations as (
    select
        tenant_id,
        location_id,
        canonical_id
    from {{ ref('int_locations__canonical') }}
),

-- The stream of items does not say which estimate an item belongs to; the estimate lists its own.
items as (
    select
        tenant_id,
        estimate_id,
        count(*) as item_count,
        sum(total_cost_amount) as cost_amount
    from {{ ref('stg_servicetitan__estimate_embedded_items') }}
    group by tenant_id, estimate_id
),

final as (
    select
        estimates.tenant_id,
        estimates.estimate_id,
        estimates.job_id,
        estimates.project_id,
        coalesce(customers.canonical_id, estimates.customer_id) as customer_id,
        coalesce(locations.canonical_id, estimates.location_id) as location_id,
        estimates.business_unit_id,
        estimates.sold_by_id,
        estimates.estimate_name,
        estimates.estimate_status,
        estimates.is_active,
        estimates.is_change_order,
        estimates.is_recommended,
        coalesce(estimates.is_active and estimates.estimate_status = 'Sold', false) as is_sold,
        {{ local_date('estimates.created_at', 'tenants.timezone') }} as created_on_local,
        case
            when estimates.estimate_status = 'Sold'
                then {{ local_date('estimates.sold_at', 'tenants.timezone') }}
        end as sold_on_local,
        coalesce(estimates.subtotal_amount, 0) as subtotal_amount,
        coalesce(estimates.tax_amount, 0) as tax_amount,
        cast(
            case
                when estimates.is_active and estimates.estimate_status = 'Sold'
                    then coalesce(estimates.subtotal_amount, 0)
                else 0
            end as numeric(18, 2)
        ) as sold_amount,
        cast(coalesce(items.cost_amount, 0) as numeric(18, 2)) as cost_amount,
        cast(coalesce(items.item_count, 0) as integer) as item_count
    from estimates
    inner join tenants on estimates.tenant_id = tenants.tenant_id
    left join customers
        on
            estimates.tenant_id = customers.tenant_id
            and estimates.customer_id = customers.customer_id
    left join locations
        on
            estimates.tenant_id = locations.tenant_id
            and estimates.location_id = locations.location_id
    left join items
        on
            estimates.tenant_id = items.tenant_id
            and estimates.estimate_id = items.estimate_id
)

select * from final

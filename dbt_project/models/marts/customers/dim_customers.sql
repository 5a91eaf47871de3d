with

customers as (
    select * from {{ ref('stg_servicetitan__customers') }}
),

canonical_customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

canonical_locations as (
    select
        tenant_id,
        location_id,
        canonical_id,
        customer_id,
        is_active
    from {{ ref('int_locations__canonical') }}
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

-- Who was merged away has been a customer since before.
merged as (
    select
        customers.*,
        canonical_customers.canonical_id,
        count(*) over same_customer - 1 as merged_customer_count,
        min(customers.created_at) over same_customer as first_created_at
    from canonical_customers
    inner join customers
        on
            canonical_customers.tenant_id = customers.tenant_id
            and canonical_customers.customer_id = customers.customer_id
    window
        same_customer as (
            partition by canonical_customers.tenant_id, canonical_customers.canonical_id
        )
),

location_counts as (
    select
        tenant_id,
        customer_id,
        count(*) as location_count
    from canonical_locations
    where location_id = canonical_id and is_active
    group by tenant_id, customer_id
),

final as (
    select
        merged.tenant_id,
        merged.customer_id,
        merged.customer_name,
        merged.customer_type,
        merged.street,
        merged.unit,
        merged.city,
        merged.state,
        merged.zip5,
        merged.country,
        merged.latitude,
        merged.longitude,
        {{ local_date('merged.first_created_at', 'tenants.timezone') }} as created_on_local,
        cast(merged.merged_customer_count as integer) as merged_customer_count,
        cast(coalesce(location_counts.location_count, 0) as integer) as location_count,
        coalesce(merged.is_tax_exempt, false) as is_tax_exempt,
        coalesce(merged.is_do_not_mail, false) as is_do_not_mail,
        coalesce(merged.is_do_not_service, false) as is_do_not_service,
        coalesce(merged.is_national_account, false) as is_national_account,
        merged.is_active,
        merged.is_deleted
    from merged
    inner join tenants on merged.tenant_id = tenants.tenant_id
    left join location_counts
        on
            merged.tenant_id = location_counts.tenant_id
            and merged.customer_id = location_counts.customer_id
    where merged.customer_id = merged.canonical_id
)

select * from final

with recursive

invoices as not materialized (
    select * from {{ ref('stg_servicetitan__invoices') }}
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

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

{{ resolve_chains('invoices', 'invoice_id', 'adjustment_to_id') }},

rooted as (
    select
        invoices.tenant_id,
        invoices.invoice_id,
        coalesce(chain_ends.end_id, invoices.invoice_id) as root_invoice_id,
        coalesce(chain_ends.depth, 0) as adjustment_depth,
        coalesce(chain_ends.is_cycle, false) as is_adjustment_cycle,
        invoices.adjustment_to_id is not null and chain_ends.start_id is null as is_root_missing
    from invoices
    left join chain_ends
        on
            invoices.tenant_id = chain_ends.tenant_id
            and invoices.invoice_id = chain_ends.start_id
),

inherited as (
    select
        rooted.tenant_id,
        rooted.invoice_id,
        rooted.root_invoice_id,
        invoices.adjustment_to_id,
        rooted.adjustment_depth,
        rooted.is_adjustment_cycle,
        rooted.is_root_missing,
        coalesce(invoices.job_id, roots.job_id) as job_id,
        coalesce(invoices.project_id, roots.project_id) as project_id,
        coalesce(invoices.customer_id, roots.customer_id) as customer_id,
        coalesce(invoices.location_id, roots.location_id) as location_id,
        coalesce(invoices.membership_id, roots.membership_id) as membership_id,
        coalesce(invoices.business_unit_id, roots.business_unit_id) as business_unit_id,
        invoices.invoice_number,
        invoices.invoice_configuration,
        invoices.invoice_date,
        invoices.due_date,
        invoices.sub_total_amount,
        invoices.sales_tax_amount,
        invoices.total_amount,
        invoices.balance_amount,
        invoices.is_active,
        invoices.created_at
    from rooted
    inner join invoices
        on
            rooted.tenant_id = invoices.tenant_id
            and rooted.invoice_id = invoices.invoice_id
    inner join invoices as roots
        on
            rooted.tenant_id = roots.tenant_id
            and rooted.root_invoice_id = roots.invoice_id
),

final as (
    select
        inherited.tenant_id,
        inherited.invoice_id,
        inherited.root_invoice_id,
        inherited.adjustment_to_id,
        inherited.adjustment_to_id is not null as is_adjustment,
        inherited.adjustment_depth,
        inherited.is_adjustment_cycle,
        inherited.is_root_missing,
        inherited.job_id,
        inherited.project_id,
        coalesce(customers.canonical_id, inherited.customer_id) as customer_id,
        coalesce(locations.canonical_id, inherited.location_id) as location_id,
        inherited.membership_id,
        inherited.business_unit_id,
        inherited.invoice_number,
        inherited.invoice_configuration,
        coalesce(
            inherited.invoice_date,
            {{ local_date('inherited.created_at', 'tenants.timezone') }}
        ) as invoice_date,
        inherited.due_date,
        inherited.sub_total_amount,
        inherited.sales_tax_amount,
        inherited.total_amount,
        inherited.balance_amount,
        inherited.is_active
    from inherited
    inner join tenants on inherited.tenant_id = tenants.tenant_id
    left join customers
        on
            inherited.tenant_id = customers.tenant_id
            and inherited.customer_id = customers.customer_id
    left join locations
        on
            inherited.tenant_id = locations.tenant_id
            and inherited.location_id = locations.location_id
)

select * from final

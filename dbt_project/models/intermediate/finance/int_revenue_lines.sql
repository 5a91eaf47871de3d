with

invoices as (
    select * from {{ ref('int_invoices__rooted') }}
),

streamed_items as not materialized (
    select * from {{ ref('stg_servicetitan__invoice_items') }}
),

embedded_items as (
    select * from {{ ref('stg_servicetitan__invoice_embedded_items') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        job_status,
        business_unit_id,
        completed_at
    from {{ ref('stg_servicetitan__jobs') }}
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

gl_overrides as (
    select
        tenant_id,
        gl_account_id,
        gl_account_type
    from {{ ref('gl_overrides') }}
),

-- An invoice's lines come from the item feed; only an invoice that the feed does not know is read
-- from the lines embedded in it. Never both.
items as (
    select
        streamed_items.tenant_id,
        streamed_items.invoice_item_id,
        streamed_items.invoice_id,
        streamed_items.sku_id,
        streamed_items.gl_account_id,
        streamed_items.gl_account_type,
        streamed_items.business_unit_id,
        streamed_items.technician_id,
        streamed_items.membership_type_id,
        streamed_items.estimate_item_id,
        streamed_items.item_type,
        streamed_items.sku_name,
        streamed_items.quantity,
        streamed_items.total_amount,
        streamed_items.total_cost_amount,
        streamed_items.sold_hours,
        streamed_items.created_at
    from streamed_items
    where streamed_items.is_active and streamed_items.is_chargeable is not false
    union all
    select
        embedded_items.tenant_id,
        embedded_items.invoice_item_id,
        embedded_items.invoice_id,
        embedded_items.sku_id,
        embedded_items.gl_account_id,
        embedded_items.gl_account_type,
        embedded_items.business_unit_id,
        embedded_items.technician_id,
        embedded_items.membership_type_id,
        embedded_items.estimate_item_id,
        embedded_items.item_type,
        embedded_items.sku_name,
        embedded_items.quantity,
        embedded_items.total_amount,
        embedded_items.total_cost_amount,
        embedded_items.sold_hours,
        cast(null as timestamptz) as created_at
    from embedded_items
    where
        embedded_items.is_active
        and embedded_items.is_chargeable is not false
        and not exists (
            select 1
            from streamed_items
            where
                streamed_items.tenant_id = embedded_items.tenant_id
                and streamed_items.invoice_id = embedded_items.invoice_id
        )
        and not exists (
            select 1
            from streamed_items
            where
                streamed_items.tenant_id = embedded_items.tenant_id
                and streamed_items.invoice_item_id = embedded_items.invoice_item_id
        )
),

lines as (
    select
        items.tenant_id,
        items.invoice_item_id,
        items.invoice_id,
        invoices.root_invoice_id,
        invoices.job_id,
        invoices.project_id,
        invoices.customer_id,
        invoices.location_id,
        invoices.membership_id,
        coalesce(items.business_unit_id, jobs.business_unit_id, invoices.business_unit_id)
            as business_unit_id,
        items.sku_id,
        items.gl_account_id,
        items.technician_id,
        items.membership_type_id,
        items.estimate_item_id,
        items.item_type,
        items.sku_name,
        coalesce(gl_overrides.gl_account_type, items.gl_account_type) as gl_account_type,
        invoices.invoice_configuration,
        invoices.invoice_date,
        case
            when invoices.is_adjustment then 'adjustment'
            when invoices.job_id is not null then 'job'
            when
                invoices.invoice_configuration = 'MembershipInvoice'
                or invoices.membership_id is not null
                then 'membership'
            else 'non_job'
        end as revenue_kind,
        jobs.job_status,
        {{ local_date('jobs.completed_at', 'tenants.timezone') }} as job_completed_on_local,
        coalesce(items.quantity, 1) as quantity,
        coalesce(items.total_amount, 0) as line_amount,
        coalesce(items.total_cost_amount, 0) as total_cost_amount,
        coalesce(items.sold_hours, 0) as sold_hours,
        items.created_at
    from items
    inner join invoices
        on
            items.tenant_id = invoices.tenant_id
            and items.invoice_id = invoices.invoice_id
    inner join tenants on items.tenant_id = tenants.tenant_id
    left join jobs
        on
            invoices.tenant_id = jobs.tenant_id
            and invoices.job_id = jobs.job_id
    left join gl_overrides
        on
            items.tenant_id = gl_overrides.tenant_id
            and items.gl_account_id = gl_overrides.gl_account_id
    where
        invoices.is_active
        and invoices.invoice_configuration is distinct from 'ARImportInvoice'
),

classified as (
    select
        *,
        -- Null without an account type: neither income nor not.
        gl_account_type in ({{ text_literals(var('income_gl_types')) }}) as is_income
    from lines
),

final as (
    select
        tenant_id,
        invoice_item_id,
        invoice_id,
        root_invoice_id,
        job_id,
        project_id,
        customer_id,
        location_id,
        membership_id,
        business_unit_id,
        sku_id,
        gl_account_id,
        technician_id,
        membership_type_id,
        estimate_item_id,
        revenue_kind,
        case
            when revenue_kind = 'job' then coalesce(job_completed_on_local, invoice_date)
            else invoice_date
        end as revenue_date,
        revenue_kind <> 'job' or coalesce(job_status, '') = 'Completed' as is_recognised,
        item_type,
        sku_name,
        gl_account_type,
        invoice_configuration,
        invoice_date,
        job_status,
        quantity,
        cast(line_amount as numeric(18, 2)) as line_amount,
        cast(case when is_income then line_amount else 0 end as numeric(18, 2)) as revenue_amount,
        cast(case when not is_income then line_amount else 0 end as numeric(18, 2))
            as non_income_amount,
        cast(case when is_income is null then line_amount else 0 end as numeric(18, 2))
            as unmapped_amount,
        total_cost_amount,
        cast(
            sold_hours * {{ 'quantity' if var('sold_hours_is_per_unit') else '1' }}
            as numeric(12, 4)
        ) as sold_hours,
        created_at
    from classified
)

select * from final

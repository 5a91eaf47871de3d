with recursive

jobs as not materialized (
    select * from {{ ref('stg_servicetitan__jobs') }}
    where not is_deleted
),

job_links as (
    select
        tenant_id,
        job_id,
        recall_for_job_id
    from jobs
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

job_types as (
    select
        tenant_id,
        job_type_id,
        sold_threshold_amount
    from {{ ref('stg_servicetitan__job_types') }}
),

recurring_visits as (
    select distinct
        tenant_id,
        job_id
    from {{ ref('stg_servicetitan__recurring_service_events') }}
    where is_active and job_id is not null
),

job_revenue as (
    select * from {{ ref('int_jobs__revenue') }}
),

{{ resolve_chains('job_links', 'job_id', 'recall_for_job_id') }},

-- A chain that ends at a job which is a recall itself has lost its first job, or runs in a circle.
recall_roots as (
    select
        job_links.tenant_id,
        job_links.job_id,
        coalesce(chain_ends.end_id, job_links.job_id) as root_job_id,
        roots.recall_for_job_id is not null as is_root_missing
    from job_links
    left join chain_ends
        on
            job_links.tenant_id = chain_ends.tenant_id
            and job_links.job_id = chain_ends.start_id
    left join job_links as roots
        on
            job_links.tenant_id = roots.tenant_id
            and coalesce(chain_ends.end_id, job_links.job_id) = roots.job_id
    where job_links.recall_for_job_id is not null
),

joined as (
    select
        jobs.tenant_id,
        jobs.job_id,
        jobs.job_number,
        coalesce(customers.canonical_id, jobs.customer_id) as customer_id,
        coalesce(locations.canonical_id, jobs.location_id) as location_id,
        jobs.project_id,
        jobs.business_unit_id,
        jobs.job_type_id,
        jobs.campaign_id,
        jobs.membership_id,
        jobs.lead_call_id,
        jobs.booking_id,
        jobs.job_status,
        jobs.created_at,
        case when jobs.job_status = 'Completed' then jobs.completed_at end as completed_at,
        tenants.timezone,
        coalesce(jobs.job_status = 'Completed', false) as is_completed,
        jobs.is_no_charge,
        jobs.recall_for_job_id as recall_for_id,
        coalesce(recall_roots.root_job_id, jobs.job_id) as root_job_id,
        coalesce(recall_roots.is_root_missing, false) as is_root_missing,
        jobs.recall_for_job_id is not null as is_recall,
        jobs.warranty_job_id is not null as is_warranty,
        jobs.lead_source_job_id is not null as is_tech_generated,
        recurring_visits.job_id is not null as is_recurring_visit,
        jobs.created_from_estimate_id is not null as is_sold_work,
        coalesce(job_revenue.revenue_amount, 0) as revenue_amount,
        coalesce(job_revenue.original_revenue, 0) as original_revenue,
        coalesce(job_revenue.invoice_subtotal, 0) as invoice_subtotal,
        coalesce(job_revenue.sold_hours, 0) as sold_hours,
        coalesce(job_revenue.sold_estimate_amount, 0) as sold_estimate_amount,
        coalesce(job_types.sold_threshold_amount, {{ var('default_sold_threshold') }})
            as sold_threshold
    from jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    left join customers
        on
            jobs.tenant_id = customers.tenant_id
            and jobs.customer_id = customers.customer_id
    left join locations
        on
            jobs.tenant_id = locations.tenant_id
            and jobs.location_id = locations.location_id
    left join job_types
        on
            jobs.tenant_id = job_types.tenant_id
            and jobs.job_type_id = job_types.job_type_id
    left join recurring_visits
        on
            jobs.tenant_id = recurring_visits.tenant_id
            and jobs.job_id = recurring_visits.job_id
    left join job_revenue
        on
            jobs.tenant_id = job_revenue.tenant_id
            and jobs.job_id = job_revenue.job_id
    left join recall_roots
        on
            jobs.tenant_id = recall_roots.tenant_id
            and jobs.job_id = recall_roots.job_id
),

converted as (
    select
        *,
        is_completed and greatest(invoice_subtotal, sold_estimate_amount) >= sold_threshold
            as is_converted
    from joined
),

final as (
    select
        tenant_id,
        job_id,
        job_number,
        customer_id,
        location_id,
        project_id,
        business_unit_id,
        job_type_id,
        campaign_id,
        membership_id,
        lead_call_id,
        booking_id,
        job_status,
        created_at,
        completed_at,
        {{ local_date('created_at', 'timezone') }} as created_on_local,
        {{ local_date('completed_at', 'timezone') }} as completed_on_local,
        is_completed,
        is_no_charge,
        recall_for_id,
        root_job_id,
        is_root_missing,
        is_recall,
        is_warranty,
        is_tech_generated,
        is_recurring_visit,
        is_sold_work,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(original_revenue as numeric(18, 2)) as original_revenue,
        cast(invoice_subtotal as numeric(18, 2)) as invoice_subtotal,
        cast(sold_hours as numeric(12, 4)) as sold_hours,
        cast(sold_estimate_amount as numeric(18, 2)) as sold_estimate_amount,
        cast(sold_threshold as numeric(18, 2)) as sold_threshold,
        is_converted,
        is_completed
        and (not is_no_charge or is_converted)
        {%- if var('exclude_sold_work_from_conversion') %}
        and not is_sold_work
        {%- endif %}
            as is_opportunity
    from converted
)

select * from final

with

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
),

weights as (
    select * from {{ ref('int_jobs__technician_weights') }}
),

costs as (
    select
        tenant_id,
        job_id,
        direct_cost
    from {{ ref('int_jobs__costs') }}
),

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

recalls as (
    select
        jobs.tenant_id,
        jobs.job_id,
        case when not jobs.is_root_missing then jobs.root_job_id end as root_job_id,
        jobs.recall_for_id,
        jobs.job_number,
        jobs.customer_id,
        jobs.location_id,
        jobs.business_unit_id,
        jobs.job_type_id,
        jobs.job_status,
        jobs.created_on_local,
        jobs.completed_on_local,
        tenants.as_of_date
    from jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    where jobs.is_recall
),

recalled_jobs as (
    select distinct
        tenant_id,
        root_job_id
    from recalls
),

root_technicians as (
    select
        weights.tenant_id,
        weights.job_id,
        string_agg(
            cast(weights.technician_id as text), ','
            order by weights.weight desc, weights.technician_id asc
        ) as technician_ids
    from weights
    inner join recalled_jobs
        on
            weights.tenant_id = recalled_jobs.tenant_id
            and weights.job_id = recalled_jobs.root_job_id
    group by weights.tenant_id, weights.job_id
),

joined as (
    select
        recalls.*,
        roots.job_type_id as root_job_type_id,
        roots.business_unit_id as root_business_unit_id,
        roots.completed_on_local as root_completed_on_local,
        coalesce(root_technicians.technician_ids, '-1') as root_technician_ids,
        recalls.created_on_local - roots.completed_on_local as days_since,
        coalesce(costs.direct_cost, 0) as direct_cost
    from recalls
    left join jobs as roots
        on
            recalls.tenant_id = roots.tenant_id
            and recalls.root_job_id = roots.job_id
    left join root_technicians
        on
            recalls.tenant_id = root_technicians.tenant_id
            and recalls.root_job_id = root_technicians.job_id
    left join costs
        on
            recalls.tenant_id = costs.tenant_id
            and recalls.job_id = costs.job_id
),

final as (
    select
        tenant_id,
        job_id,
        root_job_id,
        recall_for_id,
        job_number,
        customer_id,
        location_id,
        business_unit_id,
        job_type_id,
        root_business_unit_id,
        root_job_type_id,
        root_technician_ids,
        job_status,
        created_on_local,
        completed_on_local,
        root_completed_on_local,
        days_since,
        cast(direct_cost as numeric(18, 2)) as direct_cost,
        coalesce(days_since <= {{ var('recall_window_days') }}, false) as within_window,
        coalesce(
            root_completed_on_local <= as_of_date - {{ var('recall_window_days') }},
            false
        ) as is_root_mature,
        coalesce(
            days_since <= {{ var('recall_window_days') }}
            and root_completed_on_local <= as_of_date - {{ var('recall_window_days') }}
            and job_status <> 'Canceled',
            false
        ) as is_counted
    from joined
)

select * from final

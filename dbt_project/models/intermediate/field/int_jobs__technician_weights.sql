with

jobs as (
    select
        tenant_id,
        job_id
    from {{ ref('int_jobs__enriched') }}
),

splits as (
    select * from {{ ref('stg_servicetitan__job_splits') }}
),

intervals as (
    select * from {{ ref('int_time_intervals') }}
),

assignments as (
    select * from {{ ref('stg_servicetitan__appointment_assignments') }}
),

appointments as (
    select * from {{ ref('stg_servicetitan__appointments') }}
),

revenue_lines as (  -- noqa: ST03
    select * from {{ ref('int_revenue_lines') }}
),

-- Every basis a job has; the lowest rank is the one that counts.
candidates as (
    {%- if var('split_basis') == 'item_technician' %}
    select
        tenant_id,
        job_id,
        technician_id,
        0 as basis_rank,
        'item_technician' as weight_basis,
        sum(revenue_amount) as claim
    from revenue_lines
    where is_recognised and technician_id is not null and job_id is not null
    group by tenant_id, job_id, technician_id
    having sum(revenue_amount) > 0
    union all
    {%- endif %}
    select
        tenant_id,
        job_id,
        technician_id,
        1 as basis_rank,
        'job_splits' as weight_basis,
        sum(split_percent) as claim
    from splits
    where is_active and split_percent > 0 and technician_id is not null
    group by tenant_id, job_id, technician_id
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        2 as basis_rank,
        'onsite_hours' as weight_basis,
        sum(hours) as claim
    from intervals
    where interval_type = 'onsite' and hours > 0
    group by tenant_id, job_id, technician_id
    union all
    select
        assignments.tenant_id,
        assignments.job_id,
        assignments.technician_id,
        3 as basis_rank,
        'assignments' as weight_basis,
        1 as claim
    from assignments
    left join appointments
        on
            assignments.tenant_id = appointments.tenant_id
            and assignments.appointment_id = appointments.appointment_id
    where
        assignments.is_active
        and assignments.technician_id is not null
        and coalesce(appointments.is_active and not appointments.is_unused, true)
    group by assignments.tenant_id, assignments.job_id, assignments.technician_id
),

ranked as (
    select
        *,
        min(basis_rank) over (partition by tenant_id, job_id) as best_rank
    from candidates
),

weighed as (
    select
        tenant_id,
        job_id,
        technician_id,
        weight_basis,
        claim / sum(claim) over (partition by tenant_id, job_id) as weight
    from ranked
    where basis_rank = best_rank
),

final as (
    select
        jobs.tenant_id,
        jobs.job_id,
        coalesce(weighed.technician_id, -1) as technician_id,
        cast(coalesce(weighed.weight, 1) as numeric(18, 6)) as weight,
        coalesce(weighed.weight_basis, 'none') as weight_basis
    from jobs
    left join weighed
        on
            jobs.tenant_id = weighed.tenant_id
            and jobs.job_id = weighed.job_id
)

select * from final

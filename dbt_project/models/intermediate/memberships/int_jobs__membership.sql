with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
    where is_completed
),

intervals as (
    select * from {{ ref('int_membership_status_intervals') }}
    where is_active
),

chains as (
    select
        tenant_id,
        membership_id,
        chain_id
    from {{ ref('int_membership_chains') }}
),

completed as (
    select
        jobs.tenant_id,
        jobs.job_id,
        jobs.customer_id,
        jobs.location_id,
        jobs.membership_id,
        jobs.completed_on_local,
        jobs.revenue_amount,
        jobs.is_opportunity,
        jobs.is_converted
    from jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    where jobs.completed_on_local <= tenants.as_of_date
),

-- A job belongs to one membership at most: the one it names, else the one of its location, else
-- the oldest its customer has.
covered as (
    select distinct on (completed.tenant_id, completed.job_id)
        completed.tenant_id,
        completed.job_id,
        intervals.membership_id,
        chains.chain_id
    from completed
    inner join intervals
        on
            completed.tenant_id = intervals.tenant_id
            and completed.customer_id = intervals.customer_id
            and completed.completed_on_local >= intervals.valid_from
            and completed.completed_on_local < coalesce(intervals.valid_to, 'infinity')
    inner join chains
        on
            intervals.tenant_id = chains.tenant_id
            and intervals.membership_id = chains.membership_id
    order by
        completed.tenant_id asc,
        completed.job_id asc,
        completed.membership_id is not distinct from intervals.membership_id desc,
        completed.location_id is not distinct from intervals.location_id desc,
        intervals.started_on asc,
        intervals.membership_id asc
),

final as (
    select
        completed.tenant_id,
        completed.job_id,
        completed.customer_id,
        completed.completed_on_local,
        completed.revenue_amount,
        completed.is_opportunity,
        completed.is_converted,
        covered.membership_id,
        covered.chain_id,
        covered.chain_id is not null as is_member
    from completed
    left join covered
        on
            completed.tenant_id = covered.tenant_id
            and completed.job_id = covered.job_id
)

select * from final

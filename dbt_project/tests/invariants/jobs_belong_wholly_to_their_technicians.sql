{# Every job has technicians; their shares add up to 1, give or take the sixth decimal of each. #}
with

shares as (
    select
        tenant_id,
        job_id,
        sum(weight) as weight,
        count(*) as technician_count,
        min(weight) as smallest_weight
    from {{ ref('int_jobs__technician_weights') }}
    group by tenant_id, job_id
)

select
    jobs.tenant_id,
    jobs.job_id,
    shares.weight
from {{ ref('int_jobs__enriched') }} as jobs
left join shares
    on
        jobs.tenant_id = shares.tenant_id
        and jobs.job_id = shares.job_id
where
    shares.job_id is null
    or shares.smallest_weight < 0
    or abs(shares.weight - 1) > 0.000001 * shares.technician_count

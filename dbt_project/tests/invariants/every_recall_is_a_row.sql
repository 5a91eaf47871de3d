{#
  The mart holds the recalls of staging, no more and no fewer, and no first job that is a recall
  itself.
#}
with

expected as (
    select
        tenant_id,
        job_id
    from {{ ref('stg_servicetitan__jobs') }}
    where recall_for_job_id is not null and not is_deleted
)

select
    coalesce(expected.tenant_id, recalls.tenant_id) as tenant_id,
    coalesce(expected.job_id, recalls.job_id) as job_id,
    recalls.root_job_id
from expected
full outer join {{ ref('fct_recalls') }} as recalls
    on
        expected.tenant_id = recalls.tenant_id
        and expected.job_id = recalls.job_id
left join {{ ref('stg_servicetitan__jobs') }} as roots
    on
        recalls.tenant_id = roots.tenant_id
        and recalls.root_job_id = roots.job_id
where
    expected.job_id is null
    or recalls.job_id is null
    or roots.recall_for_job_id is not null

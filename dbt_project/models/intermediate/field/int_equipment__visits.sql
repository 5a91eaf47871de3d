with

job_equipment as (
    select distinct
        tenant_id,
        job_id,
        installed_equipment_id
    from {{ ref('stg_servicetitan__job_equipment') }}
),

installed_equipment as (
    select
        tenant_id,
        installed_equipment_id,
        installed_date
    from {{ ref('stg_servicetitan__installed_equipment') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        job_type_id,
        completed_on_local,
        is_recall,
        is_recurring_visit
    from {{ ref('int_jobs__enriched') }}
    where is_completed
),

job_types as (
    select
        tenant_id,
        job_type_id,
        lower(job_type_class) as job_type_class
    from {{ ref('stg_servicetitan__job_types') }}
),

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

final as (
    select
        job_equipment.tenant_id,
        job_equipment.installed_equipment_id,
        job_equipment.job_id,
        jobs.completed_on_local as visited_on_local,
        jobs.is_recurring_visit as is_maintenance,
        jobs.is_recall,
        not jobs.is_recurring_visit
        and coalesce(job_types.job_type_class, '')
        not in ({{ text_literals(var('no_repair_job_classes')) | lower }})
        and jobs.completed_on_local
        > coalesce(installed_equipment.installed_date, '-infinity') as is_repair
    from job_equipment
    inner join jobs
        on
            job_equipment.tenant_id = jobs.tenant_id
            and job_equipment.job_id = jobs.job_id
    inner join tenants on job_equipment.tenant_id = tenants.tenant_id
    left join installed_equipment
        on
            job_equipment.tenant_id = installed_equipment.tenant_id
            and job_equipment.installed_equipment_id = installed_equipment.installed_equipment_id
    left join job_types
        on
            jobs.tenant_id = job_types.tenant_id
            and jobs.job_type_id = job_types.job_type_id
    where jobs.completed_on_local <= tenants.as_of_date
)

select * from final

with

history as (
    select * from {{ ref('stg_servicetitan__job_history') }}
    where
        not is_deleted
        and job_id is not null
        and event_type = 'Appointment Rescheduled'
),

cancellations as (
    select * from {{ ref('stg_servicetitan__job_canceled_logs') }}
    where is_active and job_id is not null
),

reasons as (
    select
        tenant_id,
        job_cancel_reason_id,
        job_cancel_reason_name
    from {{ ref('stg_servicetitan__job_cancel_reasons') }}
),

-- Neither kind of event says whose visit it was: it is the first technician's who was assigned to
-- the job, also where the assignment went with the visit.
first_assigned as (
    select distinct on (tenant_id, job_id)
        tenant_id,
        job_id,
        technician_id
    from {{ ref('stg_servicetitan__appointment_assignments') }}
    where not is_deleted and job_id is not null and technician_id is not null
    order by
        tenant_id asc, job_id asc, assigned_at asc nulls last, appointment_assignment_id asc
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

changes as (
    select
        tenant_id,
        'reschedule' as change_type,
        job_event_id as source_id,
        job_id,
        happened_at as changed_at,
        cast(null as text) as cancel_reason
    from history
    union all
    select
        cancellations.tenant_id,
        'cancel' as change_type,
        cancellations.job_canceled_log_id as source_id,
        cancellations.job_id,
        cancellations.created_at as changed_at,
        coalesce(reasons.job_cancel_reason_name, 'Unknown') as cancel_reason
    from cancellations
    left join reasons
        on
            cancellations.tenant_id = reasons.tenant_id
            and cancellations.job_cancel_reason_id = reasons.job_cancel_reason_id
),

final as (
    select
        changes.tenant_id,
        changes.change_type,
        changes.job_id,
        changes.source_id,
        coalesce(first_assigned.technician_id, -1) as technician_id,
        changes.changed_at,
        {{ local_date('changes.changed_at', 'tenants.timezone') }} as changed_on_local,
        changes.cancel_reason
    from changes
    inner join tenants on changes.tenant_id = tenants.tenant_id
    left join first_assigned
        on
            changes.tenant_id = first_assigned.tenant_id
            and changes.job_id = first_assigned.job_id
)

select * from final

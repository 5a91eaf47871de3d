{#
  Booked hours are the length of the appointments that stand, once per technician; cancellations and reschedulings are
  those in the source, each once. Hours are rounded per row.
#}
with

assigned as (
    select distinct
        tenant_id,
        appointment_id,
        technician_id
    from {{ ref('stg_servicetitan__appointment_assignments') }}
    where is_active
),

expected_hours as (
    select
        assigned.tenant_id,
        assigned.technician_id,
        sum(extract(epoch from appointments.end_at - appointments.start_at)) / 3600 as hours
    from assigned
    inner join {{ ref('stg_servicetitan__appointments') }} as appointments
        on
            assigned.tenant_id = appointments.tenant_id
            and assigned.appointment_id = appointments.appointment_id
    where
        appointments.is_active
        and not appointments.is_unused
        and appointments.appointment_status is distinct from 'Canceled'
        and appointments.start_at < appointments.end_at
    group by assigned.tenant_id, assigned.technician_id
),

actual_hours as (
    select
        tenant_id,
        technician_id,
        sum(booked_hours) as hours,
        count(*) as row_count
    from {{ ref('fct_capacity_daily') }}
    group by tenant_id, technician_id
),

expected_changes as (
    select
        tenant_id,
        'cancel' as change_type,
        count(*) as change_count
    from {{ ref('stg_servicetitan__job_canceled_logs') }}
    where is_active and job_id is not null
    group by tenant_id
    union all
    select
        tenant_id,
        'reschedule' as change_type,
        count(*) as change_count
    from {{ ref('stg_servicetitan__job_history') }}
    where not is_deleted and job_id is not null and event_type = 'Appointment Rescheduled'
    group by tenant_id
),

actual_changes as (
    select
        capacity.tenant_id,
        changes.change_type,
        sum(
            case changes.change_type
                when 'cancel' then capacity.cancel_count
                else capacity.reschedule_count
            end
        ) as change_count
    from {{ ref('fct_capacity_daily') }} as capacity
    cross join (values ('cancel'), ('reschedule')) as changes (change_type)
    group by capacity.tenant_id, changes.change_type
),

reasons as (
    select
        capacity.tenant_id,
        capacity.technician_id,
        capacity.capacity_on_local,
        capacity.cancel_count,
        sum(cast(reasons.reason_count as integer)) as reason_count
    from {{ ref('fct_capacity_daily') }} as capacity
    left join
        lateral jsonb_each_text(capacity.cancels_by_reason) as reasons (reason, reason_count)
        on true
    group by
        capacity.tenant_id,
        capacity.technician_id,
        capacity.capacity_on_local,
        capacity.cancel_count
)

select
    coalesce(expected_hours.tenant_id, actual_hours.tenant_id) as tenant_id,
    'booked_hours' as figure,
    coalesce(expected_hours.hours, 0) as expected_value,
    coalesce(actual_hours.hours, 0) as actual_value
from expected_hours
full outer join actual_hours
    on
        expected_hours.tenant_id = actual_hours.tenant_id
        and expected_hours.technician_id = actual_hours.technician_id
where
    abs(coalesce(expected_hours.hours, 0) - coalesce(actual_hours.hours, 0))
    > 0.0001 * coalesce(actual_hours.row_count, 1)
union all
select
    coalesce(expected_changes.tenant_id, actual_changes.tenant_id) as tenant_id,
    coalesce(expected_changes.change_type, actual_changes.change_type) as figure,
    coalesce(expected_changes.change_count, 0) as expected_value,
    coalesce(actual_changes.change_count, 0) as actual_value
from expected_changes
full outer join actual_changes
    on
        expected_changes.tenant_id = actual_changes.tenant_id
        and expected_changes.change_type = actual_changes.change_type
where coalesce(expected_changes.change_count, 0) <> coalesce(actual_changes.change_count, 0)
union all
select
    tenant_id,
    'cancels_by_reason' as figure,
    cancel_count as expected_value,
    coalesce(reason_count, 0) as actual_value
from reasons
where cancel_count <> coalesce(reason_count, 0)

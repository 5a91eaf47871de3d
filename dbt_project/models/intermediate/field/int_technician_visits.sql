with

appointments as (
    select * from {{ ref('stg_servicetitan__appointments') }}
    where is_active and not is_unused
),

assignments as (
    select distinct
        tenant_id,
        appointment_id,
        technician_id
    from {{ ref('stg_servicetitan__appointment_assignments') }}
    where is_active and appointment_id is not null and technician_id is not null
),

-- A technician who went away and came back was there when they first came.
arrivals as (
    select
        tenant_id,
        appointment_id,
        technician_id,
        min(arrived_at) as arrived_at
    from {{ ref('stg_servicetitan__job_timesheets') }}
    where is_active and arrived_at is not null
    group by tenant_id, appointment_id, technician_id
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

final as (
    select
        appointments.tenant_id,
        appointments.appointment_id,
        assignments.technician_id,
        appointments.job_id,
        appointments.start_at,
        appointments.end_at,
        {{ local_date('appointments.start_at', 'tenants.timezone') }} as start_on_local,
        appointments.arrival_window_end_at,
        arrivals.arrived_at,
        arrivals.arrived_at <= appointments.arrival_window_end_at as is_on_time
    from appointments
    inner join assignments
        on
            appointments.tenant_id = assignments.tenant_id
            and appointments.appointment_id = assignments.appointment_id
    inner join tenants on appointments.tenant_id = tenants.tenant_id
    left join arrivals
        on
            assignments.tenant_id = arrivals.tenant_id
            and assignments.appointment_id = arrivals.appointment_id
            and assignments.technician_id = arrivals.technician_id
    where coalesce(appointments.appointment_status <> 'Canceled', true)
)

select * from final

with

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

shifts as (
    select * from {{ ref('stg_servicetitan__technician_shifts') }}
    where is_active and technician_id is not null
),

non_job_appointments as (
    select * from {{ ref('stg_servicetitan__non_job_appointments') }}
    where is_active and technician_id is not null
),

visits as (
    select * from {{ ref('int_technician_visits') }}
),

changes as (
    select * from {{ ref('int_job_schedule_changes') }}
),

spans as (
    select
        tenant_id,
        technician_id,
        case shift_type
            when 'Normal' then 'shift'
            when 'OnCall' then 'on_call'
            else 'off'
        end as span_type,
        start_at as started_at,
        end_at as ended_at
    from shifts
    where shift_type in ('Normal', 'OnCall', 'TimeOff')
    union all
    -- An event of a whole day is that day of the tenant, whatever duration it carries.
    select
        non_job_appointments.tenant_id,
        non_job_appointments.technician_id,
        'off' as span_type,
        case
            when non_job_appointments.is_all_day
                then cast(
                    {{ local_date('non_job_appointments.start_at', 'tenants.timezone') }}
                    as timestamp
                ) at time zone tenants.timezone
            else non_job_appointments.start_at
        end as started_at,
        case
            when non_job_appointments.is_all_day
                then cast(
                    {{ local_date('non_job_appointments.start_at', 'tenants.timezone') }}
                    + greatest(
                        1,
                        ceil(coalesce(non_job_appointments.duration_seconds, 0) / 86400.0)
                    )
                    * interval '1 day'
                    as timestamp
                ) at time zone tenants.timezone
            else
                non_job_appointments.start_at
                + non_job_appointments.duration_seconds * interval '1 second'
        end as ended_at
    from non_job_appointments
    inner join tenants on non_job_appointments.tenant_id = tenants.tenant_id
    union all
    select
        tenant_id,
        technician_id,
        'visit' as span_type,
        start_at as started_at,
        end_at as ended_at
    from visits
),

local_spans as (
    select
        spans.tenant_id,
        spans.technician_id,
        spans.span_type,
        spans.started_at,
        spans.ended_at,
        tenants.timezone,
        {{ local_date('spans.started_at', 'tenants.timezone') }} as first_day,
        -- What ends at midnight has no part in the day that begins there.
        {{ local_date("(spans.ended_at - interval '1 microsecond')", 'tenants.timezone') }}
            as last_day
    from spans
    inner join tenants on spans.tenant_id = tenants.tenant_id
    where spans.started_at < spans.ended_at
),

pieces as (
    select
        tenant_id,
        technician_id,
        span_type,
        first_day as capacity_on_local,
        started_at,
        ended_at
    from local_spans
    where first_day = last_day
    union all
    select
        local_spans.tenant_id,
        local_spans.technician_id,
        local_spans.span_type,
        local_spans.first_day + numbers.day_number as capacity_on_local,
        greatest(
            local_spans.started_at,
            cast(local_spans.first_day + numbers.day_number as timestamp)
            at time zone local_spans.timezone
        ) as started_at,
        least(
            local_spans.ended_at,
            cast(local_spans.first_day + numbers.day_number + 1 as timestamp)
            at time zone local_spans.timezone
        ) as ended_at
    from local_spans
    cross join
        lateral generate_series(0, local_spans.last_day - local_spans.first_day)
            as numbers (day_number)
    where local_spans.first_day < local_spans.last_day
),

merged as (
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        coalesce(
            range_agg(tstzrange(started_at, ended_at)) filter (where span_type = 'shift'), '{}'
        ) as shift_time,
        coalesce(
            range_agg(tstzrange(started_at, ended_at)) filter (where span_type = 'off'), '{}'
        ) as off_time,
        coalesce(
            range_agg(tstzrange(started_at, ended_at)) filter (where span_type = 'on_call'), '{}'
        ) as on_call_time,
        sum(
            case when span_type = 'visit' then extract(epoch from ended_at - started_at) else 0 end
        ) / 3600 as booked_hours
    from pieces
    group by tenant_id, technician_id, capacity_on_local
),

free_pieces as (
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        'shift' as piece_type,
        unnest(shift_time) as piece
    from merged
    union all
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        'available' as piece_type,
        unnest(shift_time - off_time) as piece
    from merged
    union all
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        'on_call' as piece_type,
        unnest(on_call_time - off_time) as piece
    from merged
),

measured as (
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        sum(extract(epoch from upper(piece) - lower(piece)) / 3600)
        filter (where piece_type = 'shift') as shift_hours,
        sum(extract(epoch from upper(piece) - lower(piece)) / 3600)
        filter (where piece_type = 'available') as available_hours,
        sum(extract(epoch from upper(piece) - lower(piece)) / 3600)
        filter (where piece_type = 'on_call') as on_call_hours
    from free_pieces
    group by tenant_id, technician_id, capacity_on_local
),

visit_days as (
    select
        tenant_id,
        technician_id,
        start_on_local as capacity_on_local,
        count(*) as appointment_count,
        count(*) filter (where is_on_time is not null) as arrival_count,
        count(*) filter (where is_on_time) as on_time_count
    from visits
    group by tenant_id, technician_id, start_on_local
),

changes_by_reason as (
    select
        tenant_id,
        technician_id,
        changed_on_local as capacity_on_local,
        change_type,
        cancel_reason,
        count(*) as change_count
    from changes
    group by tenant_id, technician_id, changed_on_local, change_type, cancel_reason
),

change_days as (
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        sum(change_count) filter (where change_type = 'reschedule') as reschedule_count,
        sum(change_count) filter (where change_type = 'cancel') as cancel_count,
        jsonb_object_agg(cancel_reason, change_count) filter (where change_type = 'cancel')
            as cancels_by_reason
    from changes_by_reason
    group by tenant_id, technician_id, capacity_on_local
),

days as (
    select
        tenant_id,
        technician_id,
        capacity_on_local
    from merged
    union
    select
        tenant_id,
        technician_id,
        capacity_on_local
    from visit_days
    union
    select
        tenant_id,
        technician_id,
        capacity_on_local
    from change_days
),

joined as (
    select
        days.tenant_id,
        days.technician_id,
        days.capacity_on_local,
        cast(coalesce(measured.shift_hours, 0) as numeric(12, 4)) as shift_hours,
        cast(coalesce(measured.available_hours, 0) as numeric(12, 4)) as available_hours,
        cast(coalesce(measured.on_call_hours, 0) as numeric(12, 4)) as on_call_hours,
        cast(coalesce(merged.booked_hours, 0) as numeric(12, 4)) as booked_hours,
        cast(coalesce(visit_days.appointment_count, 0) as integer) as appointment_count,
        cast(coalesce(visit_days.arrival_count, 0) as integer) as arrival_count,
        cast(coalesce(visit_days.on_time_count, 0) as integer) as on_time_count,
        cast(coalesce(change_days.reschedule_count, 0) as integer) as reschedule_count,
        cast(coalesce(change_days.cancel_count, 0) as integer) as cancel_count,
        coalesce(change_days.cancels_by_reason, cast('{}' as jsonb)) as cancels_by_reason
    from days
    left join merged
        on
            days.tenant_id = merged.tenant_id
            and days.technician_id = merged.technician_id
            and days.capacity_on_local = merged.capacity_on_local
    left join measured
        on
            days.tenant_id = measured.tenant_id
            and days.technician_id = measured.technician_id
            and days.capacity_on_local = measured.capacity_on_local
    left join visit_days
        on
            days.tenant_id = visit_days.tenant_id
            and days.technician_id = visit_days.technician_id
            and days.capacity_on_local = visit_days.capacity_on_local
    left join change_days
        on
            days.tenant_id = change_days.tenant_id
            and days.technician_id = change_days.technician_id
            and days.capacity_on_local = change_days.capacity_on_local
),

final as (
    select
        tenant_id,
        technician_id,
        capacity_on_local,
        shift_hours,
        available_hours,
        on_call_hours,
        booked_hours,
        cast({{ safe_div('booked_hours', 'available_hours') }} as numeric(18, 6)) as fill_rate,
        appointment_count,
        arrival_count,
        on_time_count,
        cast({{ safe_div('cast(on_time_count as numeric)', 'arrival_count') }} as numeric(18, 6))
            as on_time_rate,
        reschedule_count,
        cancel_count,
        cancels_by_reason
    from joined
)

select * from final

with

timesheets as (
    select * from {{ ref('stg_servicetitan__job_timesheets') }}
    where is_active and job_id is not null and technician_id is not null
),

tenants as (
    select
        tenant_id,
        timezone
    from {{ ref('int_tenants') }}
),

spans as (
    select
        tenant_id,
        job_id,
        technician_id,
        job_timesheet_id as timesheet_id,
        'drive' as interval_type,
        dispatched_at as started_at,
        coalesce(arrived_at, canceled_at) as ended_at
    from timesheets
    where dispatched_at is not null
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        job_timesheet_id as timesheet_id,
        'onsite' as interval_type,
        arrived_at as started_at,
        done_at as ended_at
    from timesheets
    where arrived_at is not null
),

local_spans as (
    select
        spans.tenant_id,
        spans.job_id,
        spans.technician_id,
        spans.timesheet_id,
        spans.interval_type,
        spans.started_at,
        spans.ended_at,
        tenants.timezone,
        {{ local_date('spans.started_at', 'tenants.timezone') }} as first_day,
        -- What ends at midnight has no part in the day that begins there.
        {{ local_date("(spans.ended_at - interval '1 microsecond')", 'tenants.timezone') }}
            as last_day
    from spans
    inner join tenants on spans.tenant_id = tenants.tenant_id
    where spans.ended_at is null or spans.ended_at > spans.started_at
),

pieces as (
    select
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        first_day as work_on_local,
        started_at,
        ended_at
    from local_spans
    where first_day = last_day
    union all
    select
        local_spans.tenant_id,
        local_spans.job_id,
        local_spans.technician_id,
        local_spans.timesheet_id,
        local_spans.interval_type,
        local_spans.first_day + midnights.day_number as work_on_local,
        greatest(
            local_spans.started_at,
            cast(local_spans.first_day + midnights.day_number as timestamp)
            at time zone local_spans.timezone
        ) as started_at,
        least(
            local_spans.ended_at,
            cast(local_spans.first_day + midnights.day_number + 1 as timestamp)
            at time zone local_spans.timezone
        ) as ended_at
    from local_spans
    cross join
        lateral generate_series(0, local_spans.last_day - local_spans.first_day)
            as midnights (day_number)
    where local_spans.first_day < local_spans.last_day
),

-- A technician's time as a line with marks where an interval begins or ends. Between two marks the
-- number of open intervals is constant, so what each of them gets of that time is known.
marks as (
    select
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        work_on_local,
        started_at as marked_at,
        1 as step
    from pieces
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        work_on_local,
        ended_at as marked_at,
        -1 as step
    from pieces
),

stretches as (
    select
        *,
        extract(epoch from lead(marked_at) over technician_line - marked_at) / 3600
            as stretch_hours,
        sum(case when interval_type = 'onsite' then step else 0 end) over technician_line
            as onsite_count,
        sum(case when interval_type = 'drive' then step else 0 end) over technician_line
            as drive_count
    from marks
    window
        technician_line as (
            partition by tenant_id, technician_id
            order by marked_at, timesheet_id, interval_type, step
            rows between unbounded preceding and current row
        )
),

shares as (
    select
        *,
        case when onsite_count > 0 then stretch_hours / onsite_count else 0 end as onsite_share,
        case
            when onsite_count = 0 and drive_count > 0 then stretch_hours / drive_count
            else 0
        end as drive_share
    from stretches
),

-- What an interval of that kind that had always been open would have got by the mark.
running as (
    select
        *,
        coalesce(
            case
                when interval_type = 'onsite' then sum(onsite_share) over until_mark
                else sum(drive_share) over until_mark
            end,
            0
        ) as own_hours
    from shares
    window
        until_mark as (
            partition by tenant_id, technician_id
            order by marked_at, timesheet_id, interval_type, step
            rows between unbounded preceding and 1 preceding
        )
),

measured as (
    select
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        work_on_local,
        min(marked_at) as started_at,
        max(marked_at) as ended_at,
        max(own_hours) - min(own_hours) as hours,
        false as is_open
    from running
    group by tenant_id, job_id, technician_id, timesheet_id, interval_type, work_on_local
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        first_day as work_on_local,
        started_at,
        ended_at,
        0 as hours,
        true as is_open
    from local_spans
    where ended_at is null
),

final as (
    select
        {{ surrogate_key(['tenant_id', 'timesheet_id', 'interval_type', 'work_on_local']) }}
            as time_interval_key,
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        work_on_local,
        started_at,
        ended_at,
        cast(hours as numeric(12, 4)) as hours,
        is_open
    from measured
)

select * from final

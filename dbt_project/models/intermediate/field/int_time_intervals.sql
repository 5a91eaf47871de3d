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
        local_spans.first_day + days.day_number as work_on_local,
        greatest(
            local_spans.started_at,
            cast(local_spans.first_day + days.day_number as timestamp)
            at time zone local_spans.timezone
        ) as started_at,
        least(
            local_spans.ended_at,
            cast(local_spans.first_day + days.day_number + 1 as timestamp)
            at time zone local_spans.timezone
        ) as ended_at
    from local_spans
    cross join
        lateral generate_series(0, local_spans.last_day - local_spans.first_day)
            as days (day_number)
    where local_spans.first_day < local_spans.last_day
),

-- A technician's time as a line with marks where an interval begins or ends. Between two marks the
-- number of open intervals is constant, so what each of them gets of that time is known.
marks as (
    select
        tenant_id,
        technician_id,
        started_at as marked_at,
        case when interval_type = 'onsite' then 1 else 0 end as onsite_change,
        case when interval_type = 'drive' then 1 else 0 end as drive_change
    from pieces
    union all
    select
        tenant_id,
        technician_id,
        ended_at as marked_at,
        case when interval_type = 'onsite' then -1 else 0 end as onsite_change,
        case when interval_type = 'drive' then -1 else 0 end as drive_change
    from pieces
),

distinct_marks as (
    select
        tenant_id,
        technician_id,
        marked_at,
        sum(onsite_change) as onsite_change,
        sum(drive_change) as drive_change
    from marks
    group by tenant_id, technician_id, marked_at
),

stretches as (
    select
        tenant_id,
        technician_id,
        marked_at,
        extract(
            epoch from lead(marked_at) over technician_line - marked_at
        ) / 3600 as stretch_hours,
        sum(onsite_change) over technician_line as onsite_count,
        sum(drive_change) over technician_line as drive_count
    from distinct_marks
    window technician_line as (partition by tenant_id, technician_id order by marked_at)
),

shares as (
    select
        tenant_id,
        technician_id,
        marked_at,
        case when onsite_count > 0 then stretch_hours / onsite_count else 0 end as onsite_share,
        case
            when onsite_count = 0 and drive_count > 0 then stretch_hours / drive_count
            else 0
        end as drive_share
    from stretches
),

-- What one interval that had been open all the time would have got by the mark.
running as (
    select
        tenant_id,
        technician_id,
        marked_at,
        coalesce(sum(onsite_share) over until_mark, 0) as onsite_hours,
        coalesce(sum(drive_share) over until_mark, 0) as drive_hours
    from shares
    window until_mark as (
        partition by tenant_id, technician_id
        order by marked_at
        rows between unbounded preceding and 1 preceding
    )
),

measured as (
    select
        pieces.tenant_id,
        pieces.job_id,
        pieces.technician_id,
        pieces.timesheet_id,
        pieces.interval_type,
        pieces.work_on_local,
        pieces.started_at,
        pieces.ended_at,
        case
            when pieces.interval_type = 'onsite' then ends.onsite_hours - starts.onsite_hours
            else ends.drive_hours - starts.drive_hours
        end as hours,
        false as is_open
    from pieces
    inner join running as starts
        on
            pieces.tenant_id = starts.tenant_id
            and pieces.technician_id = starts.technician_id
            and pieces.started_at = starts.marked_at
    inner join running as ends
        on
            pieces.tenant_id = ends.tenant_id
            and pieces.technician_id = ends.technician_id
            and pieces.ended_at = ends.marked_at
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

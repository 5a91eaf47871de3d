{#
  A technician's hours of a day are the length of their timesheets laid over one another, counted again from staging
  with ranges: on site whole, driving where it is not on site. Rows are rounded to 0.0001 hours.
#}
with

spans as (
    select
        tenant_id,
        technician_id,
        'onsite' as interval_type,
        tstzrange(arrived_at, done_at) as span
    from {{ ref('stg_servicetitan__job_timesheets') }}
    where
        is_active
        and job_id is not null
        and technician_id is not null
        and arrived_at < done_at
    union all
    select
        tenant_id,
        technician_id,
        'drive' as interval_type,
        tstzrange(dispatched_at, coalesce(arrived_at, canceled_at)) as span
    from {{ ref('stg_servicetitan__job_timesheets') }}
    where
        is_active
        and job_id is not null
        and technician_id is not null
        and dispatched_at < coalesce(arrived_at, canceled_at)
),

merged as (
    select
        tenant_id,
        technician_id,
        coalesce(range_agg(span) filter (where interval_type = 'onsite'), '{}') as onsite,
        coalesce(range_agg(span) filter (where interval_type = 'drive'), '{}') as drive
    from spans
    group by tenant_id, technician_id
),

pieces as (
    select
        tenant_id,
        technician_id,
        'onsite' as interval_type,
        unnest(onsite) as piece
    from merged
    union all
    select
        tenant_id,
        technician_id,
        'drive' as interval_type,
        unnest(drive - onsite) as piece
    from merged
),

expected as (
    select
        pieces.tenant_id,
        pieces.technician_id,
        pieces.interval_type,
        cast(midnights.begins_at as date) as work_on_local,
        sum(
            extract(
                epoch from
                least(
                    upper(pieces.piece),
                    (midnights.begins_at + interval '1 day') at time zone tenants.timezone
                )
                - greatest(lower(pieces.piece), midnights.begins_at at time zone tenants.timezone)
            ) / 3600
        ) as hours
    from pieces
    inner join {{ ref('int_tenants') }} as tenants on pieces.tenant_id = tenants.tenant_id
    cross join
        lateral generate_series(
            date_trunc('day', lower(pieces.piece) at time zone tenants.timezone),
            upper(pieces.piece) at time zone tenants.timezone,
            interval '1 day'
        ) as midnights (begins_at)
    group by pieces.tenant_id, pieces.technician_id, pieces.interval_type, midnights.begins_at
),

actual as (
    select
        tenant_id,
        technician_id,
        interval_type,
        work_on_local,
        sum(hours) as hours,
        count(*) as row_count
    from {{ ref('fct_time_intervals') }}
    group by tenant_id, technician_id, interval_type, work_on_local
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.technician_id, actual.technician_id) as technician_id,
    coalesce(expected.interval_type, actual.interval_type) as interval_type,
    coalesce(expected.work_on_local, actual.work_on_local) as work_on_local,
    expected.hours as expected_hours,
    actual.hours as actual_hours
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.technician_id = actual.technician_id
        and expected.interval_type = actual.interval_type
        and expected.work_on_local = actual.work_on_local
where
    abs(coalesce(expected.hours, 0) - coalesce(actual.hours, 0))
    > 0.0001 * coalesce(actual.row_count, 1)

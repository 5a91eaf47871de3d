{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['tenant_id', 'timesheet_id'],
        on_schema_change='append_new_columns',
        pre_hook="{{ forget_vanished_timesheets() }}",
    )
}}

with

intervals as (
    select * from {{ ref('int_time_intervals') }}
),

{%- if is_incremental() %}

known as (
    select * from {{ this }}
),

-- A timesheet is written again, whole, where any of its rows is new, gone or another. Its hours also
-- depend on the technician's other timesheets, so what was loaded lately would not tell.
dirty_timesheets as (
    select distinct
        coalesce(intervals.tenant_id, known.tenant_id) as tenant_id,
        coalesce(intervals.timesheet_id, known.timesheet_id) as timesheet_id
    from intervals
    full outer join known on intervals.time_interval_key = known.time_interval_key
    where to_jsonb(intervals) is distinct from to_jsonb(known)
),

changed as (
    select intervals.*
    from intervals
    inner join dirty_timesheets
        on
            intervals.tenant_id = dirty_timesheets.tenant_id
            and intervals.timesheet_id = dirty_timesheets.timesheet_id
),
{%- else %}

changed as (
    select * from intervals
),
{%- endif %}

final as (
    select
        time_interval_key,
        tenant_id,
        job_id,
        technician_id,
        timesheet_id,
        interval_type,
        work_on_local,
        started_at,
        ended_at,
        hours,
        is_open
    from changed
)

select * from final

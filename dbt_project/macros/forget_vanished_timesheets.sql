{#
  Before fct_time_intervals is refreshed: rows of timesheets that have no interval any more. The refresh itself writes
  only over timesheets that still have one.
#}
{% macro forget_vanished_timesheets() -%}
    {%- if is_incremental() %}
        delete from {{ this }} as known
        where not exists (
            select 1
            from {{ ref('int_time_intervals') }} as intervals
            where
                intervals.tenant_id = known.tenant_id
                and intervals.timesheet_id = known.timesheet_id
        )
    {%- endif %}
{%- endmacro %}

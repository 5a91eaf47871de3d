{#
  A field that the seed date_semantics calls `calendar` holds dates, written as midnight UTC. A few odd rows are
  somebody's import; more than `tolerated` of them means that the field is an instant, and that its dates are read wrongly.
#}
{% test calendar_stamps_are_midnight(model, column_name, tolerated=0.01) %}

{{ config(severity='warn') }}

select
    count(*) as stamps,
    count(*) filter (where cast({{ column_name }} at time zone 'UTC' as time) <> time '00:00') as odd_stamps
from {{ model }}
where {{ column_name }} is not null
having
    count(*) filter (where cast({{ column_name }} at time zone 'UTC' as time) <> time '00:00')
    > {{ tolerated }} * count(*)

{% endtest %}

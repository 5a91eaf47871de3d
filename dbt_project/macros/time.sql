{#
  Two kinds of time (seed date_semantics lists which field is which).

  An instant is a moment: its day depends on the tenant's time zone. A calendar field is a date that the API writes
  as midnight UTC: its day is what is written, and shifting it would move every invoice west of Greenwich to the day
  before.
#}

{# The tenant's calendar day of an instant. #}
{% macro local_date(instant, timezone) -%}
    cast({{ instant }} at time zone {{ timezone }} as date)
{%- endmacro %}

{# The date written in a calendar field, whatever the session's time zone. #}
{% macro calendar_date(stamp) -%}
    cast({{ stamp }} at time zone 'UTC' as date)
{%- endmacro %}

{#
  Fiscal calendar parts of a date. `start_month` (1-12) opens the fiscal year, which is named after the calendar
  year it ends in: with a start in October, 2024-10-01 is the first day of fiscal 2025.
#}
{% macro fiscal_month(day, start_month) -%}
    cast(mod(cast(extract(month from {{ day }}) as integer) - {{ start_month }} + 12, 12) + 1 as integer)
{%- endmacro %}

{% macro fiscal_quarter(day, start_month) -%}
    cast(({{ fiscal_month(day, start_month) }} + 2) / 3 as integer)
{%- endmacro %}

{% macro fiscal_year(day, start_month) -%}
    cast(
        extract(year from {{ day }})
        + case when {{ start_month }} > 1 and extract(month from {{ day }}) >= {{ start_month }} then 1 else 0 end
        as integer
    )
{%- endmacro %}

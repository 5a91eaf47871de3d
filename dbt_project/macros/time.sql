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

{#
  Whole seconds of a duration written as `hh:mm:ss`, `d.hh:mm:ss` or ISO 8601 (`PT1H5M`); anything else is null.
  Cast as an interval, Postgres would read `1.02:03:04` as something else without a word.
#}
{% macro duration_seconds(text) -%}
    case
        when btrim({{ text }}) ~ '^(\d{1,4}\.)?\d{1,2}:[0-5]\d:[0-5]\d(\.\d+)?$'
            then cast(
                coalesce(cast(substring(btrim({{ text }}) from '^(\d+)\.\d{1,2}:') as integer), 0) * 86400
                + extract(
                    epoch from cast(substring(btrim({{ text }}) from '\d{1,2}:\d{2}:\d{2}') as interval)
                ) as integer
            )
        when btrim({{ text }}) ~ '^P(?=\w)(\d{1,4}D)?(T(?=\d)(\d{1,5}H)?(\d{1,6}M)?(\d{1,7}(\.\d+)?S)?)?$'
            then cast(floor(extract(epoch from cast(btrim({{ text }}) as interval))) as integer)
    end
{%- endmacro %}

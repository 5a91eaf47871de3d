{#
  Whole calendar months from one date to a later one. A month is over on the day of the month it began on, on the 28th at
  the latest: from 31 January to 28 February is one month, and so is from 15 January to 15 February.
#}
{% macro whole_months(from_date, to_date) -%}
    cast(
        (extract(year from {{ to_date }}) - extract(year from {{ from_date }})) * 12
        + extract(month from {{ to_date }}) - extract(month from {{ from_date }})
        - case
            when
                extract(day from {{ to_date }})
                < least(extract(day from {{ from_date }}), 28)
                then 1
            else 0
        end as integer
    )
{%- endmacro %}

{# The first day of a date's month. `date_trunc` alone gives an instant. #}
{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

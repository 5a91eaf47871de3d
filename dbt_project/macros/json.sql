{#
  Typed reads from nested JSON. The loader types the top level of a row and keeps what is nested as it came, so a
  value of the wrong kind in there becomes null here, never a failed build; a not-null test on the column reports it.
#}

{% macro json_text(object, key) -%}
    nullif(btrim({{ object }} ->> '{{ key }}', E' \t\r\n'), '')
{%- endmacro %}

{# Money and quantities come as numbers or as strings. #}
{% macro json_numeric(object, key) -%}
    cast(substring({{ object }} ->> '{{ key }}' from '^\s*([-+]?\d{1,15}(?:\.\d{1,20})?)\s*$') as numeric)
{%- endmacro %}

{# An id; 0 is none. #}
{% macro json_id(object, key) -%}
    nullif(cast(substring({{ object }} ->> '{{ key }}' from '^\s*(\d{1,18})\s*$') as bigint), 0)
{%- endmacro %}

{% macro json_boolean(object, key) -%}
    case lower({{ object }} ->> '{{ key }}') when 'true' then true when 'false' then false end
{%- endmacro %}

{# A calendar date: the first ten characters. #}
{% macro json_date(object, key) -%}
    cast(
        substring(
            {{ object }} ->> '{{ key }}'
            from '^\s*(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))'
        ) as date
    )
{%- endmacro %}

{# The elements of an array; anything but an array has none. #}
{% macro json_elements(expression) -%}
    jsonb_array_elements(case when jsonb_typeof({{ expression }}) = 'array' then {{ expression }} end)
{%- endmacro %}

{# What an element that is no object holds, as text: `7` and `"7"` are both 7. #}
{% macro json_scalar(element) -%}
    nullif(btrim({{ element }} #>> '{}', E' \t\r\n'), '')
{%- endmacro %}

{# An id that stands in an array by itself; 0 is none. #}
{% macro json_scalar_id(element) -%}
    nullif(cast(substring({{ json_scalar(element) }} from '^\d{1,18}$') as bigint), 0)
{%- endmacro %}

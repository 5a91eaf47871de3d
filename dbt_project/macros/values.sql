{# Small expressions that every layer uses. Each takes SQL and gives SQL; none reads a table or a var. #}

{# Division that answers null, not an error, on a zero denominator. #}
{% macro safe_div(numerator, denominator) -%}
    (({{ numerator }}) / nullif({{ denominator }}, 0))
{%- endmacro %}

{# Text without surrounding white space; nothing left is null. #}
{% macro clean_text(expression) -%}
    nullif(btrim({{ expression }}, E' \t\r\n'), '')
{%- endmacro %}

{# ServiceTitan writes 0 where there is no id. #}
{% macro id_or_null(expression) -%}
    nullif({{ expression }}, 0)
{%- endmacro %}

{# The first five digits of a US postal code: '85004-1234' and ' 85004' are '85004', anything shorter is null. #}
{% macro zip5(expression) -%}
    substring({{ expression }} from '^\s*(\d{5})')
{%- endmacro %}

{#
  A grain of more than a tenant and an id, as one column. A null part is written '~', so that it neither vanishes
  nor makes the whole key null.
#}
{% macro surrogate_key(columns) -%}
    md5(concat_ws('|'
    {%- for column in columns %}, coalesce(cast({{ column }} as text), '~'){% endfor -%}
    ))
{%- endmacro %}

{# A date from a var. Only 'YYYY-MM-DD' or null gets into the SQL. #}
{% macro date_literal(value) -%}
    {%- if value is none or value | string | trim == '' -%}
        cast(null as date)
    {%- elif modules.re.fullmatch('\d{4}-\d{2}-\d{2}', value | string) -%}
        cast('{{ value }}' as date)
    {%- else -%}
        {{ exceptions.raise_compiler_error("A date is written YYYY-MM-DD, not '" ~ value ~ "'") }}
    {%- endif -%}
{%- endmacro %}

{# A list of words from a var, as quoted literals. #}
{% macro text_literals(values) -%}
    {%- for value in values -%}
        '{{ value | string | replace("'", "''") }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Money that goes back to a customer is below zero, whichever sign it came with. #}
{% macro refund_is_negative(amount, refunded_payment_id) -%}
    case when {{ refunded_payment_id }} <> 0 then -abs({{ amount }}) else {{ amount }} end
{%- endmacro %}

{# The last ten digits of a phone number, however it is written; fewer digits are no number. #}
{% macro phone10(expression) -%}
    substring(regexp_replace({{ expression }}, '\D', '', 'g') from '\d{10}$')
{%- endmacro %}

{# A pattern of a seed for `ilike`: `%` is anything, every other character is itself. #}
{% macro like_pattern(expression) -%}
    replace(replace({{ expression }}, '\', '\\'), '_', '\_')
{%- endmacro %}

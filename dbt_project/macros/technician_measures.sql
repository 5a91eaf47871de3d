{#
  What is said of a technician over a time, the same for a day and for a month: amounts that add up, and the rates made
  of them. unapplied_hours and net_profit are made here, of the others.
#}

{% macro technician_measure_names() -%}
    {{ return([
        'paid_hours', 'regular_hours', 'overtime_hours', 'paid_time_off_hours', 'worked_hours', 'onsite_hours',
        'drive_hours', 'sold_hours', 'completed_jobs', 'opportunities', 'converted_jobs', 'memberships_sold',
        'recalls_caused', 'revenue_amount', 'gross_profit', 'overhead_allocated', 'callback_charged',
        'callback_relieved', 'unapplied_cost',
    ]) }}
{%- endmacro %}

{# Their sums, under the same names. #}
{% macro technician_sums() -%}
    {%- for measure in technician_measure_names() -%}
        sum({{ measure }}) as {{ measure }}{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# All of technician_measure_names with their types, and the two that are made of them. #}
{% macro technician_measures() -%}
    {%- for measure in technician_measure_names() -%}
        {%- if measure.endswith('_hours') -%}
            {%- set type = 'numeric(12, 4)' -%}
        {%- elif measure.endswith('_jobs') or measure in ['opportunities', 'memberships_sold', 'recalls_caused'] -%}
            {%- set type = 'integer' -%}
        {%- else -%}
            {%- set type = 'numeric(18, 2)' -%}
        {%- endif -%}
        cast({{ measure }} as {{ type }}) as {{ measure }},
        {% endfor -%}
        cast(
            worked_hours - onsite_hours - drive_hours
            as numeric(12, 4)
        ) as unapplied_hours,
        cast(
            gross_profit - overhead_allocated
            - callback_charged + callback_relieved
            - unapplied_cost as numeric(18, 2)
        ) as net_profit
{%- endmacro %}

{# Ratios of the measures; null where there is nothing to divide by. #}
{% macro technician_rates() -%}
    {%- set rates = [
        ('conversion_rate', 'converted_jobs', 'opportunities', 'numeric(18, 6)'),
        ('avg_ticket', 'revenue_amount', 'completed_jobs', 'numeric(18, 2)'),
        ('utilisation', 'onsite_hours', 'worked_hours', 'numeric(18, 6)'),
        ('billable_efficiency', 'sold_hours', 'onsite_hours', 'numeric(18, 6)'),
        ('productivity', 'sold_hours', 'worked_hours', 'numeric(18, 6)'),
    ] -%}
    {%- for name, numerator, denominator, type in rates -%}
        cast(
            {{ safe_div('cast(' ~ numerator ~ ' as numeric)', denominator) }}
            as {{ type }}
        ) as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

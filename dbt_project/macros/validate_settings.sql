{#
  Before a run builds anything: every var is of the kind it should be. All mistakes are told at once, each with what is
  wrong, where and how to mend it. What is wrong in the files of `seeds/` dbt cannot see before it loads them:
  `st-platform` reads them and hands over what it found in ST_SEED_PROBLEMS, so that it is one error.
#}
{% macro validate_settings() -%}
    {%- if execute -%}
        {%- set mistakes = [] -%}
        {%- set kinds = var_kinds() -%}
        {%- for name, kind in kinds.items() -%}
            {%- set wrong = mistake_in_value(var(name, none), kind) -%}
            {%- if wrong -%}
                {%- do mistakes.append(
                    name ~ ' ' ~ wrong ~ ' (var ' ~ name ~ ', in dbt_project.yml or --vars). ' ~ how_to_write(kind)
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for name in invocation_args_dict.get('vars') or {} if name not in kinds -%}
            {%- do mistakes.append(
                'there is no var ' ~ name ~ ' (--vars). Take one of dbt_project.yml: ' ~ kinds | join(', ') ~ '.'
            ) -%}
        {%- endfor -%}
        {%- do mistakes.extend(fromjson(env_var('ST_SEED_PROBLEMS', '[]'))) -%}
        {%- if mistakes -%}
            {%- set count = mistakes | length -%}
            {{ exceptions.raise_compiler_error(
                'The settings of the marts have ' ~ count ~ (' mistakes' if count > 1 else ' mistake')
                ~ '; nothing was built.\n- ' ~ mistakes | join('\n- ')
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
  What each var may be. The first word is the kind; `least` and `most` include themselves, `above` does not.
#}
{% macro var_kinds() -%}
    {{ return({
        'as_of_date': {'is': 'date or null'},
        'income_gl_types': {'is': 'words', 'least_words': 1},
        'sold_hours_is_per_unit': {'is': 'boolean'},
        'default_sold_threshold': {'is': 'number', 'least': 0},
        'exclude_sold_work_from_conversion': {'is': 'boolean'},
        'attribution_lookback_days': {'is': 'whole', 'least': 1, 'most': 3650},
        'half_life_days': {'is': 'number', 'above': 0, 'most': 3650},
        'position_weights': {'is': 'weights', 'count': 3},
        'lead_call_excluded_types': {'is': 'words', 'least_words': 0},
        'min_lead_call_seconds': {'is': 'whole', 'least': 0, 'most': 86400},
        'include_job_campaign_touch': {'is': 'boolean'},
        'reset_path_on_conversion': {'is': 'boolean'},
        'downstream_windows': {'is': 'days', 'most': 3650},
        'markov_squarings': {'is': 'whole', 'least': 1, 'most': 12},
        'burden_method': {'is': 'choice', 'of': ['pct', 'technician_rate']},
        'labor_burden_pct': {'is': 'number', 'least': 0, 'most': 1},
        'burden_base_types': {'is': 'words', 'least_words': 0},
        'material_cost_source': {'is': 'choice', 'of': ['hybrid', 'invoice', 'purchases']},
        'overhead_method': {
            'is': 'choice',
            'of': ['sold_hours', 'onsite_hours', 'revenue', 'direct_cost', 'job_count'],
        },
        'split_basis': {'is': 'choice', 'of': ['job_splits', 'item_technician']},
        'recall_window_days': {'is': 'whole', 'least': 1, 'most': 3650},
        'abandoned_counts_as_lead': {'is': 'boolean'},
        'suspended_is_active': {'is': 'boolean'},
        'renewal_grace_days': {'is': 'whole', 'least': 0, 'most': 3650},
        'annual_discount_rate': {'is': 'number', 'least': 0, 'most': 1},
        'ltv_horizon_months': {'is': 'whole', 'least': 1, 'most': 600},
        'ltv_tail_months': {'is': 'whole', 'least': 1, 'most': 120},
        'rfm_window_months': {'is': 'whole', 'least': 1, 'most': 600},
        'equipment_maintenance_interval_days': {'is': 'whole', 'least': 1, 'most': 3650},
        'risk_weights': {'is': 'weights', 'count': 4},
        'label_horizon_days': {'is': 'whole', 'least': 1, 'most': 3650},
        'no_repair_job_classes': {'is': 'words', 'least_words': 0},
        'equipment_history_months': {'is': 'whole', 'least': 0, 'most': 600},
    }) }}
{%- endmacro %}

{# What is wrong with a value, or nothing. #}
{% macro mistake_in_value(value, kind) -%}
    {%- set is_number = value is number and value is not boolean -%}
    {%- set is_list = value is sequence and value is not string and value is not mapping -%}
    {%- set shown = 'is ' ~ ('null' if value is none else value | string) -%}
    {%- if kind['is'] == 'date or null' -%}
        {%- if value is not none and value | string | trim != '' -%}
            {%- set text = value | string -%}
            {%- if not modules.re.fullmatch('\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])', text) -%}
                {{ return(shown ~ ', which is no date') }}
            {%- endif -%}
            {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
            {%- set leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
            {%- set longest = 30 if month in [4, 6, 9, 11] else 31 -%}
            {%- set longest = (29 if leap else 28) if month == 2 else longest -%}
            {%- if day > longest -%}
                {{ return(shown ~ ', a day that does not exist') }}
            {%- endif -%}
        {%- endif -%}
    {%- elif kind['is'] == 'boolean' -%}
        {%- if value is not boolean -%}
            {{ return(shown ~ ', neither true nor false') }}
        {%- endif -%}
    {%- elif kind['is'] == 'choice' -%}
        {%- if value not in kind['of'] -%}
            {{ return(shown ~ ', which is not known') }}
        {%- endif -%}
    {%- elif kind['is'] in ['number', 'whole'] -%}
        {%- if not is_number -%}
            {{ return(shown ~ ', which is no number') }}
        {%- elif kind['is'] == 'whole' and value != value | int -%}
            {{ return(shown ~ ', which is no whole number') }}
        {%- elif ('least' in kind and value < kind['least']) or ('above' in kind and value <= kind['above']) -%}
            {{ return(shown ~ ', which is too little') }}
        {%- elif value > kind.get('most', value) -%}
            {{ return(shown ~ ', which is too much') }}
        {%- endif -%}
    {%- elif not is_list -%}
        {{ return(shown ~ ', which is no list') }}
    {%- elif kind['is'] == 'words' -%}
        {%- if value | length < kind['least_words'] -%}
            {{ return('is empty') }}
        {%- elif value | reject('string') | list or '' in value -%}
            {{ return(shown ~ ', in which something is no word') }}
        {%- endif -%}
    {%- elif value | select('boolean') | list or value | reject('number') | list -%}
        {{ return(shown ~ ', in which something is no number') }}
    {%- elif kind['is'] == 'weights' -%}
        {%- if value | length != kind['count'] -%}
            {{ return('has ' ~ value | length ~ ' weights, not ' ~ kind['count']) }}
        {%- elif value | min < 0 -%}
            {{ return(shown ~ ', in which a weight is negative') }}
        {%- elif (value | sum - 1) | abs > 0.000001 -%}
            {{ return('adds up to ' ~ value | sum | round(6) ~ ', not to 1') }}
        {%- endif -%}
    {%- elif kind['is'] == 'days' -%}
        {%- if value | length == 0 -%}
            {{ return('is empty') }}
        {%- elif value | min < 1 or value | max > kind['most'] -%}
            {{ return(shown ~ ', in which a window is too short or too long') }}
        {%- elif value | map('int') | list != value | list -%}
            {{ return(shown ~ ', in which something is no whole number') }}
        {%- elif value | unique | list | length != value | length -%}
            {{ return(shown ~ ', in which a window stands twice') }}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{# The sentence that says what is right. #}
{% macro how_to_write(kind) -%}
    {%- if kind['is'] == 'date or null' -%}
        {{ return('Write a day as YYYY-MM-DD, or null for today.') }}
    {%- elif kind['is'] == 'boolean' -%}
        {{ return('Write true or false.') }}
    {%- elif kind['is'] == 'choice' -%}
        {{ return('Choose one of ' ~ kind['of'] | join(', ') ~ '.') }}
    {%- elif kind['is'] == 'words' -%}
        {{ return('Write a list of words, as [one, two].') }}
    {%- elif kind['is'] == 'weights' -%}
        {{ return('Write ' ~ kind['count'] ~ ' numbers from 0 to 1 whose sum is 1.') }}
    {%- elif kind['is'] == 'days' -%}
        {{ return('Write different whole numbers from 1 to ' ~ kind['most'] ~ ', as [30, 90].') }}
    {%- else -%}
        {%- set from = 'above ' ~ kind['above'] if 'above' in kind else 'from ' ~ kind['least'] -%}
        {%- set number = 'a whole number' if kind['is'] == 'whole' else 'a number' -%}
        {%- set to = (', at most ' if 'above' in kind else ' to ') ~ kind['most'] if 'most' in kind else '' -%}
        {{ return('Write ' ~ number ~ ' ' ~ from ~ to ~ '.') }}
    {%- endif -%}
{%- endmacro %}

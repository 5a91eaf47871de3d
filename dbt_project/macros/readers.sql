{# After a run in production: readers may enter the marts, those built for the first time too. #}
{% macro open_marts() -%}
    {%- if target.name == 'prod' -%}
        select platform.open_marts()
    {%- endif -%}
{%- endmacro %}

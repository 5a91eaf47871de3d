{# One row per key, and no part of the key is null. #}
{% test unique_key(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or not bool_and(
    {%- for column in columns %}{{ ' and ' if not loop.first }}{{ column }} is not null{% endfor -%}
)

{% endtest %}

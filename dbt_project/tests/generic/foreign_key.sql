{#
  Every key that is not null exists in the parent. dbt's own `relationships` compares one column, which would accept
  an id that only another tenant has.
#}
{% test foreign_key(model, columns, to, to_columns=none) %}

{%- set to_columns = to_columns or columns -%}

with child as (
    select * from {{ model }} {# with a `where`, a subquery that has a name already #}
)

select
    {% for column in columns %}child.{{ column }}, {% endfor %}
    count(*) as row_count
from child
where
    {% for column in columns %}child.{{ column }} is not null and {% endfor %}
    not exists (
        select 1
        from {{ to }} as parent
        where
            {% for column in columns -%}
                {{ 'and ' if not loop.first }}parent.{{ to_columns[loop.index0] }} = child.{{ column }}
            {% endfor %}
    )
group by {% for column in columns %}child.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

{% endtest %}

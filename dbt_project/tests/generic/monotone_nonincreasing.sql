{# Along `order`, within a partition, a value never rises. #}
{% test monotone_nonincreasing(model, value, order, partition) %}

with

steps as (
    select
        {{ partition | join(', ') }},
        {{ order }} as position,
        {{ value }} as value,
        lag({{ value }}) over (
            partition by {{ partition | join(', ') }} order by {{ order }}
        ) as previous_value
    from {{ model }}
)

select *
from steps
where value > previous_value

{% endtest %}

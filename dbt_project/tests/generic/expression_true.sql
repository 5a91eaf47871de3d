{# An expression over one row holds for every row. Null does not hold. #}
{% test expression_true(model, expression, column_name=none) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}

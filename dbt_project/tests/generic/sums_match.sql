{#
  Two relations agree on a sum, group by group; a group that only one of them has counts as zero in the other.

  column, to_column: columns or expressions over a row. by: columns that both have. condition, to_condition: which
  rows take part. tolerance: largest difference that is still agreement.
#}
{% test sums_match(model, column, to, to_column, by, tolerance=0, condition='true', to_condition='true') %}

with

ours as (
    select
        {{ by | join(', ') }},
        sum({{ column }}) as amount
    from {{ model }}
    where {{ condition }}
    group by {{ by | join(', ') }}
),

theirs as (
    select
        {{ by | join(', ') }},
        sum({{ to_column }}) as amount
    from {{ to }}
    where {{ to_condition }}
    group by {{ by | join(', ') }}
)

select
    {% for key in by %}coalesce(ours.{{ key }}, theirs.{{ key }}) as {{ key }}, {% endfor %}
    ours.amount as amount,
    theirs.amount as to_amount
from ours
full outer join theirs
    on
        {% for key in by -%}
            {{ 'and ' if not loop.first }}ours.{{ key }} = theirs.{{ key }}
        {% endfor %}
where abs(coalesce(ours.amount, 0) - coalesce(theirs.amount, 0)) > {{ tolerance }}

{% endtest %}

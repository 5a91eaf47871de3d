{#
  Half-open intervals [from, to) of each partition follow one another without a hole and without sharing a moment;
  each is longer than nothing, and only the last may be open (null end).

  from, to: columns. partition: columns that name one sequence.
#}
{% test no_gaps_or_overlaps(model, partition, from, to) %}

with

neighbours as (
    select
        {{ partition | join(', ') }},
        {{ from }} as valid_from,
        {{ to }} as valid_to,
        lead({{ from }}) over (
            partition by {{ partition | join(', ') }} order by {{ from }}, {{ to }} nulls last
        ) as next_from,
        row_number() over (
            partition by {{ partition | join(', ') }} order by {{ from }} desc, {{ to }} desc nulls first
        ) as number_from_end
    from {{ model }}
)

select *
from neighbours
where
    valid_from is null
    or valid_to <= valid_from
    or (number_from_end > 1 and valid_to is distinct from next_from)

{% endtest %}

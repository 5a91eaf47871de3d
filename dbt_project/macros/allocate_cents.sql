{#
  An amount split by weights, to the cent: the parts of a partition add up to the amount exactly.

  Each part gets its share rounded down to whole cents; the cents left over go one each to the largest remainders, equal
  ones in the order of `tie`. The sign is that of the amount. Where the weights of a partition add up to zero, `into` is
  null in all of its rows: the caller gives the whole amount to its member for what cannot be allocated.

  Shares are whole numbers and remainders of a division, never a rounded quotient: two quotients that end alike
  (33.333… and 0.333…) are kept to different numbers of digits and would not compare as equal.

  Gives CTEs, the last of them called `name`: every column of `source`, a CTE with one row per part, and `into`. Columns
  that begin with `into` and two underscores are left over from the way there; select by name.

  amount: an expression that is the same in all rows of a partition. weight: an expression, not negative.
  partition, tie: lists of columns.
#}
{% macro allocate_cents(name, source, amount, weight, partition, tie, into) -%}
{{ name }}_weights as (
    select
        *,
        abs(round(({{ amount }}) * 100)) as {{ into }}__cents,
        abs(round(({{ amount }}) * 100)) * cast({{ weight }} as numeric) as {{ into }}__product,
        nullif(
            sum(cast({{ weight }} as numeric)) over (partition by {{ partition | join(', ') }}), 0
        ) as {{ into }}__total
    from {{ source }}
),

{{ name }}_shares as (
    select
        *,
        div({{ into }}__product, {{ into }}__total) as {{ into }}__share,
        mod({{ into }}__product, {{ into }}__total) as {{ into }}__remainder
    from {{ name }}_weights
),

{{ name }}_ranks as (
    select
        *,
        {{ into }}__cents
        - sum({{ into }}__share) over (partition by {{ partition | join(', ') }})
            as {{ into }}__left,
        row_number() over (
            partition by {{ partition | join(', ') }}
            order by {{ into }}__remainder desc, {{ tie | join(', ') }}
        ) as {{ into }}__rank
    from {{ name }}_shares
),

{{ name }} as (
    select
        *,
        cast(
            sign({{ amount }})
            * (
                {{ into }}__share
                + case when {{ into }}__rank <= {{ into }}__left then 1 else 0 end
            ) / 100 as numeric(18, 2)
        ) as {{ into }}
    from {{ name }}_ranks
)
{%- endmacro %}

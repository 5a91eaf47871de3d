{#
  A score follows its measure: equal values have one score, and a better value never a lower one. The best customer of
  several has 5 and the worst 1, unless all are equal.
#}
with

measures as (
    select
        tenant_id,
        'recency' as measure,
        -recency_days as value,
        recency_score as score
    from {{ ref('fct_customer_rfm') }}
    union all
    select
        tenant_id,
        'frequency' as measure,
        frequency as value,
        frequency_score as score
    from {{ ref('fct_customer_rfm') }}
    union all
    select
        tenant_id,
        'monetary' as measure,
        monetary_amount as value,
        monetary_score as score
    from {{ ref('fct_customer_rfm') }}
),

by_value as (
    select
        tenant_id,
        measure,
        value,
        min(score) as lowest_score,
        max(score) as highest_score
    from measures
    group by tenant_id, measure, value
),

steps as (
    select
        *,
        lag(highest_score) over (
            partition by tenant_id, measure order by value
        ) as score_below
    from by_value
)

select *
from steps
where
    lowest_score <> highest_score
    or lowest_score < score_below
    or (score_below is null and lowest_score <> 1)

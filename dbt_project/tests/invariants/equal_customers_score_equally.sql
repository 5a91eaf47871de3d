{#
  A score follows its measure: equal values have one score, a better value never a lower one, and the worst has 1.
#}
with

measures as (
    select
        tenant_id,
        'recency' as measure,
        -recency_days as measured_value,
        recency_score as score
    from {{ ref('fct_customer_rfm') }}
    union all
    select
        tenant_id,
        'frequency' as measure,
        frequency as measured_value,
        frequency_score as score
    from {{ ref('fct_customer_rfm') }}
    union all
    select
        tenant_id,
        'monetary' as measure,
        monetary_amount as measured_value,
        monetary_score as score
    from {{ ref('fct_customer_rfm') }}
),

by_value as (
    select
        tenant_id,
        measure,
        measured_value,
        min(score) as lowest_score,
        max(score) as highest_score
    from measures
    group by tenant_id, measure, measured_value
),

steps as (
    select
        *,
        lag(highest_score) over (
            partition by tenant_id, measure order by measured_value
        ) as score_below
    from by_value
)

select *
from steps
where
    lowest_score <> highest_score
    or lowest_score < score_below
    or (score_below is null and lowest_score <> 1)

with

segments as (
    select * from {{ ref('rfm_segments') }}
),

scores as (
    select
        recency.score as recency_score,
        frequency.score as frequency_score,
        monetary.score as monetary_score
    from generate_series(1, 5) as recency (score)
    cross join generate_series(1, 5) as frequency (score)
    cross join generate_series(1, 5) as monetary (score)
),

final as (
    select distinct on (
        scores.recency_score, scores.frequency_score, scores.monetary_score
    )
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        segments.segment
    from scores
    left join segments
        on
            scores.recency_score between segments.recency_min and segments.recency_max
            and scores.frequency_score between segments.frequency_min and segments.frequency_max
            and scores.monetary_score between segments.monetary_min and segments.monetary_max
    order by
        scores.recency_score asc,
        scores.frequency_score asc,
        scores.monetary_score asc,
        segments.rank asc nulls last
)

select * from final

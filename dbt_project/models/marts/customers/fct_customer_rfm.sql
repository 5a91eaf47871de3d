with

tenants as (
    select
        tenant_id,
        as_of_date,
        cast(as_of_date - make_interval(months => {{ var('rfm_window_months') }}) as date)
            as window_from
    from {{ ref('int_tenants') }}
),

activity as (
    select
        tenant_id,
        customer_id,
        activity_date,
        revenue_amount,
        revenue_job_count
    from {{ ref('int_customers__activity_daily') }}
),

score_segments as (
    select * from {{ ref('int_customers__score_segments') }}
),

measured as (
    select
        activity.tenant_id,
        activity.customer_id,
        tenants.as_of_date,
        max(case when activity.revenue_job_count > 0 then activity.activity_date end)
            as last_job_on_local,
        sum(
            case
                when activity.activity_date > tenants.window_from
                    then activity.revenue_job_count
                else 0
            end
        ) as frequency,
        sum(
            case
                when activity.activity_date > tenants.window_from then activity.revenue_amount
                else 0
            end
        ) as monetary_amount
    from activity
    inner join tenants on activity.tenant_id = tenants.tenant_id
    group by activity.tenant_id, activity.customer_id, tenants.as_of_date
    having sum(activity.revenue_job_count) > 0
),

ranked as (
    select
        *,
        as_of_date - last_job_on_local as recency_days,
        percent_rank() over (partition by tenant_id order by last_job_on_local) as recency_rank,
        percent_rank() over (partition by tenant_id order by frequency) as frequency_rank,
        percent_rank() over (partition by tenant_id order by monetary_amount) as monetary_rank
    from measured
),

scored as (
    select
        *,
        cast(least(5, 1 + floor(5 * recency_rank)) as integer) as recency_score,
        cast(least(5, 1 + floor(5 * frequency_rank)) as integer) as frequency_score,
        cast(least(5, 1 + floor(5 * monetary_rank)) as integer) as monetary_score
    from ranked
),

final as (
    select
        scored.tenant_id,
        scored.customer_id,
        scored.as_of_date,
        scored.last_job_on_local,
        scored.recency_days,
        cast(scored.frequency as integer) as frequency,
        cast(scored.monetary_amount as numeric(18, 2)) as monetary_amount,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        score_segments.segment
    from scored
    inner join score_segments
        on
            scored.recency_score = score_segments.recency_score
            and scored.frequency_score = score_segments.frequency_score
            and scored.monetary_score = score_segments.monetary_score
)

select * from final

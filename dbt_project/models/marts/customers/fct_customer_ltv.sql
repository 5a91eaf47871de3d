with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

activity as (
    select * from {{ ref('int_customers__activity_daily') }}
),

boundaries as (
    select * from {{ ref('int_customers__rfm_boundaries') }}
),

score_segments as (
    select * from {{ ref('int_customers__score_segments') }}
),

totals as (
    select
        activity.tenant_id,
        activity.customer_id,
        tenants.as_of_date,
        min(activity.activity_date) filter (where activity.revenue_job_count > 0)
            as first_job_on_local,
        max(activity.activity_date) filter (where activity.revenue_job_count > 0)
            as last_job_on_local,
        sum(activity.completed_job_count) as completed_job_count,
        sum(activity.revenue_amount) as revenue_amount,
        sum(activity.direct_cost) as direct_cost
    from activity
    inner join tenants on activity.tenant_id = tenants.tenant_id
    group by activity.tenant_id, activity.customer_id, tenants.as_of_date
),

-- Every year of every customer's tenure, the running one last.
tenure_years as (
    select
        totals.tenant_id,
        totals.customer_id,
        totals.as_of_date,
        series.tenure_year,
        cast(totals.first_job_on_local + make_interval(years => series.tenure_year) as date)
            as starts_on,
        cast(totals.first_job_on_local + make_interval(years => series.tenure_year + 1) as date)
            as ends_before
    from totals
    cross join
        lateral generate_series(
            0,
            cast(
                extract(year from totals.as_of_date)
                - extract(year from totals.first_job_on_local) as integer
            )
        ) as series (tenure_year)
    where
        totals.first_job_on_local + make_interval(years => series.tenure_year)
        <= totals.as_of_date
),

-- Where a customer's day lies, seen from each of the years.
placed as (
    select
        tenure_years.tenant_id,
        tenure_years.customer_id,
        tenure_years.tenure_year,
        tenure_years.starts_on,
        tenure_years.ends_before <= tenure_years.as_of_date as is_mature,
        activity.activity_date,
        activity.revenue_amount,
        activity.revenue_job_count,
        activity.revenue_amount - activity.direct_cost as margin,
        activity.activity_date <= tenure_years.starts_on as is_known,
        activity.activity_date <= tenure_years.starts_on
        and activity.activity_date
        > tenure_years.starts_on - make_interval(months => {{ var('rfm_window_months') }})
            as is_in_window,
        activity.activity_date >= tenure_years.starts_on
        and activity.activity_date < tenure_years.ends_before as is_in_year
    from tenure_years
    inner join activity
        on
            tenure_years.tenant_id = activity.tenant_id
            and tenure_years.customer_id = activity.customer_id
),

measured as (
    select
        tenant_id,
        customer_id,
        tenure_year,
        starts_on,
        is_mature,
        starts_on - max(case when is_known and revenue_job_count > 0 then activity_date end)
            as recency_days,
        sum(case when is_in_window then revenue_job_count else 0 end) as frequency,
        sum(case when is_in_window then revenue_amount else 0 end) as monetary_amount,
        sum(case when is_in_year then margin else 0 end) as year_margin
    from placed
    group by tenant_id, customer_id, tenure_year, starts_on, is_mature
),

scored as (
    select
        measured.tenant_id,
        measured.customer_id,
        measured.tenure_year,
        measured.is_mature,
        measured.year_margin,
        1
        {%- for step in range(1, 5) %}
        + case when measured.recency_days < boundaries.recency_bound_{{ step }} then 1 else 0 end
        {%- endfor %} as recency_score,
        1
        {%- for step in range(1, 5) %}
        + case when measured.frequency > boundaries.frequency_bound_{{ step }} then 1 else 0 end
        {%- endfor %} as frequency_score,
        1
        {%- for step in range(1, 5) %}
        + case
            when measured.monetary_amount > boundaries.monetary_bound_{{ step }} then 1 else 0
        end
        {%- endfor %} as monetary_score
    from measured
    inner join boundaries
        on
            measured.tenant_id = boundaries.tenant_id
            and boundaries.activity_month
            = cast(date_trunc('month', measured.starts_on) as date)
),

segmented as (
    select
        scored.tenant_id,
        scored.customer_id,
        scored.tenure_year,
        scored.is_mature,
        scored.year_margin,
        score_segments.segment
    from scored
    inner join score_segments
        on
            scored.recency_score = score_segments.recency_score
            and scored.frequency_score = score_segments.frequency_score
            and scored.monetary_score = score_segments.monetary_score
),

peers as (
    select
        tenant_id,
        tenure_year,
        segment,
        count(*) as peer_count,
        avg(year_margin) as mean_margin
    from segmented
    where is_mature
    group by tenant_id, tenure_year, segment
),

current_years as (
    select distinct on (tenant_id, customer_id)
        tenant_id,
        customer_id,
        tenure_year,
        segment
    from segmented
    order by tenant_id asc, customer_id asc, tenure_year desc
),

final as (
    select
        totals.tenant_id,
        totals.customer_id,
        totals.as_of_date,
        totals.first_job_on_local,
        totals.last_job_on_local,
        cast(totals.completed_job_count as integer) as completed_job_count,
        cast(totals.revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(totals.direct_cost as numeric(18, 2)) as direct_cost,
        cast(totals.revenue_amount - totals.direct_cost as numeric(18, 2)) as gross_profit,
        current_years.tenure_year,
        current_years.segment as tenure_segment,
        cast(coalesce(peers.peer_count, 0) as integer) as peer_count,
        cast(peers.mean_margin as numeric(18, 2)) as predicted_12m
    from totals
    left join current_years
        on
            totals.tenant_id = current_years.tenant_id
            and totals.customer_id = current_years.customer_id
    left join peers
        on
            current_years.tenant_id = peers.tenant_id
            and current_years.tenure_year = peers.tenure_year
            and current_years.segment = peers.segment
)

select * from final

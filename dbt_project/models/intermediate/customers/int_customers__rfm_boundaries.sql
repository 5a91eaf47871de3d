with

tenants as (
    select
        tenant_id,
        as_of_date
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

monthly as (
    select
        tenant_id,
        customer_id,
        cast(date_trunc('month', activity_date) as date) as activity_month,
        sum(revenue_amount) as revenue_amount,
        sum(revenue_job_count) as revenue_job_count,
        max(activity_date) filter (where revenue_job_count > 0) as last_job_on_local
    from activity
    group by tenant_id, customer_id, cast(date_trunc('month', activity_date) as date)
),

spans as (
    select
        monthly.tenant_id,
        monthly.customer_id,
        min(monthly.activity_month) as first_month,
        tenants.as_of_date
    from monthly
    inner join tenants on monthly.tenant_id = tenants.tenant_id
    group by monthly.tenant_id, monthly.customer_id, tenants.as_of_date
    having sum(monthly.revenue_job_count) > 0
),

customer_months as (
    select
        spans.tenant_id,
        spans.customer_id,
        cast(series.first_day as date) as activity_month,
        least(
            cast(series.first_day + interval '1 month - 1 day' as date), spans.as_of_date
        ) as looked_at_on
    from spans
    cross join
        lateral generate_series(
            cast(spans.first_month as timestamp),
            cast(spans.as_of_date as timestamp),
            interval '1 month'
        ) as series (first_day)
),

rolling as (
    select
        customer_months.tenant_id,
        customer_months.activity_month,
        customer_months.looked_at_on
        - max(monthly.last_job_on_local) over until_then as recency_days,
        coalesce(sum(monthly.revenue_job_count) over within_window, 0) as frequency,
        coalesce(sum(monthly.revenue_amount) over within_window, 0) as monetary_amount
    from customer_months
    left join monthly
        on
            customer_months.tenant_id = monthly.tenant_id
            and customer_months.customer_id = monthly.customer_id
            and customer_months.activity_month = monthly.activity_month
    window
        until_then as (
            partition by customer_months.tenant_id, customer_months.customer_id
            order by customer_months.activity_month
        ),
        within_window as (
            partition by customer_months.tenant_id, customer_months.customer_id
            order by customer_months.activity_month
            rows between {{ var('rfm_window_months') - 1 }} preceding and current row
        )
),

-- Null before the first job: no customer yet.
counted as (
    select
        tenant_id,
        activity_month,
        cast(count(recency_days) as double precision) as customer_count
    from rolling
    group by tenant_id, activity_month
    having count(recency_days) > 0
),

-- The k-th smallest of n values, as the share that percentile_disc answers with exactly that one.
shares as (
    select
        tenant_id,
        activity_month,
        customer_count,
        case
            when customer_count > 1
                then
                    array[
                        (ceil((customer_count - 1) * 1 / 5) - 0.5) / customer_count,
                        (ceil((customer_count - 1) * 2 / 5) - 0.5) / customer_count,
                        (ceil((customer_count - 1) * 3 / 5) - 0.5) / customer_count,
                        (ceil((customer_count - 1) * 4 / 5) - 0.5) / customer_count
                    ]
        end as fifths
    from counted
),

bounded as (
    select
        rolling.tenant_id,
        rolling.activity_month,
        shares.customer_count,
        percentile_disc(shares.fifths) within group (
            order by rolling.recency_days desc
        ) as recency_bounds,
        percentile_disc(shares.fifths) within group (
            order by rolling.frequency asc
        ) as frequency_bounds,
        percentile_disc(shares.fifths) within group (
            order by rolling.monetary_amount asc
        ) as monetary_bounds
    from rolling
    inner join shares
        on
            rolling.tenant_id = shares.tenant_id
            and rolling.activity_month = shares.activity_month
    where rolling.recency_days is not null
    group by rolling.tenant_id, rolling.activity_month, shares.customer_count, shares.fifths
),

final as (
    select
        tenant_id,
        activity_month,
        cast(customer_count as integer) as customer_count,
        recency_bounds[1] as recency_bound_1,
        recency_bounds[2] as recency_bound_2,
        recency_bounds[3] as recency_bound_3,
        recency_bounds[4] as recency_bound_4,
        cast(frequency_bounds[1] as integer) as frequency_bound_1,
        cast(frequency_bounds[2] as integer) as frequency_bound_2,
        cast(frequency_bounds[3] as integer) as frequency_bound_3,
        cast(frequency_bounds[4] as integer) as frequency_bound_4,
        cast(monetary_bounds[1] as numeric(18, 2)) as monetary_bound_1,
        cast(monetary_bounds[2] as numeric(18, 2)) as monetary_bound_2,
        cast(monetary_bounds[3] as numeric(18, 2)) as monetary_bound_3,
        cast(monetary_bounds[4] as numeric(18, 2)) as monetary_bound_4
    from bounded
)

select * from final

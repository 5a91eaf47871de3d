with

tenants as (
    select
        tenant_id,
        cast(date_trunc('month', as_of_date) as date) as as_of_month
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

members as (
    select
        tenant_id,
        customer_id,
        cast(date_trunc('month', min(activity_date)) as date) as cohort_month
    from activity
    where revenue_job_count > 0
    group by tenant_id, customer_id
),

cohorts as (
    select
        tenant_id,
        cohort_month,
        count(*) as cohort_size
    from members
    group by tenant_id, cohort_month
),

-- What came in before the first job, say a membership, belongs to the month of that job.
member_months as (
    select
        activity.tenant_id,
        activity.customer_id,
        members.cohort_month,
        greatest(
            cast(date_trunc('month', activity.activity_date) as date), members.cohort_month
        ) as activity_month,
        sum(activity.revenue_amount) as revenue_amount,
        sum(activity.revenue_job_count) as revenue_job_count
    from activity
    inner join members
        on
            activity.tenant_id = members.tenant_id
            and activity.customer_id = members.customer_id
    group by
        activity.tenant_id,
        activity.customer_id,
        members.cohort_month,
        greatest(cast(date_trunc('month', activity.activity_date) as date), members.cohort_month)
),

cohort_months as (
    select
        tenant_id,
        cohort_month,
        activity_month,
        sum(revenue_amount) as revenue_amount,
        count(*) filter (where revenue_job_count > 0) as active_count
    from member_months
    group by tenant_id, cohort_month, activity_month
),

calendar as (
    select
        cohorts.tenant_id,
        cohorts.cohort_month,
        cohorts.cohort_size,
        cast(series.month_number as integer) as month_number,
        cast(
            cohorts.cohort_month + make_interval(months => cast(series.month_number as integer))
            as date
        ) as activity_month
    from cohorts
    inner join tenants on cohorts.tenant_id = tenants.tenant_id
    cross join
        lateral generate_series(
            0,
            12 * (extract(year from tenants.as_of_month) - extract(year from cohorts.cohort_month))
            + extract(month from tenants.as_of_month) - extract(month from cohorts.cohort_month)
        ) as series (month_number)
),

filled as (
    select
        calendar.tenant_id,
        calendar.cohort_month,
        calendar.month_number,
        calendar.activity_month,
        calendar.cohort_size,
        coalesce(cohort_months.active_count, 0) as active_count,
        coalesce(cohort_months.revenue_amount, 0) as revenue_amount
    from calendar
    left join cohort_months
        on
            calendar.tenant_id = cohort_months.tenant_id
            and calendar.cohort_month = cohort_months.cohort_month
            and calendar.activity_month = cohort_months.activity_month
),

final as (
    select
        tenant_id,
        cohort_month,
        month_number,
        activity_month,
        cast(cohort_size as integer) as cohort_size,
        cast(active_count as integer) as active_count,
        cast({{ safe_div('cast(active_count as numeric)', 'cohort_size') }} as numeric(18, 6))
            as retention_rate,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(
            sum(revenue_amount) over (
                partition by tenant_id, cohort_month order by month_number
            ) as numeric(18, 2)
        ) as cumulative_revenue_amount
    from filled
)

select * from final

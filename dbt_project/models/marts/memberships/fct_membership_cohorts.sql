with

tenants as (
    select
        tenant_id,
        as_of_date,
        {{ month_of('as_of_date') }} as last_month
    from {{ ref('int_tenants') }}
),

chains as (
    select * from {{ ref('int_membership_chains') }}
    where customer_id is not null
),

activity as (
    select distinct
        tenant_id,
        customer_id,
        month
    from {{ ref('int_membership_activity_monthly') }}
    where customer_id is not null
),

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
    where is_recognised
),

members as (
    select
        tenant_id,
        customer_id,
        {{ month_of('min(started_on)') }} as cohort_month
    from chains
    group by tenant_id, customer_id
),

sizes as (
    select
        tenant_id,
        cohort_month,
        count(*) as size
    from members
    group by tenant_id, cohort_month
),

grid as (
    select
        sizes.tenant_id,
        sizes.cohort_month,
        sizes.size,
        cast(months.month as date) as month
    from sizes
    inner join tenants on sizes.tenant_id = tenants.tenant_id
    cross join
        lateral generate_series(
            cast(sizes.cohort_month as timestamp),
            cast(tenants.last_month as timestamp),
            interval '1 month'
        ) as months (month)
),

-- Never inactive so far: as many active month ends as there have been months.
activity_of_members as (
    select
        members.tenant_id,
        members.cohort_month,
        activity.month,
        row_number() over (
            partition by activity.tenant_id, activity.customer_id order by activity.month
        ) as active_months,
        {{ whole_months('members.cohort_month', 'activity.month') }} + 1 as months
    from members
    inner join activity
        on
            members.tenant_id = activity.tenant_id
            and members.customer_id = activity.customer_id
),

active as (
    select
        tenant_id,
        cohort_month,
        month,
        count(*) as active_count,
        count(*) filter (where active_months = months) as surviving_count
    from activity_of_members
    group by tenant_id, cohort_month, month
),

revenue as (
    select
        members.tenant_id,
        members.cohort_month,
        {{ month_of('revenue_lines.revenue_date') }} as month,
        sum(revenue_lines.revenue_amount) as revenue,
        sum(revenue_lines.revenue_amount) filter (
            where revenue_lines.membership_id is not null and revenue_lines.job_id is null
        ) as membership_revenue
    from members
    inner join tenants on members.tenant_id = tenants.tenant_id
    inner join revenue_lines
        on
            members.tenant_id = revenue_lines.tenant_id
            and members.customer_id = revenue_lines.customer_id
    where
        revenue_lines.revenue_date >= members.cohort_month
        and revenue_lines.revenue_date <= tenants.as_of_date
    group by
        members.tenant_id,
        members.cohort_month,
        {{ month_of('revenue_lines.revenue_date') }}
),

final as (
    select
        grid.tenant_id,
        grid.cohort_month,
        {{ whole_months('grid.cohort_month', 'grid.month') }} as months_since,
        grid.month,
        cast(grid.size as integer) as size,
        cast(coalesce(active.active_count, 0) as integer) as active_count,
        cast(
            {{ safe_div('coalesce(active.active_count, 0) * 1.0', 'grid.size') }} as numeric(18, 6)
        ) as active_rate,
        cast(coalesce(active.surviving_count, 0) as integer) as surviving_count,
        cast(
            {{ safe_div('coalesce(active.surviving_count, 0) * 1.0', 'grid.size') }}
            as numeric(18, 6)
        ) as survival_rate,
        cast(coalesce(revenue.revenue, 0) as numeric(18, 2)) as revenue,
        cast(coalesce(revenue.membership_revenue, 0) as numeric(18, 2)) as membership_revenue
    from grid
    left join active
        on
            grid.tenant_id = active.tenant_id
            and grid.cohort_month = active.cohort_month
            and grid.month = active.month
    left join revenue
        on
            grid.tenant_id = revenue.tenant_id
            and grid.cohort_month = revenue.cohort_month
            and grid.month = revenue.month
)

select * from final

with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

jobs as (
    select * from {{ ref('int_jobs__membership') }}
),

discounts as (
    select
        tenant_id,
        job_id,
        sum(discount_amount) as discount_amount
    from {{ ref('int_member_discounts') }}
    group by tenant_id, job_id
),

chains as (
    select * from {{ ref('int_membership_chains') }}
    where customer_id is not null
),

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
    where is_recognised
),

counted as (
    select
        jobs.tenant_id,
        {{ month_of('jobs.completed_on_local') }} as month,
        jobs.is_member,
        count(distinct jobs.customer_id) as customers,
        count(*) as jobs,
        sum(jobs.revenue_amount) as revenue,
        count(*) filter (where jobs.is_opportunity) as opportunities,
        count(*) filter (where jobs.is_opportunity and jobs.is_converted) as converted,
        sum(discounts.discount_amount) as discount_given
    from jobs
    left join discounts
        on
            jobs.tenant_id = discounts.tenant_id
            and jobs.job_id = discounts.job_id
    group by
        jobs.tenant_id,
        {{ month_of('jobs.completed_on_local') }},
        jobs.is_member
),

joined as (
    select
        chains.tenant_id,
        chains.customer_id,
        min(chains.started_on) as joined_on
    from chains
    inner join tenants on chains.tenant_id = tenants.tenant_id
    group by chains.tenant_id, chains.customer_id, tenants.as_of_date
    having cast(min(chains.started_on) + interval '12 months' as date) <= tenants.as_of_date
),

-- The same customers before and after they joined; only those whose year as members is over.
around_joining as (
    select
        joined.tenant_id,
        joined.customer_id,
        joined.joined_on,
        coalesce(sum(revenue_lines.revenue_amount) filter (
            where revenue_lines.revenue_date < joined.joined_on
        ), 0) as pre_revenue,
        coalesce(sum(revenue_lines.revenue_amount) filter (
            where revenue_lines.revenue_date >= joined.joined_on
        ), 0) as post_revenue
    from joined
    left join revenue_lines
        on
            joined.tenant_id = revenue_lines.tenant_id
            and joined.customer_id = revenue_lines.customer_id
            and revenue_lines.revenue_date
            >= cast(joined.joined_on - interval '12 months' as date)
            and revenue_lines.revenue_date
            < cast(joined.joined_on + interval '12 months' as date)
    group by joined.tenant_id, joined.customer_id, joined.joined_on
),

joiners as (
    select
        tenant_id,
        {{ month_of('joined_on') }} as month,
        avg(pre_revenue) as pre_revenue_per_customer,
        avg(post_revenue) as post_revenue_per_customer
    from around_joining
    group by tenant_id, {{ month_of('joined_on') }}
),

-- Months in which anybody joined or had a job done, members and non_members.
known_months as (
    select
        tenant_id,
        month
    from counted
    union
    select
        tenant_id,
        month
    from joiners
),

grid as (
    select
        known_months.tenant_id,
        known_months.month,
        sides.is_member
    from known_months
    cross join (values (true), (false)) as sides (is_member)
),

compared as (
    select
        grid.tenant_id,
        grid.month,
        grid.is_member,
        coalesce(counted.customers, 0) as customers,
        coalesce(counted.jobs, 0) as jobs,
        coalesce(counted.revenue, 0) as revenue,
        {{ safe_div('counted.revenue', 'counted.jobs') }} as avg_ticket,
        {{ safe_div('counted.converted * 1.0', 'counted.opportunities') }} as conversion_rate,
        {{ safe_div('counted.revenue', 'counted.customers') }} as revenue_per_customer,
        {{ safe_div('non_members.revenue', 'non_members.customers') }} as others_per_customer,
        joiners.pre_revenue_per_customer,
        joiners.post_revenue_per_customer,
        coalesce(counted.discount_given, 0) as discount_given
    from grid
    left join counted
        on
            grid.tenant_id = counted.tenant_id
            and grid.month = counted.month
            and grid.is_member = counted.is_member
    left join counted as non_members
        on
            grid.is_member
            and not non_members.is_member
            and grid.tenant_id = non_members.tenant_id
            and grid.month = non_members.month
    left join joiners
        on
            grid.is_member
            and grid.tenant_id = joiners.tenant_id
            and grid.month = joiners.month
),

final as (
    select
        tenant_id,
        month,
        is_member,
        cast(customers as integer) as customers,
        cast(jobs as integer) as jobs,
        cast(revenue as numeric(18, 2)) as revenue,
        cast(avg_ticket as numeric(18, 2)) as avg_ticket,
        cast(conversion_rate as numeric(18, 6)) as conversion_rate,
        cast(revenue_per_customer as numeric(18, 2)) as revenue_per_customer,
        cast(
            {{ safe_div('revenue_per_customer - others_per_customer', 'others_per_customer') }}
            as numeric(18, 6)
        ) as uplift_pct,
        cast(pre_revenue_per_customer as numeric(18, 2)) as pre_12m_revenue_per_customer,
        cast(post_revenue_per_customer as numeric(18, 2)) as post_12m_revenue_per_customer,
        cast(discount_given as numeric(18, 2)) as discount_given
    from compared
)

select * from final

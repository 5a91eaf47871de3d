{#
  The lifetime value is what was observed and what is expected, at least what was observed; an ended chain expects nothing.
  What chains have observed of their jobs and memberships is what the ledgers hold for them, counted by tenant.
#}
with

chains as (
    select * from {{ ref('fct_membership_ltv') }}
),

observed as (
    select
        tenant_id,
        sum(membership_revenue) as membership_revenue,
        sum(job_gross_profit) as job_gross_profit
    from chains
    group by tenant_id
),

jobs as (
    select
        jobs.tenant_id,
        sum(job_costs.gross_profit) as job_gross_profit
    from {{ ref('int_jobs__membership') }} as jobs
    inner join {{ ref('int_jobs__costs') }} as job_costs
        on
            jobs.tenant_id = job_costs.tenant_id
            and jobs.job_id = job_costs.job_id
    where jobs.is_member
    group by jobs.tenant_id
),

billed as (
    select
        revenue.tenant_id,
        sum(revenue.revenue_amount) as membership_revenue
    from {{ ref('fct_revenue') }} as revenue
    inner join {{ ref('int_tenants') }} as tenants on revenue.tenant_id = tenants.tenant_id
    inner join {{ ref('int_membership_chains') }} as memberships
        on
            revenue.tenant_id = memberships.tenant_id
            and revenue.membership_id = memberships.membership_id
    where revenue.job_id is null and revenue.revenue_date <= tenants.as_of_date
    group by revenue.tenant_id
)

select
    tenant_id,
    chain_id,
    observed_margin + expected_remaining as expected,
    ltv as actual
from chains
where
    ltv <> observed_margin + expected_remaining
    or observed_margin <> membership_revenue + job_gross_profit
    or ltv < observed_margin
    or (is_ended and expected_remaining <> 0)
union all
select
    observed.tenant_id,
    null as chain_id,
    coalesce(jobs.job_gross_profit, 0) + coalesce(billed.membership_revenue, 0) as expected,
    observed.job_gross_profit + observed.membership_revenue as actual
from observed
left join jobs on observed.tenant_id = jobs.tenant_id
left join billed on observed.tenant_id = billed.tenant_id
where
    observed.job_gross_profit <> coalesce(jobs.job_gross_profit, 0)
    or observed.membership_revenue <> coalesce(billed.membership_revenue, 0)

with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

chains as (
    select * from {{ ref('int_membership_chains') }}
),

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
    where is_recognised and membership_id is not null and job_id is null
),

member_jobs as (
    select * from {{ ref('int_jobs__membership') }}
    where is_member
),

job_costs as (
    select
        tenant_id,
        job_id,
        gross_profit
    from {{ ref('int_jobs__costs') }}
),

activity as (
    select * from {{ ref('int_membership_activity_monthly') }}
    where not is_bridged
),

amounts as (
    select
        revenue_lines.tenant_id,
        chains.chain_id,
        revenue_lines.revenue_amount as membership_revenue,
        0 as job_gross_profit,
        0 as active_months
    from revenue_lines
    inner join tenants on revenue_lines.tenant_id = tenants.tenant_id
    inner join chains
        on
            revenue_lines.tenant_id = chains.tenant_id
            and revenue_lines.membership_id = chains.membership_id
    where revenue_lines.revenue_date <= tenants.as_of_date
    union all
    select
        member_jobs.tenant_id,
        member_jobs.chain_id,
        0 as membership_revenue,
        job_costs.gross_profit as job_gross_profit,
        0 as active_months
    from member_jobs
    inner join job_costs
        on
            member_jobs.tenant_id = job_costs.tenant_id
            and member_jobs.job_id = job_costs.job_id
    union all
    select
        tenant_id,
        chain_id,
        0 as membership_revenue,
        0 as job_gross_profit,
        count(*) as active_months
    from activity
    group by tenant_id, chain_id
),

by_chain as (
    select
        tenant_id,
        chain_id,
        sum(membership_revenue) as membership_revenue,
        sum(job_gross_profit) as job_gross_profit,
        sum(active_months) as active_months
    from amounts
    group by tenant_id, chain_id
),

earned as (
    select
        chains.tenant_id,
        chains.chain_id,
        chains.chain_membership_type_id as membership_type_id,
        cast(coalesce(by_chain.membership_revenue, 0) as numeric(18, 2)) as membership_revenue,
        cast(coalesce(by_chain.job_gross_profit, 0) as numeric(18, 2)) as job_gross_profit,
        cast(
            coalesce(by_chain.membership_revenue, 0) + coalesce(by_chain.job_gross_profit, 0)
            as numeric(18, 2)
        ) as observed_margin,
        cast(coalesce(by_chain.active_months, 0) as integer) as active_months
    from chains
    left join by_chain
        on
            chains.tenant_id = by_chain.tenant_id
            and chains.chain_id = by_chain.chain_id
    where chains.chain_position = 1
),

final as (
    select
        tenant_id,
        chain_id,
        membership_type_id,
        membership_revenue,
        job_gross_profit,
        observed_margin,
        active_months,
        cast(
            greatest(
                coalesce(
                    sum(observed_margin) over of_type
                    / nullif(sum(active_months) over of_type, 0),
                    0
                ), 0
            ) as numeric(18, 6)
        ) as margin_per_month
    from earned
    window of_type as (partition by tenant_id, membership_type_id)
)

select * from final

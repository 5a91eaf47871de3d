with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

chains as (
    select * from {{ ref('int_membership_chains') }}
    where chain_position = 1
),

tenures as (
    select
        chains.tenant_id,
        chains.chain_membership_type_id as membership_type_id,
        chains.chain_ended_on is not null as is_ended,
        {{ whole_months(
            'chains.chain_started_on', 'coalesce(chains.chain_ended_on, tenants.as_of_date)'
        ) }} as tenure_months
    from chains
    inner join tenants on chains.tenant_id = tenants.tenant_id
),

grouped as (
    select
        tenant_id,
        cast(membership_type_id as text) as membership_type,
        membership_type_id,
        tenure_months,
        is_ended
    from tenures
    where membership_type_id is not null
    union all
    select
        tenant_id,
        'all' as membership_type,
        null as membership_type_id,
        tenure_months,
        is_ended
    from tenures
),

counted as (
    select
        tenant_id,
        membership_type,
        tenure_months,
        count(*) as chain_count,
        count(*) filter (where is_ended) as churned_count
    from grouped
    group by tenant_id, membership_type, tenure_months
),

types as (
    select
        tenant_id,
        membership_type,
        membership_type_id,
        max(tenure_months) as longest_tenure,
        max(max(tenure_months)) over (partition by tenant_id) as longest_of_tenant
    from grouped
    group by tenant_id, membership_type, membership_type_id
),

-- Every month that an expectation may need: the horizon, seen from the longest tenure there is.
months as (
    select
        types.tenant_id,
        types.membership_type,
        types.membership_type_id,
        types.longest_tenure,
        months.tenure_months
    from types
    cross join
        lateral generate_series(
            0, types.longest_of_tenant + {{ var('ltv_horizon_months') }}
        ) as months (tenure_months)
),

at_risk as (
    select
        months.tenant_id,
        months.membership_type,
        months.membership_type_id,
        months.tenure_months,
        months.longest_tenure,
        months.tenure_months > months.longest_tenure as is_extrapolated,
        coalesce(
            sum(counted.chain_count) over (
                partition by months.tenant_id, months.membership_type
                order by months.tenure_months desc
            ), 0
        ) as at_risk_count,
        coalesce(counted.churned_count, 0) as churned_count
    from months
    left join counted
        on
            months.tenant_id = counted.tenant_id
            and months.membership_type = counted.membership_type
            and months.tenure_months = counted.tenure_months
),

tails as (
    select
        tenant_id,
        membership_type,
        {{ safe_div('sum(churned_count)', 'sum(at_risk_count)') }} as tail_hazard
    from at_risk
    where
        not is_extrapolated
        and tenure_months > longest_tenure - {{ var('ltv_tail_months') }}
    group by tenant_id, membership_type
),

hazards as (
    select
        at_risk.tenant_id,
        at_risk.membership_type,
        at_risk.membership_type_id,
        at_risk.tenure_months,
        at_risk.at_risk_count,
        at_risk.churned_count,
        at_risk.is_extrapolated,
        cast(
            case
                when at_risk.is_extrapolated then tails.tail_hazard
                else {{ safe_div('at_risk.churned_count', 'at_risk.at_risk_count') }}
            end as double precision
        ) as hazard
    from at_risk
    inner join tails
        on
            at_risk.tenant_id = tails.tenant_id
            and at_risk.membership_type = tails.membership_type
),

final as (
    select
        tenant_id,
        membership_type,
        membership_type_id,
        tenure_months,
        cast(at_risk_count as bigint) as at_risk_count,
        churned_count,
        cast(hazard as numeric(18, 9)) as hazard,
        -- A product is the exponential of a sum of logarithms, except where nobody is left.
        cast(
            case
                when max(hazard) over so_far >= 1 then 0
                else exp(sum(ln(1 - case when hazard < 1 then hazard else 0 end)) over so_far)
            end as numeric(18, 9)
        ) as survival,
        is_extrapolated
    from hazards
    window so_far as (partition by tenant_id, membership_type order by tenure_months)
)

select * from final

{%- set monthly_discount = '(power(1 + ' ~ var('annual_discount_rate') ~ ', 1.0 / 12))' -%}
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

margins as (
    select * from {{ ref('int_membership_margins') }}
),

survival as (
    select * from {{ ref('int_membership_survival') }}
),

tenures as (
    select
        chains.tenant_id,
        chains.chain_id,
        chains.chain_customer_id as customer_id,
        chains.chain_membership_type_id as membership_type_id,
        coalesce(cast(chains.chain_membership_type_id as text), 'all') as membership_type,
        chains.chain_started_on as started_on,
        chains.chain_ended_on as ended_on,
        chains.chain_ended_on is not null as is_ended,
        {{ whole_months(
            'chains.chain_started_on', 'coalesce(chains.chain_ended_on, tenants.as_of_date)'
        ) }} as tenure_months
    from chains
    inner join tenants on chains.tenant_id = tenants.tenant_id
),

open_tenures as (
    select distinct
        tenant_id,
        membership_type,
        tenure_months
    from tenures
    where not is_ended
),

-- Discounted months that a chain of this tenure may still expect.
expectations as (
    select
        open_tenures.tenant_id,
        open_tenures.membership_type,
        open_tenures.tenure_months,
        sum(
            {{ safe_div('later.survival', 'now.survival') }}
            / power(
                {{ monthly_discount }}, later.tenure_months - open_tenures.tenure_months
            )
        ) as expected_months
    from open_tenures
    inner join survival as now
        on
            open_tenures.tenant_id = now.tenant_id
            and open_tenures.membership_type = now.membership_type
            and open_tenures.tenure_months = now.tenure_months
    inner join survival as later
        on
            open_tenures.tenant_id = later.tenant_id
            and open_tenures.membership_type = later.membership_type
            and open_tenures.tenure_months < later.tenure_months
            and later.tenure_months
            <= open_tenures.tenure_months + {{ var('ltv_horizon_months') }}
    group by
        open_tenures.tenant_id,
        open_tenures.membership_type,
        open_tenures.tenure_months
),

expected as (
    select
        tenures.tenant_id,
        tenures.chain_id,
        tenures.customer_id,
        tenures.membership_type_id,
        tenures.started_on,
        tenures.ended_on,
        tenures.is_ended,
        tenures.tenure_months,
        margins.active_months,
        margins.membership_revenue,
        margins.job_gross_profit,
        margins.observed_margin,
        margins.margin_per_month,
        cast(
            case
                when tenures.is_ended then 0
                else coalesce(expectations.expected_months, 0) * margins.margin_per_month
            end as numeric(18, 2)
        ) as expected_remaining
    from tenures
    inner join margins
        on
            tenures.tenant_id = margins.tenant_id
            and tenures.chain_id = margins.chain_id
    left join expectations
        on
            tenures.tenant_id = expectations.tenant_id
            and tenures.membership_type = expectations.membership_type
            and tenures.tenure_months = expectations.tenure_months
),

final as (
    select
        tenant_id,
        chain_id,
        customer_id,
        membership_type_id,
        started_on,
        ended_on,
        is_ended,
        tenure_months,
        active_months,
        membership_revenue,
        job_gross_profit,
        observed_margin,
        margin_per_month,
        expected_remaining,
        cast(observed_margin + expected_remaining as numeric(18, 2)) as ltv
    from expected
)

select * from final

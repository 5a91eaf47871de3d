with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

intervals as (
    select * from {{ ref('int_membership_status_intervals') }}
),

chains as (
    select * from {{ ref('int_membership_chains') }}
),

prices as (
    select * from {{ ref('int_membership_prices') }}
),

-- A membership hands over on the day its renewal begins, so that no day counts twice.
spans as (
    select
        intervals.tenant_id,
        intervals.membership_id,
        intervals.valid_from,
        least(intervals.valid_to, chains.renewed_on) as valid_to,
        intervals.valid_to as status_to,
        chains.ended_on,
        chains.renewed_on
    from intervals
    inner join chains
        on
            intervals.tenant_id = chains.tenant_id
            and intervals.membership_id = chains.membership_id
    where intervals.is_active
),

active as (
    select
        tenant_id,
        membership_id,
        valid_from,
        valid_to,
        false as is_bridged
    from spans
    union all
    -- Between the end of a membership and its renewal.
    select
        tenant_id,
        membership_id,
        ended_on as valid_from,
        renewed_on as valid_to,
        true as is_bridged
    from spans
    where status_to = ended_on and renewed_on > ended_on
),

-- The running month is seen from as_of.
month_ends as (
    select
        active.tenant_id,
        active.membership_id,
        active.valid_from,
        active.valid_to,
        active.is_bridged,
        cast(months.month as date) as month,
        least(
            cast(months.month + interval '1 month' - interval '1 day' as date),
            tenants.as_of_date
        ) as month_end
    from active
    inner join tenants on active.tenant_id = tenants.tenant_id
    cross join
        lateral generate_series(
            date_trunc('month', cast(active.valid_from as timestamp)),
            cast(coalesce(active.valid_to, tenants.as_of_date) as timestamp),
            interval '1 month'
        ) as months (month)
),

final as (
    select
        month_ends.tenant_id,
        month_ends.membership_id,
        month_ends.month,
        month_ends.month_end,
        chains.chain_id,
        chains.customer_id,
        chains.location_id,
        chains.membership_type_id,
        month_ends.is_bridged,
        prices.monthly_amount
    from month_ends
    inner join chains
        on
            month_ends.tenant_id = chains.tenant_id
            and month_ends.membership_id = chains.membership_id
    inner join prices
        on
            month_ends.tenant_id = prices.tenant_id
            and month_ends.membership_id = prices.membership_id
    where
        month_ends.month_end >= month_ends.valid_from
        and (month_ends.valid_to is null or month_ends.month_end < month_ends.valid_to)
)

select * from final

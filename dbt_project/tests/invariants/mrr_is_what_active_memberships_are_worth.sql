{#
  Memberships active on the last day of a month, counted again from the timeline, are what the month closes with. A renewal
  takes over on its first day, and until then what it renews counts through a gap within grace.
#}
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

actual as (
    select
        tenant_id,
        month,
        sum(closing_mrr) as mrr
    from {{ ref('fct_membership_monthly') }}
    group by tenant_id, month
),

timeline as (
    select
        timelines.tenant_id,
        timelines.membership_id,
        timelines.valid_from,
        case
            when timelines.valid_to = chains.ended_on and chains.renewed_on is not null
                then chains.renewed_on
            else least(timelines.valid_to, chains.renewed_on)
        end as valid_to
    from {{ ref('fct_membership_timeline') }} as timelines
    inner join chains
        on
            timelines.tenant_id = chains.tenant_id
            and timelines.membership_id = chains.membership_id
    where timelines.is_active and timelines.customer_id is not null
),

expected as (
    select
        actual.tenant_id,
        actual.month,
        sum(prices.monthly_amount) as mrr
    from actual
    inner join tenants on actual.tenant_id = tenants.tenant_id
    inner join timeline
        on
            actual.tenant_id = timeline.tenant_id
            and timeline.valid_from <= least(
                cast(actual.month + interval '1 month' as date) - 1, tenants.as_of_date
            )
            and coalesce(timeline.valid_to, 'infinity') > least(
                cast(actual.month + interval '1 month' as date) - 1, tenants.as_of_date
            )
    inner join {{ ref('int_membership_prices') }} as prices
        on
            timeline.tenant_id = prices.tenant_id
            and timeline.membership_id = prices.membership_id
    group by actual.tenant_id, actual.month
)

select
    actual.tenant_id,
    actual.month,
    coalesce(expected.mrr, 0) as expected_mrr,
    actual.mrr as actual_mrr
from actual
left join expected
    on
        actual.tenant_id = expected.tenant_id
        and actual.month = expected.month
where actual.mrr <> coalesce(expected.mrr, 0)

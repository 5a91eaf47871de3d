with

costs as (
    select
        tenant_id,
        campaign_id,
        make_date(cost_year, cost_month, 1) as month_start_date,
        daily_cost_amount
    from {{ ref('stg_servicetitan__campaign_costs') }}
    where
        is_active
        and cost_year between 1990 and 2049
        and cost_month between 1 and 12
),

ads as (
    select * from {{ ref('stg_servicetitan__marketing_ads_performance') }}
    where not is_deleted and segmentation = 'Campaign'
),

-- The API says what a day costs, the same for every day of the month.
spent as (
    select
        costs.tenant_id,
        coalesce(costs.campaign_id, -1) as campaign_id,
        costs.month_start_date + numbers.day_number as activity_date,
        costs.daily_cost_amount as spend_amount,
        0 as impression_count,
        0 as click_count
    from costs
    cross join
        lateral generate_series(
            0,
            cast(costs.month_start_date + interval '1 month' as date) - costs.month_start_date - 1
        ) as numbers (day_number)
),

shown as (
    select
        tenant_id,
        coalesce(campaign_id, -1) as campaign_id,
        performance_date as activity_date,
        0 as spend_amount,
        impression_count,
        click_count
    from ads
),

both_kinds as (
    select * from spent
    union all
    select * from shown
),

final as (
    select
        tenant_id,
        campaign_id,
        activity_date,
        cast(coalesce(sum(spend_amount), 0) as numeric(18, 2)) as spend_amount,
        cast(coalesce(sum(impression_count), 0) as bigint) as impression_count,
        cast(coalesce(sum(click_count), 0) as bigint) as click_count
    from both_kinds
    group by tenant_id, campaign_id, activity_date
)

select * from final

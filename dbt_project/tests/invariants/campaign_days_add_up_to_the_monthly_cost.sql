{#
  What a campaign's days of a month cost together is its daily cost times the days of that month; channels cost what
  their campaigns do, whatever the model.
#}
with

expected as (
    select
        tenant_id,
        coalesce(campaign_id, -1) as campaign_id,
        make_date(cost_year, cost_month, 1) as cost_month,
        sum(
            daily_cost_amount
            * extract(day from make_date(cost_year, cost_month, 1) + interval '1 month - 1 day')
        ) as spend_amount
    from {{ ref('stg_servicetitan__campaign_costs') }}
    where is_active and cost_year between 1990 and 2049 and cost_month between 1 and 12
    group by tenant_id, coalesce(campaign_id, -1), make_date(cost_year, cost_month, 1)
),

actual as (
    select
        tenant_id,
        campaign_id,
        cast(date_trunc('month', activity_date) as date) as cost_month,
        sum(spend_amount) as spend_amount
    from {{ ref('fct_campaign_performance_daily') }}
    group by tenant_id, campaign_id, cast(date_trunc('month', activity_date) as date)
),

expected_by_month as (
    select
        tenant_id,
        cost_month,
        sum(spend_amount) as spend_amount
    from expected
    group by tenant_id, cost_month
),

actual_by_month as (
    select
        tenant_id,
        acquisition_month as cost_month,
        model_name,
        sum(spend_amount) as spend_amount
    from {{ ref('fct_channel_acquisition_monthly') }}
    group by tenant_id, acquisition_month, model_name
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.campaign_id, actual.campaign_id) as campaign_id,
    coalesce(expected.cost_month, actual.cost_month) as cost_month,
    cast(null as text) as model_name,
    expected.spend_amount as expected_amount,
    actual.spend_amount as actual_amount
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.campaign_id = actual.campaign_id
        and expected.cost_month = actual.cost_month
where coalesce(expected.spend_amount, 0) <> coalesce(actual.spend_amount, 0)
union all
select
    coalesce(expected_by_month.tenant_id, actual_by_month.tenant_id) as tenant_id,
    cast(null as bigint) as campaign_id,
    coalesce(expected_by_month.cost_month, actual_by_month.cost_month) as cost_month,
    actual_by_month.model_name,
    expected_by_month.spend_amount as expected_amount,
    actual_by_month.spend_amount as actual_amount
from expected_by_month
full outer join actual_by_month
    on
        expected_by_month.tenant_id = actual_by_month.tenant_id
        and expected_by_month.cost_month = actual_by_month.cost_month
where coalesce(expected_by_month.spend_amount, 0) <> coalesce(actual_by_month.spend_amount, 0)

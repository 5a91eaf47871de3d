{#
  In each model and window the touches that brought a customer share exactly the customer's revenue from the day of the first
  job, counted again line by line. Who was acquired is told by the conversions.
#}
with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

acquisitions as (
    select
        conversions.tenant_id,
        conversions.customer_id,
        conversions.completed_on_local,
        tenants.as_of_date
    from {{ ref('int_conversions') }} as conversions
    inner join tenants on conversions.tenant_id = tenants.tenant_id
    where conversions.is_acquisition
),

windows (window_days) as (
    values
    {%- for days in var('downstream_windows') %}
    ({{ days }}),
    {%- endfor %}
    (null)
),

revenue_lines as (
    select
        tenant_id,
        customer_id,
        revenue_date,
        revenue_amount
    from {{ ref('int_revenue_lines') }}
    where is_recognised and revenue_amount <> 0
),

expected as (
    select
        acquisitions.tenant_id,
        acquisitions.customer_id,
        windows.window_days,
        coalesce(sum(revenue_lines.revenue_amount), 0) as revenue_amount
    from acquisitions
    cross join windows
    left join revenue_lines
        on
            acquisitions.tenant_id = revenue_lines.tenant_id
            and acquisitions.customer_id = revenue_lines.customer_id
            and acquisitions.completed_on_local <= revenue_lines.revenue_date
            and acquisitions.as_of_date >= revenue_lines.revenue_date
            and (
                windows.window_days is null
                or acquisitions.completed_on_local + windows.window_days
                >= revenue_lines.revenue_date
            )
    group by
        acquisitions.tenant_id,
        acquisitions.customer_id,
        windows.window_days
),

actual as (
    select
        tenant_id,
        customer_id,
        window_days,
        model_name,
        sum(attributed_revenue) as attributed_revenue,
        sum(weight) as weight
    from {{ ref('fct_downstream_attribution') }}
    group by
        tenant_id,
        customer_id,
        window_days,
        model_name
),

by_customer as (
    select
        tenant_id,
        customer_id,
        window_days,
        count(*) as model_count,
        min(attributed_revenue) as least_revenue,
        max(attributed_revenue) as most_revenue,
        min(weight) as least_weight,
        max(weight) as most_weight
    from actual
    group by
        tenant_id,
        customer_id,
        window_days
)

-- Without a window is -1 here, so that the join can be hashed.
select
    coalesce(expected.tenant_id, by_customer.tenant_id) as tenant_id,
    coalesce(expected.customer_id, by_customer.customer_id) as customer_id,
    coalesce(expected.window_days, by_customer.window_days) as window_days,
    expected.revenue_amount,
    by_customer.least_revenue,
    by_customer.most_revenue
from expected
full outer join by_customer
    on
        expected.tenant_id = by_customer.tenant_id
        and expected.customer_id = by_customer.customer_id
        and coalesce(expected.window_days, -1) = coalesce(by_customer.window_days, -1)
where
    by_customer.model_count is distinct from 7
    or by_customer.least_weight is distinct from 1
    or by_customer.most_weight is distinct from 1
    or expected.revenue_amount is distinct from by_customer.least_revenue
    or expected.revenue_amount is distinct from by_customer.most_revenue

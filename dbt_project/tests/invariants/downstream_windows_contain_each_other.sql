{#
  The same touch never has less in a longer window, where nothing of the customer's revenue is below zero. A cent may move
  between touches, because each window is rounded on its own.
#}
with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

corrected as (
    select distinct
        revenue_lines.tenant_id,
        revenue_lines.customer_id
    from {{ ref('int_revenue_lines') }} as revenue_lines
    inner join tenants on revenue_lines.tenant_id = tenants.tenant_id
    where
        revenue_lines.is_recognised
        and revenue_lines.revenue_amount < 0
        and revenue_lines.revenue_date <= tenants.as_of_date
),

ordered as (
    select
        downstream.tenant_id,
        downstream.customer_id,
        downstream.model_name,
        downstream.touch_id,
        downstream.window_days,
        downstream.attributed_revenue,
        lag(downstream.attributed_revenue) over (
            partition by
                downstream.tenant_id,
                downstream.customer_id,
                downstream.model_name,
                downstream.touch_id
            order by downstream.window_days
        ) as shorter_revenue
    from {{ ref('fct_downstream_attribution') }} as downstream
    left join corrected
        on
            downstream.tenant_id = corrected.tenant_id
            and downstream.customer_id = corrected.customer_id
    where corrected.customer_id is null
)

select *
from ordered
where attributed_revenue < shorter_revenue - 0.01

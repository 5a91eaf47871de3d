{# No model of attribution finds more or less than another, whichever way it hands it out. #}
with

totals as (
    select
        tenant_id,
        model_name,
        sum(attributed_revenue) as attributed_revenue,
        sum(attributed_gross_profit) as attributed_gross_profit,
        sum(attributed_conversions) as attributed_conversions
    from {{ ref('fct_attribution') }}
    group by
        tenant_id,
        model_name
)

select
    tenant_id,
    count(*) as model_count,
    min(attributed_revenue) as least_revenue,
    max(attributed_revenue) as most_revenue,
    min(attributed_gross_profit) as least_gross_profit,
    max(attributed_gross_profit) as most_gross_profit,
    min(attributed_conversions) as least_conversions,
    max(attributed_conversions) as most_conversions
from totals
group by tenant_id
having
    count(*) <> 7
    or min(attributed_revenue) <> max(attributed_revenue)
    or min(attributed_gross_profit) <> max(attributed_gross_profit)
    or min(attributed_conversions) <> max(attributed_conversions)

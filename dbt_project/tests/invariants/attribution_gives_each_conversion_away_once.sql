{#
  Every conversion stands in each of the seven models, with weights that add up to 1 and money that adds up to the job's.
#}
with

models (model_name) as (
    values
    ('first_touch'),
    ('last_touch'),
    ('linear'),
    ('position'),
    ('time_decay'),
    ('data_driven'),
    ('servicetitan')
),

expected as (
    select
        conversions.tenant_id,
        conversions.job_id,
        models.model_name,
        conversions.revenue_amount,
        conversions.gross_profit
    from {{ ref('int_conversions') }} as conversions
    cross join models
),

actual as (
    select
        tenant_id,
        job_id,
        model_name,
        sum(weight) as weight,
        sum(attributed_conversions) as attributed_conversions,
        sum(attributed_revenue) as attributed_revenue,
        sum(attributed_gross_profit) as attributed_gross_profit
    from {{ ref('fct_attribution') }}
    group by
        tenant_id,
        job_id,
        model_name
)

select
    coalesce(expected.tenant_id, actual.tenant_id) as tenant_id,
    coalesce(expected.job_id, actual.job_id) as job_id,
    coalesce(expected.model_name, actual.model_name) as model_name,
    actual.weight,
    expected.revenue_amount,
    actual.attributed_revenue,
    expected.gross_profit,
    actual.attributed_gross_profit
from expected
full outer join actual
    on
        expected.tenant_id = actual.tenant_id
        and expected.job_id = actual.job_id
        and expected.model_name = actual.model_name
where
    actual.weight is distinct from 1
    or actual.attributed_conversions is distinct from 1
    or expected.revenue_amount is distinct from actual.attributed_revenue
    or expected.gross_profit is distinct from actual.attributed_gross_profit

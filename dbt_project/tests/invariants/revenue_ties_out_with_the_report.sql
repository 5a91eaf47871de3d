{#
  What no rule explains between ServiceTitan's report and fct_revenue, added up over business units without regard to
  its sign, is at most 0.5 % of the report.
#}
select
    tenant_id,
    month,
    sum(reported_amount) as reported_amount,
    sum(revenue_amount) as revenue_amount,
    sum(abs(unexplained_amount)) as unexplained_amount
from {{ ref('fct_revenue_tie_out') }}
group by tenant_id, month
having sum(abs(unexplained_amount)) > 0.005 * sum(abs(reported_amount))

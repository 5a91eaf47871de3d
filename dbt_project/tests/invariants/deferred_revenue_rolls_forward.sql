{#
  closing = opening + billed - recognised - cancelled in every row, and each month opens with what the month before
  closed with; a month without a row opens and closes with nothing.
#}
with

neighbours as (
    select
        *,
        lag(month) over membership_months as previous_month,
        lag(closing_amount) over membership_months as previous_closing,
        lead(month) over membership_months as next_month
    from {{ ref('fct_deferred_revenue_monthly') }}
    window membership_months as (partition by tenant_id, membership_id order by month)
),

ends as (
    select
        tenant_id,
        cast(date_trunc('month', as_of_date) as date) as last_month
    from {{ ref('int_tenants') }}
)

select
    neighbours.tenant_id,
    neighbours.membership_id,
    neighbours.month,
    neighbours.opening_amount,
    neighbours.billed_amount,
    neighbours.recognised_amount,
    neighbours.cancelled_amount,
    neighbours.closing_amount,
    neighbours.previous_closing
from neighbours
inner join ends on neighbours.tenant_id = ends.tenant_id
where
    neighbours.closing_amount
    <> neighbours.opening_amount
    + neighbours.billed_amount
    - neighbours.recognised_amount
    - neighbours.cancelled_amount
    or neighbours.opening_amount
    <> case
        when neighbours.previous_month = neighbours.month - interval '1 month'
            then neighbours.previous_closing
        else 0
    end
    or (
        neighbours.closing_amount <> 0
        and neighbours.month < ends.last_month
        and neighbours.next_month is distinct from neighbours.month + interval '1 month'
    )

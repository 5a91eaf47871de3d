with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

customers as (
    select
        tenant_id,
        customer_id,
        canonical_id
    from {{ ref('int_customers__canonical') }}
),

all_memberships as (
    select * from {{ ref('stg_servicetitan__memberships') }}
),

revenue_lines as (
    select * from {{ ref('int_revenue_lines') }}
),

memberships as (
    select
        all_memberships.tenant_id,
        all_memberships.membership_id,
        coalesce(customers.canonical_id, all_memberships.customer_id) as customer_id,
        all_memberships.membership_type_id,
        all_memberships.from_date,
        all_memberships.is_active,
        all_memberships.cancellation_invoice_id,
        all_memberships.cancellation_balance_invoice_id,
        case
            when all_memberships.cancellation_date <= tenants.as_of_date
                then cast(date_trunc('month', all_memberships.cancellation_date) as date)
        end as cancelled_month
    from all_memberships
    inner join tenants on all_memberships.tenant_id = tenants.tenant_id
    left join customers
        on
            all_memberships.tenant_id = customers.tenant_id
            and all_memberships.customer_id = customers.customer_id
),

liability_lines as (
    select
        revenue_lines.tenant_id,
        revenue_lines.invoice_item_id,
        revenue_lines.invoice_id,
        revenue_lines.customer_id,
        revenue_lines.membership_id,
        revenue_lines.membership_type_id,
        revenue_lines.revenue_date,
        revenue_lines.line_amount
    from revenue_lines
    inner join tenants on revenue_lines.tenant_id = tenants.tenant_id
    where
        revenue_lines.is_recognised
        and revenue_lines.gl_account_type ilike '%liability%'
        and revenue_lines.revenue_date <= tenants.as_of_date
        and revenue_lines.line_amount <> 0
),

-- A membership is usually sold on the invoice of the job it was sold on, which does not name it:
-- then it is the customer's membership of the type on the line that began nearest to that day.
sold as (
    select distinct on (liability_lines.tenant_id, liability_lines.invoice_item_id)
        liability_lines.tenant_id,
        liability_lines.invoice_item_id,
        memberships.membership_id
    from liability_lines
    inner join memberships
        on
            liability_lines.tenant_id = memberships.tenant_id
            and liability_lines.customer_id = memberships.customer_id
            and liability_lines.membership_type_id = memberships.membership_type_id
    where liability_lines.membership_id is null and memberships.is_active
    order by
        liability_lines.tenant_id asc,
        liability_lines.invoice_item_id asc,
        abs(memberships.from_date - liability_lines.revenue_date) asc nulls last,
        memberships.membership_id asc
),

-- What the invoice of a cancellation takes off is the cancelled rest itself, not a visit.
cancelling_invoices as (
    select
        tenant_id,
        membership_id,
        cancellation_invoice_id as invoice_id
    from memberships
    where cancellation_invoice_id is not null and cancelled_month is not null
    union
    select
        tenant_id,
        membership_id,
        cancellation_balance_invoice_id as invoice_id
    from memberships
    where cancellation_balance_invoice_id is not null and cancelled_month is not null
),

movements as (
    select
        liability_lines.tenant_id,
        coalesce(liability_lines.membership_id, sold.membership_id, -1) as membership_id,
        cast(date_trunc('month', liability_lines.revenue_date) as date) as month,
        sum(greatest(liability_lines.line_amount, 0)) as billed_amount,
        sum(greatest(-liability_lines.line_amount, 0)) as recognised_amount
    from liability_lines
    left join sold
        on
            liability_lines.tenant_id = sold.tenant_id
            and liability_lines.invoice_item_id = sold.invoice_item_id
    left join cancelling_invoices
        on
            liability_lines.tenant_id = cancelling_invoices.tenant_id
            and liability_lines.invoice_id = cancelling_invoices.invoice_id
    where cancelling_invoices.invoice_id is null
    group by
        liability_lines.tenant_id,
        coalesce(liability_lines.membership_id, sold.membership_id, -1),
        cast(date_trunc('month', liability_lines.revenue_date) as date)
),

first_months as (
    select
        movements.tenant_id,
        movements.membership_id,
        min(movements.month) as first_month,
        cast(date_trunc('month', min(tenants.as_of_date)) as date) as last_month
    from movements
    inner join tenants on movements.tenant_id = tenants.tenant_id
    group by movements.tenant_id, movements.membership_id
),

months as (
    select
        first_months.tenant_id,
        first_months.membership_id,
        cast(series.month_start as date) as month
    from first_months
    cross join
        lateral generate_series(
            cast(first_months.first_month as timestamp),
            cast(first_months.last_month as timestamp),
            interval '1 month'
        ) as series (month_start)
),

balances as (
    select
        months.tenant_id,
        months.membership_id,
        months.month,
        memberships.customer_id,
        memberships.membership_type_id,
        coalesce(movements.billed_amount, 0) as billed_amount,
        coalesce(movements.recognised_amount, 0) as recognised_amount,
        -- Once a membership is cancelled nothing is owed any more, whatever is still booked.
        case
            when months.month >= memberships.cancelled_month then 0
            else
                sum(
                    coalesce(movements.billed_amount, 0) - coalesce(movements.recognised_amount, 0)
                ) over (
                    partition by months.tenant_id, months.membership_id
                    order by months.month
                )
        end as closing_amount
    from months
    left join movements
        on
            months.tenant_id = movements.tenant_id
            and months.membership_id = movements.membership_id
            and months.month = movements.month
    left join memberships
        on
            months.tenant_id = memberships.tenant_id
            and months.membership_id = memberships.membership_id
),

opened as (
    select
        *,
        lag(closing_amount, 1, cast(0 as numeric)) over (
            partition by tenant_id, membership_id
            order by month
        ) as opening_amount
    from balances
),

final as (
    select
        {{ surrogate_key(['tenant_id', 'membership_id', 'month']) }}
            as fct_deferred_revenue_monthly_key,
        tenant_id,
        membership_id,
        month,
        customer_id,
        membership_type_id,
        cast(opening_amount as numeric(18, 2)) as opening_amount,
        cast(billed_amount as numeric(18, 2)) as billed_amount,
        cast(recognised_amount as numeric(18, 2)) as recognised_amount,
        cast(
            opening_amount + billed_amount - recognised_amount - closing_amount as numeric(18, 2)
        ) as cancelled_amount,
        cast(closing_amount as numeric(18, 2)) as closing_amount
    from opened
    where
        opening_amount <> 0
        or billed_amount <> 0
        or recognised_amount <> 0
        or closing_amount <> 0
)

select * from final

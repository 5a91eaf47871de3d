with

tenants as (
    select
        tenant_id,
        timezone,
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

invoices as not materialized (
    select * from {{ ref('int_invoices__rooted') }}
),

payments as (
    select * from {{ ref('stg_servicetitan__payments') }}
),

payment_applications as (
    select * from {{ ref('stg_servicetitan__payment_applications') }}
),

credit_memos as (
    select * from {{ ref('stg_servicetitan__credit_memos') }}
),

credit_memo_applications as (
    select * from {{ ref('stg_servicetitan__credit_memo_applications') }}
),

-- What had been billed by as_of.
billed as (
    select
        invoices.tenant_id,
        invoices.invoice_id,
        invoices.root_invoice_id,
        invoices.total_amount,
        tenants.as_of_date
    from invoices
    inner join tenants on invoices.tenant_id = tenants.tenant_id
    where invoices.is_active and invoices.invoice_date <= tenants.as_of_date
),

dated_payments as (
    select
        payments.tenant_id,
        payments.payment_id,
        coalesce(customers.canonical_id, payments.customer_id) as customer_id,
        coalesce(
            payments.payment_date,
            {{ local_date('payments.created_at', 'tenants.timezone') }}
        ) as payment_date,
        payments.total_amount,
        tenants.as_of_date
    from payments
    inner join tenants on payments.tenant_id = tenants.tenant_id
    left join customers
        on
            payments.tenant_id = customers.tenant_id
            and payments.customer_id = customers.customer_id
    where payments.is_active
),

-- What of it had been settled by as_of. An application to an invoice that is not billed yet,
-- inactive or unknown settles nothing: that money is still the customer's.
applied_payments as (
    select
        dated_payments.tenant_id,
        dated_payments.payment_id,
        billed.root_invoice_id,
        payment_applications.applied_amount
    from dated_payments
    inner join payment_applications
        on
            dated_payments.tenant_id = payment_applications.tenant_id
            and dated_payments.payment_id = payment_applications.payment_id
    inner join billed
        on
            payment_applications.tenant_id = billed.tenant_id
            and payment_applications.invoice_id = billed.invoice_id
    where
        coalesce(payment_applications.applied_date, dated_payments.payment_date)
        <= dated_payments.as_of_date
),

applied_credits as (
    select
        credit_memos.tenant_id,
        billed.root_invoice_id,
        credit_memo_applications.applied_amount
    from credit_memos
    inner join credit_memo_applications
        on
            credit_memos.tenant_id = credit_memo_applications.tenant_id
            and credit_memos.credit_memo_id = credit_memo_applications.credit_memo_id
    inner join billed
        on
            credit_memo_applications.tenant_id = billed.tenant_id
            and credit_memo_applications.invoice_id = billed.invoice_id
    where
        credit_memos.is_active
        and coalesce(credit_memo_applications.applied_date, credit_memos.credit_memo_date)
        <= billed.as_of_date
),

movements as (
    select
        tenant_id,
        root_invoice_id,
        total_amount as billed_amount,
        0 as paid_amount,
        0 as credited_amount
    from billed
    union all
    select
        tenant_id,
        root_invoice_id,
        0 as billed_amount,
        applied_amount as paid_amount,
        0 as credited_amount
    from applied_payments
    union all
    select
        tenant_id,
        root_invoice_id,
        0 as billed_amount,
        0 as paid_amount,
        applied_amount as credited_amount
    from applied_credits
),

open_by_root as (
    select
        tenant_id,
        root_invoice_id,
        coalesce(sum(billed_amount), 0) as billed_amount,
        coalesce(sum(paid_amount), 0) as paid_amount,
        coalesce(sum(credited_amount), 0) as credited_amount
    from movements
    group by tenant_id, root_invoice_id
),

applied_by_payment as (
    select
        tenant_id,
        payment_id,
        sum(applied_amount) as applied_amount
    from applied_payments
    group by tenant_id, payment_id
),

unapplied_by_customer as (
    select
        dated_payments.tenant_id,
        dated_payments.customer_id,
        dated_payments.as_of_date,
        sum(
            coalesce(dated_payments.total_amount, 0)
            - coalesce(applied_by_payment.applied_amount, 0)
        ) as unapplied_amount
    from dated_payments
    left join applied_by_payment
        on
            dated_payments.tenant_id = applied_by_payment.tenant_id
            and dated_payments.payment_id = applied_by_payment.payment_id
    where dated_payments.payment_date <= dated_payments.as_of_date
    group by dated_payments.tenant_id, dated_payments.customer_id, dated_payments.as_of_date
),

entries as (
    select
        open_by_root.tenant_id,
        roots.customer_id,
        open_by_root.root_invoice_id,
        tenants.as_of_date,
        'invoice' as entry_kind,
        roots.location_id,
        roots.job_id,
        roots.business_unit_id,
        roots.invoice_number,
        roots.invoice_date,
        roots.due_date,
        tenants.as_of_date - coalesce(roots.due_date, roots.invoice_date) as days_past_due,
        open_by_root.billed_amount,
        open_by_root.paid_amount,
        open_by_root.credited_amount,
        open_by_root.billed_amount - open_by_root.paid_amount - open_by_root.credited_amount
            as open_amount
    from open_by_root
    inner join tenants on open_by_root.tenant_id = tenants.tenant_id
    inner join invoices as roots
        on
            open_by_root.tenant_id = roots.tenant_id
            and open_by_root.root_invoice_id = roots.invoice_id
    union all
    select
        tenant_id,
        customer_id,
        null as root_invoice_id,
        as_of_date,
        'unapplied' as entry_kind,
        null as location_id,
        null as job_id,
        null as business_unit_id,
        null as invoice_number,
        null as invoice_date,
        null as due_date,
        null as days_past_due,
        0 as billed_amount,
        unapplied_amount as paid_amount,
        0 as credited_amount,
        -unapplied_amount as open_amount
    from unapplied_by_customer
),

final as (
    select
        {{ surrogate_key([
            'tenant_id', 'customer_id', "coalesce(cast(root_invoice_id as text), 'unapplied')",
            'as_of_date'
        ]) }} as fct_ar_aging_key,
        tenant_id,
        customer_id,
        root_invoice_id,
        as_of_date,
        entry_kind,
        location_id,
        job_id,
        business_unit_id,
        invoice_number,
        invoice_date,
        due_date,
        days_past_due,
        case
            when days_past_due between 1 and 30 then '1-30'
            when days_past_due between 31 and 60 then '31-60'
            when days_past_due between 61 and 90 then '61-90'
            when days_past_due > 90 then '91+'
            else 'current'
        end as bucket,
        cast(billed_amount as numeric(18, 2)) as billed_amount,
        cast(paid_amount as numeric(18, 2)) as paid_amount,
        cast(credited_amount as numeric(18, 2)) as credited_amount,
        cast(open_amount as numeric(18, 2)) as open_amount
    from entries
    where open_amount <> 0
)

select * from final

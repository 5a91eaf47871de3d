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

invoices as (
    select
        tenant_id,
        invoice_id,
        root_invoice_id,
        job_id,
        business_unit_id,
        invoice_date
    from {{ ref('int_invoices__rooted') }}
),

all_payments as (
    select * from {{ ref('stg_servicetitan__payments') }}
),

all_applications as (
    select * from {{ ref('stg_servicetitan__payment_applications') }}
),

payments as (
    select
        all_payments.tenant_id,
        all_payments.payment_id,
        coalesce(customers.canonical_id, all_payments.customer_id) as customer_id,
        all_payments.refunded_payment_id,
        all_payments.business_unit_id,
        all_payments.payment_type,
        coalesce(
            all_payments.payment_date,
            {{ local_date('all_payments.created_at', 'tenants.timezone') }}
        ) as payment_date,
        coalesce(all_payments.total_amount, 0) as total_amount,
        all_payments.is_refund,
        tenants.as_of_date
    from all_payments
    inner join tenants on all_payments.tenant_id = tenants.tenant_id
    left join customers
        on
            all_payments.tenant_id = customers.tenant_id
            and all_payments.customer_id = customers.customer_id
    where all_payments.is_active
),

-- An application dated after as_of has not happened yet: its money is still unapplied.
applications as (
    select
        payments.tenant_id,
        payments.payment_id,
        all_applications.applied_id,
        all_applications.invoice_id,
        coalesce(all_applications.applied_date, payments.payment_date) as applied_on,
        coalesce(all_applications.applied_amount, 0) as amount
    from payments
    inner join all_applications
        on
            payments.tenant_id = all_applications.tenant_id
            and payments.payment_id = all_applications.payment_id
    where
        payments.payment_date <= payments.as_of_date
        and coalesce(all_applications.applied_date, payments.payment_date) <= payments.as_of_date
),

applied as (
    select
        tenant_id,
        payment_id,
        sum(amount) as amount
    from applications
    group by tenant_id, payment_id
),

entries as (
    select
        tenant_id,
        payment_id,
        applied_id,
        'application' as entry_kind,
        invoice_id,
        applied_on,
        amount
    from applications
    union all
    select
        payments.tenant_id,
        payments.payment_id,
        null as applied_id,
        'unapplied' as entry_kind,
        null as invoice_id,
        null as applied_on,
        payments.total_amount - coalesce(applied.amount, 0) as amount
    from payments
    left join applied
        on
            payments.tenant_id = applied.tenant_id
            and payments.payment_id = applied.payment_id
    where
        payments.payment_date <= payments.as_of_date
        and payments.total_amount - coalesce(applied.amount, 0) <> 0
),

final as (
    select
        {{ surrogate_key([
            'entries.tenant_id', 'entries.payment_id',
            "coalesce(cast(entries.applied_id as text), entries.entry_kind)",
            'entries.invoice_id'
        ]) }} as fct_payments_key,
        entries.tenant_id,
        entries.payment_id,
        entries.applied_id,
        entries.entry_kind,
        payments.customer_id,
        entries.invoice_id,
        invoices.root_invoice_id,
        invoices.job_id,
        coalesce(invoices.business_unit_id, payments.business_unit_id) as business_unit_id,
        payments.payment_type,
        payments.payment_date,
        entries.applied_on,
        invoices.invoice_date,
        entries.applied_on - invoices.invoice_date as days_to_pay,
        cast(entries.amount as numeric(18, 2)) as amount,
        payments.is_refund,
        payments.refunded_payment_id
    from entries
    inner join payments
        on
            entries.tenant_id = payments.tenant_id
            and entries.payment_id = payments.payment_id
    left join invoices
        on
            entries.tenant_id = invoices.tenant_id
            and entries.invoice_id = invoices.invoice_id
)

select * from final

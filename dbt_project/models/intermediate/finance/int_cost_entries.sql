with

gross_pay_items as (
    select * from {{ ref('stg_servicetitan__gross_pay_items') }}
    where is_active
),

payrolls as (
    select
        tenant_id,
        payroll_id,
        burden_rate
    from {{ ref('stg_servicetitan__payrolls') }}
),

technicians as (
    select
        tenant_id,
        technician_id,
        business_unit_id,
        burden_rate
    from {{ ref('stg_servicetitan__technicians') }}
),

employees as (
    select
        tenant_id,
        employee_id,
        business_unit_id
    from {{ ref('stg_servicetitan__employees') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        business_unit_id
    from {{ ref('stg_servicetitan__jobs') }}
),

goods_costs as (
    select * from {{ ref('int_goods_costs') }}
),

bills as (
    select * from {{ ref('stg_servicetitan__ap_bills') }}
    where not is_deleted and canceled_at is null and bill_status is distinct from 'Canceled'
),

bill_expenses as (
    select * from {{ ref('stg_servicetitan__ap_bill_expense_items') }}
),

burden_rates as (
    select * from {{ ref('labor_burden') }}
),

overhead as (
    select * from {{ ref('overhead_monthly') }}
),

paid as (
    select
        gross_pay_items.tenant_id,
        gross_pay_items.gross_pay_item_id,
        gross_pay_items.gross_pay_item_type,
        gross_pay_items.paid_time_type,
        gross_pay_items.paid_date,
        gross_pay_items.job_id,
        coalesce(
            jobs.business_unit_id, technicians.business_unit_id, employees.business_unit_id
        ) as business_unit_id,
        gross_pay_items.employee_type,
        gross_pay_items.employee_id,
        technicians.technician_id,
        coalesce(gross_pay_items.amount, 0)
        + coalesce(gross_pay_items.adjustment_amount, 0) as amount,
        case
            when gross_pay_items.gross_pay_item_type = 'TimesheetTime'
                then gross_pay_items.paid_hours
        end as hours,
        coalesce(payrolls.burden_rate, technicians.burden_rate, 0) as burden_rate
    from gross_pay_items
    left join jobs
        on
            gross_pay_items.tenant_id = jobs.tenant_id
            and gross_pay_items.job_id = jobs.job_id
    left join technicians
        on
            gross_pay_items.tenant_id = technicians.tenant_id
            and gross_pay_items.employee_id = technicians.technician_id
            and gross_pay_items.employee_type = 'Technician'
    left join employees
        on
            gross_pay_items.tenant_id = employees.tenant_id
            and gross_pay_items.employee_id = employees.employee_id
            and gross_pay_items.employee_type = 'Employee'
    left join payrolls
        on
            gross_pay_items.tenant_id = payrolls.tenant_id
            and gross_pay_items.payroll_id = payrolls.payroll_id
),

{%- if var('burden_method') == 'technician_rate' %}

burdened as (
    select
        *,
        round(coalesce(hours, 0) * burden_rate, 2) as burden_amount
    from paid
),
{%- else %}

burden_keys as (
    select distinct
        tenant_id,
        coalesce(business_unit_id, 0) as business_unit_key,
        coalesce(technician_id, 0) as technician_key,
        paid_date
    from paid
    where gross_pay_item_type in ({{ text_literals(var('burden_base_types')) }})
),

burden_by_key as (
    select distinct on (
        burden_keys.tenant_id,
        burden_keys.business_unit_key,
        burden_keys.technician_key,
        burden_keys.paid_date
    )
        burden_keys.tenant_id,
        burden_keys.business_unit_key,
        burden_keys.technician_key,
        burden_keys.paid_date,
        burden_rates.burden_pct
    from burden_keys
    inner join burden_rates
        on
            coalesce(burden_keys.tenant_id = burden_rates.tenant_id, true)
            and coalesce(burden_keys.business_unit_key = burden_rates.business_unit_id, true)
            and coalesce(burden_keys.technician_key = burden_rates.technician_id, true)
            and coalesce(burden_keys.paid_date >= burden_rates.valid_from, true)
    order by
        burden_keys.tenant_id asc,
        burden_keys.business_unit_key asc,
        burden_keys.technician_key asc,
        burden_keys.paid_date asc,
        burden_rates.technician_id asc nulls last,
        burden_rates.business_unit_id asc nulls last,
        burden_rates.tenant_id asc nulls last,
        burden_rates.valid_from desc nulls last
),

burdened as (
    select
        paid.*,
        case
            when paid.gross_pay_item_type in ({{ text_literals(var('burden_base_types')) }})
                then round(
                    paid.amount
                    * coalesce(burden_by_key.burden_pct, {{ var('labor_burden_pct') }}),
                    2
                )
            else 0
        end as burden_amount
    from paid
    left join burden_by_key
        on
            paid.tenant_id = burden_by_key.tenant_id
            and coalesce(paid.business_unit_id, 0) = burden_by_key.business_unit_key
            and coalesce(paid.technician_id, 0) = burden_by_key.technician_key
            and paid.paid_date = burden_by_key.paid_date
),
{%- endif %}

entries as (
    select
        tenant_id,
        case
            when gross_pay_item_type = 'TimesheetTime' then 'labor'
            when gross_pay_item_type in ('InvoiceRelatedBonus', 'CustomBonus') then 'incentive'
            when gross_pay_item_type = 'Salary' then 'salary'
            when gross_pay_item_type = 'Reimbursement' then 'reimbursement'
            else 'other'
        end as cost_type,
        case
            when gross_pay_item_type = 'TimesheetTime' then 'labor'
            when gross_pay_item_type in ('InvoiceRelatedBonus', 'CustomBonus') then 'incentive'
            else 'other'
        end as cost_group,
        amount,
        paid_date as cost_date,
        job_id,
        business_unit_id,
        employee_type,
        employee_id,
        technician_id,
        cast(null as bigint) as sku_id,
        'gross_pay' as source,
        cast(gross_pay_item_id as text) as source_id,
        hours,
        paid_time_type
    from burdened
    union all
    select
        tenant_id,
        'burden' as cost_type,
        'burden' as cost_group,
        burden_amount as amount,
        paid_date as cost_date,
        job_id,
        business_unit_id,
        employee_type,
        employee_id,
        technician_id,
        cast(null as bigint) as sku_id,
        'burden' as source,
        cast(gross_pay_item_id as text) as source_id,
        cast(null as numeric) as hours,
        cast(null as text) as paid_time_type
    from burdened
    where burden_amount <> 0
    union all
    select
        tenant_id,
        cost_type,
        cost_group,
        amount,
        cost_date,
        job_id,
        business_unit_id,
        cast(null as text) as employee_type,
        cast(null as bigint) as employee_id,
        cast(null as bigint) as technician_id,
        sku_id,
        source,
        source_id,
        cast(null as numeric) as hours,
        cast(null as text) as paid_time_type
    from goods_costs
    union all
    -- Expenses without a job are what the overhead seed stands for.
    select
        bill_expenses.tenant_id,
        'other' as cost_type,
        'other' as cost_group,
        bill_expenses.amount,
        coalesce(bills.bill_date, bills.post_date) as cost_date,
        coalesce(bill_expenses.job_id, bills.job_id) as job_id,
        coalesce(jobs.business_unit_id, bill_expenses.business_unit_id, bills.business_unit_id)
            as business_unit_id,
        cast(null as text) as employee_type,
        cast(null as bigint) as employee_id,
        cast(null as bigint) as technician_id,
        cast(null as bigint) as sku_id,
        'bill' as source,
        'expense-' || bill_expenses.ap_bill_expense_item_id as source_id,
        cast(null as numeric) as hours,
        cast(null as text) as paid_time_type
    from bill_expenses
    inner join bills
        on
            bill_expenses.tenant_id = bills.tenant_id
            and bill_expenses.ap_bill_id = bills.ap_bill_id
    left join jobs
        on
            bill_expenses.tenant_id = jobs.tenant_id
            and coalesce(bill_expenses.job_id, bills.job_id) = jobs.job_id
    where
        coalesce(bill_expenses.job_id, bills.job_id) is not null
        and bill_expenses.amount <> 0
    union all
    select
        tenant_id,
        'overhead' as cost_type,
        'overhead' as cost_group,
        amount,
        cast(date_trunc('month', month) as date) as cost_date,
        cast(null as bigint) as job_id,
        business_unit_id,
        cast(null as text) as employee_type,
        cast(null as bigint) as employee_id,
        cast(null as bigint) as technician_id,
        cast(null as bigint) as sku_id,
        'overhead_seed' as source,
        to_char(month, 'YYYY-MM') || '-' || coalesce(cast(business_unit_id as text), 'all')
            as source_id,
        cast(null as numeric) as hours,
        cast(null as text) as paid_time_type
    from overhead
),

final as (
    select
        source || ':' || source_id as cost_entry_id,
        tenant_id,
        cost_type,
        cost_group,
        cast(amount as numeric(18, 2)) as amount,
        cost_date,
        job_id,
        business_unit_id,
        employee_type,
        employee_id,
        technician_id,
        sku_id,
        source,
        source_id,
        cast(hours as numeric(12, 4)) as hours,
        paid_time_type
    from entries
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'gross_pay_items') }}
),

final as (
    select
        tenant_id,
        id as gross_pay_item_id,
        {{ id_or_null('employee_id') }} as employee_id,
        {{ id_or_null('payroll_id') }} as payroll_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('invoice_item_id') }} as invoice_item_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('activity_code_id') }} as activity_code_id,
        {{ id_or_null('source_entity_id') }} as source_entity_id,
        {{ clean_text('employee_type') }} as employee_type,
        {{ clean_text('gross_pay_item_type') }} as gross_pay_item_type,
        {{ clean_text('paid_time_type') }} as paid_time_type,
        {{ clean_text('activity') }} as activity,
        {{ clean_text('activity_code') }} as activity_code,
        {{ clean_text('business_unit_name') }} as business_unit_name,
        {{ clean_text('payout_business_unit_name') }} as payout_business_unit_name,
        {{ clean_text('memo') }} as memo,
        {{ calendar_date('date') }} as paid_date,
        cast(amount as numeric(18, 2)) as amount,
        cast(amount_adjustment as numeric(18, 2)) as adjustment_amount,
        cast(paid_duration_hours as numeric(12, 4)) as paid_hours,
        coalesce(is_prevailing_wage_job, false) as is_prevailing_wage_job,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        started_on as started_at,
        ended_on as ended_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

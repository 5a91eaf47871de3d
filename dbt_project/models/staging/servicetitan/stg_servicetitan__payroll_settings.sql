with

source as (
    select * from {{ source('servicetitan', 'payroll_settings') }}
),

final as (
    select
        tenant_id,
        employee_id,
        {{ clean_text('employee_type') }} as employee_type,
        {{ clean_text('external_payroll_id') }} as external_payroll_id,
        {{ id_or_null('manager_id') }} as manager_id,
        {{ id_or_null('payroll_business_unit_id') }} as payroll_business_unit_id,
        cast(hourly_rate as numeric(18, 6)) as hourly_rate,
        {{ calendar_date('hire_date') }} as hire_date,
        custom_fields,
        coalesce(is_included_in_payroll, false) as is_included_in_payroll,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

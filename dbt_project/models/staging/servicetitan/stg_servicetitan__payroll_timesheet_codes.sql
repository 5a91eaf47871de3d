with

source as (
    select * from {{ source('servicetitan', 'payroll_timesheet_codes') }}
),

final as (
    select
        tenant_id,
        id as timesheet_code_id,
        {{ clean_text('code') }} as timesheet_code,
        {{ clean_text('description') }} as description,
        {{ clean_text('type') }} as timesheet_code_type,
        {{ clean_text('applicable_employee_type') }} as applicable_employee_type,
        cast({{ json_numeric('rate_info', 'customHourlyRate') }} as numeric(18, 6))
            as custom_hourly_rate,
        cast({{ json_numeric('rate_info', 'rateMultiplier') }} as numeric(18, 6))
            as rate_multiplier,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

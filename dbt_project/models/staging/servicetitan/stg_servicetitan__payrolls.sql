with

source as (
    select * from {{ source('servicetitan', 'payrolls') }}
),

final as (
    select
        tenant_id,
        id as payroll_id,
        {{ id_or_null('employee_id') }} as employee_id,
        {{ clean_text('employee_type') }} as employee_type,
        {{ clean_text('status') }} as payroll_status,
        cast(burden_rate as numeric(18, 6)) as burden_rate,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        started_on as started_at,
        ended_on as ended_at,
        manager_approved_on as approved_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

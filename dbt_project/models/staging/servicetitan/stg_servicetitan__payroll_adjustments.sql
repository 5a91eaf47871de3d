with

source as (
    select * from {{ source('servicetitan', 'payroll_adjustments') }}
),

final as (
    select
        tenant_id,
        id as payroll_adjustment_id,
        {{ id_or_null('employee_id') }} as employee_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('activity_code_id') }} as activity_code_id,
        {{ clean_text('employee_type') }} as employee_type,
        {{ clean_text('type') }} as adjustment_type,
        {{ clean_text('memo') }} as memo,
        cast(amount as numeric(18, 2)) as amount,
        cast(hours as numeric(12, 4)) as hours,
        cast(rate as numeric(18, 6)) as rate,
        cast(quantity as numeric(18, 6)) as quantity,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        posted_on as posted_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

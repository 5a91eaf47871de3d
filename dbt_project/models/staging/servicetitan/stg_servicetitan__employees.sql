with

source as (
    select * from {{ source('servicetitan', 'employees') }}
),

final as (
    select
        tenant_id,
        id as employee_id,
        {{ id_or_null('user_id') }} as user_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('manager_id') }} as manager_id,
        {{ id_or_null('overtime_profile_id') }} as overtime_profile_id,
        {{ clean_text('name') }} as employee_name,
        {{ clean_text('role') }} as employee_role,
        cast(hourly_rate as numeric(18, 6)) as hourly_rate,
        {{ calendar_date('start_date') }} as start_date,
        {{ calendar_date('termination_date') }} as termination_date,
        role_ids,
        custom_fields,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

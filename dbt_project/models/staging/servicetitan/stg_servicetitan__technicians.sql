with

source as (
    select * from {{ source('servicetitan', 'technicians') }}
),

final as (
    select
        tenant_id,
        id as technician_id,
        {{ id_or_null('user_id') }} as user_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('main_zone_id') }} as main_zone_id,
        {{ id_or_null('payroll_profile_id') }} as payroll_profile_id,
        {{ clean_text('name') }} as technician_name,
        {{ clean_text('team') }} as team,
        {{ clean_text('license_type') }} as license_type,
        {{ clean_text('status') }} as technician_status,
        {{ clean_text('payroll_id') }} as payroll_id,
        cast(hourly_rate as numeric(18, 6)) as hourly_rate,
        cast(burden_rate as numeric(18, 6)) as burden_rate,
        cast(commission_rate as numeric(18, 6)) as commission_rate,
        cast(sold_by_rate as numeric(18, 6)) as sold_by_rate,
        cast(daily_goal as numeric(18, 2)) as daily_goal_amount,
        zone_ids,
        role_ids,
        skills,
        positions,
        custom_fields,
        coalesce(is_managed_tech, false) as is_managed_technician,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'projects') }}
),

final as (
    select
        tenant_id,
        id as project_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('project_type_id') }} as project_type_id,
        {{ id_or_null('status_id') }} as project_status_id,
        {{ id_or_null('sub_status_id') }} as project_sub_status_id,
        {{ clean_text('number') }} as project_number,
        {{ clean_text('name') }} as project_name,
        {{ clean_text('status') }} as project_status,
        {{ clean_text('sub_status') }} as project_sub_status,
        {{ clean_text('summary') }} as summary_text,
        business_unit_ids,
        project_manager_ids,
        job_ids,
        custom_fields,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        start_date as start_at,
        target_completion_date as target_completion_at,
        actual_completion_date as completed_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'job_types') }}
),

final as (
    select
        tenant_id,
        id as job_type_id,
        {{ clean_text('name') }} as job_type_name,
        {{ clean_text('class') }} as job_type_class,
        {{ clean_text('priority') }} as priority,
        duration as default_duration,
        cast(sold_threshold as numeric(18, 2)) as sold_threshold_amount,
        business_unit_ids,
        skills,
        tag_type_ids,
        external_data,
        coalesce(no_charge, false) as is_no_charge,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

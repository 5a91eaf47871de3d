with

source as (
    select * from {{ source('servicetitan', 'recurring_service_types') }}
),

final as (
    select
        tenant_id,
        id as recurring_service_type_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('job_type_id') }} as job_type_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        {{ id_or_null('invoice_template_id') }} as invoice_template_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as recurring_service_type_name,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('duration_type') }} as duration_type,
        {{ clean_text('recurrence_type') }} as recurrence_type,
        duration_length as visit_count,
        recurrence_interval,
        recurrence_months,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

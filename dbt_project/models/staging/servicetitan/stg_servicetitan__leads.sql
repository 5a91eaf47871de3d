with

source as (
    select * from {{ source('servicetitan', 'leads') }}
),

final as (
    select
        tenant_id,
        id as lead_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        {{ id_or_null('call_id') }} as call_id,
        {{ id_or_null('booking_id') }} as booking_id,
        {{ id_or_null('manual_call_id') }} as manual_call_id,
        {{ id_or_null('call_reason_id') }} as call_reason_id,
        {{ id_or_null('dismissing_reason_id') }} as dismissing_reason_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('job_type_id') }} as job_type_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('status') }} as lead_status,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('capture_source') }} as capture_source,
        {{ clean_text('summary') }} as summary_text,
        {{ clean_text('lead_customer_name') }} as lead_customer_name,
        {{ clean_text('lead_phone') }} as lead_phone,
        {{ clean_text('lead_email') }} as lead_email,
        {{ clean_text('lead_city') }} as lead_city,
        {{ clean_text('lead_state') }} as lead_state,
        {{ zip5('lead_zip') }} as zip5,
        tag_type_ids,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        follow_up_date as follow_up_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

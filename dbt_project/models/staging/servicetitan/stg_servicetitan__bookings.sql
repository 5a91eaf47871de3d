with

source as (
    select * from {{ source('servicetitan', 'bookings') }}
),

final as (
    select
        tenant_id,
        id as booking_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('job_type_id') }} as job_type_id,
        {{ id_or_null('booking_provider_id') }} as booking_provider_id,
        {{ id_or_null('dismissing_reason_id') }} as dismissing_reason_id,
        {{ clean_text('status') }} as booking_status,
        {{ clean_text('source') }} as booking_source,
        {{ clean_text('name') }} as booking_name,
        {{ clean_text('customer_type') }} as customer_type,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('external_id') }} as external_id,
        {{ clean_text('summary') }} as summary_text,
        {{ json_text('address', 'city') }} as city,
        {{ json_text('address', 'state') }} as state,
        {{ zip5("address ->> 'zip'") }} as zip5,
        coalesce(is_first_time_client, false) as is_first_time_client,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        start as requested_start_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

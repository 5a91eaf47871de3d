with

source as (
    select * from {{ source('servicetitan', 'jobs') }}
),

final as (
    select
        tenant_id,
        id as job_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('invoice_id') }} as invoice_id,
        {{ id_or_null('membership_id') }} as membership_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('job_type_id') }} as job_type_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        {{ id_or_null('booking_id') }} as booking_id,
        {{ id_or_null('lead_call_id') }} as lead_call_id,
        {{ id_or_null('partner_lead_call_id') }} as partner_lead_call_id,
        {{ id_or_null('recall_for_id') }} as recall_for_job_id,
        {{ id_or_null('warranty_id') }} as warranty_job_id,
        {{ json_id('job_generated_lead_source', 'jobId') }} as lead_source_job_id,
        {{ json_id('job_generated_lead_source', 'employeeId') }} as lead_source_employee_id,
        {{ id_or_null('created_from_estimate_id') }} as created_from_estimate_id,
        {{ id_or_null('first_appointment_id') }} as first_appointment_id,
        {{ id_or_null('last_appointment_id') }} as last_appointment_id,
        {{ id_or_null('sold_by_id') }} as sold_by_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('job_number') }} as job_number,
        {{ clean_text('job_status') }} as job_status,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('customer_po') }} as customer_po,
        cast(total as numeric(18, 2)) as total_amount,
        appointment_count,
        estimate_ids,
        equipment_ids,
        tag_type_ids,
        custom_fields,
        external_data,
        coalesce(no_charge, false) as is_no_charge,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        completed_on as completed_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'recurring_services') }}
),

final as (
    select
        tenant_id,
        id as recurring_service_id,
        {{ id_or_null('membership_id') }} as membership_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('recurring_service_type_id') }} as recurring_service_type_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('job_type_id') }} as job_type_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        {{ id_or_null('invoice_template_id') }} as invoice_template_id,
        {{ id_or_null('invoice_template_for_following_years_id') }}
            as invoice_template_for_following_years_id,
        {{ id_or_null('activated_from_id') }} as sold_with_invoice_item_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as recurring_service_name,
        {{ clean_text('priority') }} as priority,
        {{ clean_text('duration_type') }} as duration_type,
        {{ clean_text('recurrence_type') }} as recurrence_type,
        duration_length as visit_count,
        recurrence_interval,
        {{ calendar_date('"from"') }} as from_date,
        {{ calendar_date('"to"') }} as to_date,
        cast(allocation as numeric(18, 6)) as allocation,
        cast(estimated_payroll_cost as numeric(18, 2)) as estimated_payroll_amount,
        recurrence_months,
        preferred_technician_ids,
        tag_type_ids,
        coalesce(first_visit_complete, false) as is_first_visit_complete,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

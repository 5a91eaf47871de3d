with

source as (
    select * from {{ source('servicetitan', 'membership_types') }}
),

final as (
    select
        tenant_id,
        id as membership_type_id,
        {{ id_or_null('billing_template_id') }} as billing_template_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as membership_type_name,
        {{ clean_text('display_name') }} as display_name,
        {{ clean_text('discount_mode') }} as discount_mode,
        {{ clean_text('location_target') }} as location_target,
        {{ clean_text('revenue_recognition_mode') }} as revenue_recognition_mode,
        cast(discount as numeric(18, 6)) as discount_percent,
        duration_billing,
        discounts,
        recurring_services,
        tag_type_ids,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'memberships') }}
),

final as (
    select
        tenant_id,
        id as membership_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('membership_type_id') }} as membership_type_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('billing_template_id') }} as billing_template_id,
        {{ id_or_null('renewed_by_id') }} as renewed_by_id,
        {{ id_or_null('activated_from_id') }} as activated_from_id,
        {{ id_or_null('cancellation_invoice_id') }} as cancellation_invoice_id,
        {{ id_or_null('cancellation_balance_invoice_id') }} as cancellation_balance_invoice_id,
        {{ id_or_null('sold_by_id') }} as sold_by_id,
        {{ clean_text('status') }} as membership_status,
        {{ clean_text('follow_up_status') }} as follow_up_status,
        {{ clean_text('billing_frequency') }} as billing_frequency,
        {{ clean_text('renewal_billing_frequency') }} as renewal_billing_frequency,
        {{ calendar_date('"from"') }} as from_date,
        {{ calendar_date('"to"') }} as to_date,
        {{ calendar_date('cancellation_date') }} as cancellation_date,
        {{ calendar_date('next_scheduled_bill_date') }} as next_scheduled_bill_date,
        duration as duration_months,
        renewal_duration as renewal_duration_months,
        cast(initial_deferred_revenue as numeric(18, 2)) as initial_deferred_revenue_amount,
        custom_fields,
        coalesce(active, true) and _deleted_at is null and coalesce(status, '') <> 'Deleted'
            as is_active,
        _deleted_at is not null or coalesce(status, '') = 'Deleted' as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'payments') }}
),

final as (
    select
        tenant_id,
        id as payment_id,
        {{ json_id('customer', 'id') }} as customer_id,
        {{ id_or_null('refunded_payment_id') }} as refunded_payment_id,
        {{ json_id('business_unit', 'id') }} as business_unit_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ json_id('deposit', 'id') }} as deposit_id,
        {{ json_id('general_ledger_account', 'id') }} as gl_account_id,
        {{ clean_text('type_id') }} as payment_type_id,
        {{ clean_text('type') }} as payment_type,
        {{ clean_text('reference_number') }} as reference_number,
        {{ clean_text('sync_status') }} as sync_status,
        {{ calendar_date('date') }} as payment_date,
        cast({{ refund_is_negative('total', 'refunded_payment_id') }} as numeric(18, 2))
            as total_amount,
        cast({{ refund_is_negative('unapplied_amount', 'refunded_payment_id') }} as numeric(18, 2))
            as unapplied_amount,
        custom_fields,
        {{ id_or_null('refunded_payment_id') }} is not null as is_refund,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

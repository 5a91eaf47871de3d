with

source as (
    select * from {{ source('servicetitan', 'payments') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as payment_id,
        source.refunded_payment_id,
        source.active,
        source._deleted_at,
        source._fetched_at,
        elements.application
    from source
    cross join lateral {{ json_elements('source.applied_to') }} as elements (application)
),

final as (
    select
        tenant_id,
        {{ json_id('application', 'appliedId') }} as applied_id,
        payment_id,
        {{ json_id('application', 'appliedTo') }} as invoice_id,
        {{ json_date('application', 'appliedOn') }} as applied_date,
        {{ json_text('application', 'appliedBy') }} as applied_by,
        {{ json_text('application', 'appliedToReferenceNumber') }} as invoice_number,
        cast(
            {{ refund_is_negative(
                json_numeric('application', 'appliedAmount'), 'refunded_payment_id'
            ) }} as numeric(18, 2)
        ) as applied_amount,
        {{ id_or_null('refunded_payment_id') }} is not null as is_refund,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

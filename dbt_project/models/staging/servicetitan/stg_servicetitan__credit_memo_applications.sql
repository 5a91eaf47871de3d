with

source as (
    select * from {{ source('servicetitan', 'credit_memos') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as credit_memo_id,
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
        credit_memo_id,
        {{ json_id('application', 'appliedTo') }} as invoice_id,
        {{ json_date('application', 'appliedOn') }} as applied_date,
        {{ json_text('application', 'appliedBy') }} as applied_by,
        {{ json_text('application', 'appliedToReferenceNumber') }} as invoice_number,
        cast({{ json_numeric('application', 'appliedAmount') }} as numeric(18, 2))
            as applied_amount,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

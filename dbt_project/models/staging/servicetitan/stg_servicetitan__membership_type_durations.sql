with

source as (
    select * from {{ source('servicetitan', 'membership_types') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as membership_type_id,
        elements.option_number,
        source.active,
        source._deleted_at,
        source._fetched_at,
        elements.item
    from source
    cross join
        lateral {{ json_elements('source.duration_billing') }}
        with ordinality as elements (item, option_number)
),

final as (
    select
        tenant_id,
        membership_type_id,
        option_number,
        cast({{ json_numeric('item', 'duration') }} as bigint) as duration_months,
        {{ json_text('item', 'billingFrequency') }} as billing_frequency,
        cast({{ json_numeric('item', 'salePrice') }} as numeric(18, 2)) as sale_price_amount,
        cast({{ json_numeric('item', 'billingPrice') }} as numeric(18, 2)) as billing_price_amount,
        cast({{ json_numeric('item', 'renewalPrice') }} as numeric(18, 2)) as renewal_price_amount,
        coalesce(active, true) and _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

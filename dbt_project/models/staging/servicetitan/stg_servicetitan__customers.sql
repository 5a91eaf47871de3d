with

source as (
    select * from {{ source('servicetitan', 'customers') }}
),

final as (
    select
        tenant_id,
        id as customer_id,
        {{ id_or_null('merged_to_id') }} as merged_to_id,
        {{ id_or_null('payment_term_id') }} as payment_term_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as customer_name,
        {{ clean_text('type') }} as customer_type,
        {{ json_text('address', 'street') }} as street,
        {{ json_text('address', 'unit') }} as unit,
        {{ json_text('address', 'city') }} as city,
        {{ json_text('address', 'state') }} as state,
        {{ zip5("address ->> 'zip'") }} as zip5,
        {{ json_text('address', 'country') }} as country,
        cast({{ json_numeric('address', 'latitude') }} as numeric(9, 6)) as latitude,
        cast({{ json_numeric('address', 'longitude') }} as numeric(9, 6)) as longitude,
        cast(balance as numeric(18, 2)) as balance_amount,
        cast(credit_limit as numeric(18, 2)) as credit_limit_amount,
        tax_exempt as is_tax_exempt,
        do_not_mail as is_do_not_mail,
        do_not_service as is_do_not_service,
        national_account as is_national_account,
        tag_type_ids,
        custom_fields,
        external_data,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

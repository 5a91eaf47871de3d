with

source as (
    select * from {{ source('servicetitan', 'credit_memos') }}
),

final as (
    select
        tenant_id,
        id as credit_memo_id,
        {{ json_id('customer', 'id') }} as customer_id,
        {{ json_id('location', 'id') }} as location_id,
        {{ json_id('business_unit', 'id') }} as business_unit_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ clean_text('reference_number') }} as reference_number,
        {{ clean_text('sync_status') }} as sync_status,
        date as credit_memo_date,
        cast(sub_total as numeric(18, 2)) as sub_total_amount,
        cast(sales_tax as numeric(18, 2)) as sales_tax_amount,
        cast(total as numeric(18, 2)) as total_amount,
        cast(balance as numeric(18, 2)) as balance_amount,
        custom_fields,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

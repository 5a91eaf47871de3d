with

source as (
    select * from {{ source('servicetitan', 'ap_bills') }}
),

exploded as (
    select
        source.tenant_id,
        source.id as ap_bill_id,
        source._deleted_at,
        source._fetched_at,
        elements.item
    from source
    cross join lateral {{ json_elements('source.expense_items') }} as elements (item)
),

final as (
    select
        tenant_id,
        {{ json_id('item', 'id') }} as ap_bill_expense_item_id,
        ap_bill_id,
        {{ json_id("item -> 'job'", 'id') }} as job_id,
        {{ json_id("item -> 'businessUnit'", 'id') }} as business_unit_id,
        {{ json_id("item -> 'generalLedgerAccount'", 'id') }} as gl_account_id,
        {{ json_text("item -> 'generalLedgerAccount'", 'type') }} as gl_account_type,
        {{ json_text('item', 'description') }} as description,
        cast({{ json_numeric('item', 'amount') }} as numeric(18, 2)) as amount,
        _deleted_at is null as is_active,
        _fetched_at as fetched_at
    from exploded
)

select * from final

with

source as (
    select * from {{ source('servicetitan', 'invoices') }}
),

final as (
    select
        tenant_id,
        id as invoice_id,
        {{ id_or_null('adjustment_to_id') }} as adjustment_to_id,
        {{ json_id('job', 'id') }} as job_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ json_id('customer', 'id') }} as customer_id,
        {{ json_id('location', 'id') }} as location_id,
        {{ id_or_null('membership_id') }} as membership_id,
        {{ json_id('business_unit', 'id') }} as business_unit_id,
        {{ json_id('batch', 'id') }} as batch_id,
        {{ json_id('assigned_to', 'id') }} as assigned_to_id,
        {{ clean_text('reference_number') }} as invoice_number,
        {{ clean_text('invoice_configuration') }} as invoice_configuration,
        {{ json_text('invoice_type', 'name') }} as invoice_type,
        {{ clean_text('sync_status') }} as sync_status,
        {{ clean_text('sent_status') }} as sent_status,
        {{ clean_text('review_status') }} as review_status,
        {{ clean_text('term_name') }} as term_name,
        {{ calendar_date('invoice_date') }} as invoice_date,
        {{ calendar_date('due_date') }} as due_date,
        {{ calendar_date('paid_on') }} as paid_date,
        cast(sub_total as numeric(18, 2)) as sub_total_amount,
        cast(sales_tax as numeric(18, 2)) as sales_tax_amount,
        cast(total as numeric(18, 2)) as total_amount,
        cast(balance as numeric(18, 2)) as balance_amount,
        cast(discount_total as numeric(18, 2)) as discount_total_amount,
        custom_fields,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        deposited_on as deposited_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

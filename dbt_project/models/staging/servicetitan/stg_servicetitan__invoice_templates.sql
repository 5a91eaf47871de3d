with

source as (
    select * from {{ source('servicetitan', 'invoice_templates') }}
),

final as (
    select
        tenant_id,
        id as invoice_template_id,
        {{ id_or_null('created_by_id') }} as created_by_id,
        {{ clean_text('name') }} as invoice_template_name,
        cast(total as numeric(18, 2)) as total_amount,
        coalesce(is_settings_template, false) as is_settings_template,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

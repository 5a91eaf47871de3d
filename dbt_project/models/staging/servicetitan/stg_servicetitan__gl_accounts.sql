with

source as (
    select * from {{ source('servicetitan', 'gl_accounts') }}
),

final as (
    select
        tenant_id,
        id as gl_account_id,
        {{ clean_text('number') }} as gl_account_number,
        {{ clean_text('name') }} as gl_account_name,
        {{ clean_text('type') }} as gl_account_type,
        {{ clean_text('subtype') }} as gl_account_subtype,
        {{ clean_text('default_account_type') }} as default_account_type,
        {{ clean_text('source') }} as gl_account_source,
        {{ clean_text('description') }} as description,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final

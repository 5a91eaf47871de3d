with

source as (
    select * from {{ source('platform', 'tenants') }}
),

final as (
    select
        tenant_id,
        {{ clean_text('name') }} as tenant_name,
        {{ clean_text('timezone') }} as timezone,
        start_date
    from source
)

select * from final

with

source as (
    select * from {{ source('platform', 'closed_periods') }}
),

final as (
    select
        close_id,
        tenant_id,
        month,
        as_of_date as closed_as_of_date,
        known_until as known_until_at,
        closed_at,
        {{ clean_text('closed_by') }} as closed_by,
        reopened_at is null as is_in_force
    from source
)

select * from final

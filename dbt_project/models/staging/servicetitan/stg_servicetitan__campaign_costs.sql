with

source as (
    select * from {{ source('servicetitan', 'campaign_costs') }}
),

final as (
    select
        tenant_id,
        id as campaign_cost_id,
        {{ id_or_null('campaign_id') }} as campaign_id,
        year as cost_year,
        month as cost_month,
        cast(daily_cost as numeric(18, 2)) as daily_cost_amount,
        _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        _fetched_at as fetched_at
    from source
)

select * from final

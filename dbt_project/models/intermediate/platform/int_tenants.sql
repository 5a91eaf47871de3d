with

registered as (
    select * from {{ ref('stg_platform__tenants') }}
),

seeded as (
    select * from {{ ref('tenants') }}
),

configured as (
    select
        registered.tenant_id,
        registered.tenant_name,
        registered.start_date,
        coalesce({{ clean_text('seeded.timezone') }}, registered.timezone, 'UTC') as timezone,
        coalesce(seeded.fiscal_start_month, 1) as fiscal_start_month,
        coalesce({{ clean_text('seeded.week_start') }}, 'monday') as week_start,
        coalesce({{ clean_text('seeded.currency') }}, 'USD') as currency
    from registered
    left join seeded on registered.tenant_id = seeded.tenant_id
),

final as (
    select
        tenant_id,
        tenant_name,
        timezone,
        fiscal_start_month,
        week_start,
        currency,
        start_date,
        coalesce(
            {{ date_literal(var('as_of_date')) }},
            {{ local_date('current_timestamp', 'timezone') }}
        ) as as_of_date
    from configured
)

select * from final

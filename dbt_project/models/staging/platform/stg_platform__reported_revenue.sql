with

source as (
    select * from {{ source('platform', 'reported_revenue') }}
),

final as (
    select
        tenant_id,
        month,
        {{ clean_text('business_unit_name') }} as business_unit_name,
        cast(completed_amount as numeric(18, 2)) as completed_amount,
        cast(adjustment_amount as numeric(18, 2)) as adjustment_amount,
        cast(non_job_amount as numeric(18, 2)) as non_job_amount,
        cast(total_amount as numeric(18, 2)) as total_amount,
        file_name,
        landed_at
    from source
)

select * from final

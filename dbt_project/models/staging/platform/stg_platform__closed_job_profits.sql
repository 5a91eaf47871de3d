with

source as (
    select * from {{ source('platform', 'closed_job_profits') }}
),

final as (
    select
        close_id,
        tenant_id,
        month,
        job_id,
        business_unit_id,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(labor_cost as numeric(18, 2)) as labor_cost,
        cast(incentive_cost as numeric(18, 2)) as incentive_cost,
        cast(burden_cost as numeric(18, 2)) as burden_cost,
        cast(material_cost as numeric(18, 2)) as material_cost,
        cast(equipment_cost as numeric(18, 2)) as equipment_cost,
        cast(other_cost as numeric(18, 2)) as other_cost,
        cast(overhead_allocated as numeric(18, 2)) as overhead_allocated
    from source
)

select * from final

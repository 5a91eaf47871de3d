with

daily as (
    select * from {{ ref('fct_technician_daily') }}
),

summed as (
    select
        tenant_id,
        technician_id,
        cast(date_trunc('month', work_date) as date) as work_month,
        max(technician_name) as technician_name,
        max(business_unit_id) as business_unit_id,
        {{ technician_sums() }}
    from daily
    group by tenant_id, technician_id, cast(date_trunc('month', work_date) as date)
),

final as (
    select
        tenant_id,
        technician_id,
        work_month,
        technician_name,
        business_unit_id,
        {{ technician_measures() }},
        {{ technician_rates() }}
    from summed
)

select * from final

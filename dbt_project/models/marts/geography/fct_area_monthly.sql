with

service_areas as (
    select * from {{ ref('int_locations__service_area') }}
),

revenue_lines as (
    select
        tenant_id,
        location_id,
        revenue_date,
        revenue_amount
    from {{ ref('fct_revenue') }}
    where revenue_amount <> 0
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
),

job_costs as (
    select
        tenant_id,
        job_id,
        direct_cost
    from {{ ref('int_jobs__costs') }}
),

time_intervals as (
    select
        tenant_id,
        job_id,
        hours
    from {{ ref('int_time_intervals') }}
    where interval_type = 'drive' and job_id is not null
),

members as (
    select * from {{ ref('int_areas__members_monthly') }}
),

drive_hours as (
    select
        tenant_id,
        job_id,
        sum(hours) as drive_hours
    from time_intervals
    group by tenant_id, job_id
),

revenue_by_area as (
    select
        revenue_lines.tenant_id,
        coalesce(service_areas.area_id, 'out_of_area') as area_id,
        cast(date_trunc('month', revenue_lines.revenue_date) as date) as area_month,
        sum(revenue_lines.revenue_amount) as revenue_amount
    from revenue_lines
    left join service_areas
        on
            revenue_lines.tenant_id = service_areas.tenant_id
            and revenue_lines.location_id = service_areas.location_id
    where revenue_lines.revenue_date is not null
    group by
        revenue_lines.tenant_id,
        coalesce(service_areas.area_id, 'out_of_area'),
        cast(date_trunc('month', revenue_lines.revenue_date) as date)
),

placed_jobs as (
    select
        jobs.tenant_id,
        jobs.job_id,
        coalesce(service_areas.area_id, 'out_of_area') as area_id,
        jobs.customer_id,
        cast(date_trunc('month', jobs.created_on_local) as date) as created_month,
        case
            when jobs.is_completed
                then cast(date_trunc('month', jobs.completed_on_local) as date)
        end as completed_month,
        jobs.is_opportunity,
        jobs.is_opportunity and jobs.is_converted as is_converted_opportunity
    from jobs
    left join service_areas
        on
            jobs.tenant_id = service_areas.tenant_id
            and jobs.location_id = service_areas.location_id
),

completed_by_area as (
    select
        placed_jobs.tenant_id,
        placed_jobs.area_id,
        placed_jobs.completed_month as area_month,
        count(*) as completed_job_count,
        count(distinct placed_jobs.customer_id) as customer_count,
        count(*) filter (where placed_jobs.is_opportunity) as opportunity_count,
        count(*) filter (where placed_jobs.is_converted_opportunity) as converted_count,
        sum(job_costs.direct_cost) as direct_cost,
        sum(drive_hours.drive_hours) as drive_hours
    from placed_jobs
    left join job_costs
        on
            placed_jobs.tenant_id = job_costs.tenant_id
            and placed_jobs.job_id = job_costs.job_id
    left join drive_hours
        on
            placed_jobs.tenant_id = drive_hours.tenant_id
            and placed_jobs.job_id = drive_hours.job_id
    where placed_jobs.completed_month is not null
    group by placed_jobs.tenant_id, placed_jobs.area_id, placed_jobs.completed_month
),

booked_by_area as (
    select
        tenant_id,
        area_id,
        created_month as area_month,
        count(*) as booked_job_count
    from placed_jobs
    where created_month is not null
    group by tenant_id, area_id, created_month
),

keys as (
    select
        tenant_id,
        area_id,
        area_month
    from revenue_by_area
    union
    select
        tenant_id,
        area_id,
        area_month
    from completed_by_area
    union
    select
        tenant_id,
        area_id,
        area_month
    from booked_by_area
    union
    select
        tenant_id,
        area_id,
        area_month
    from members
),

names as (
    select
        tenant_id,
        area_id,
        min(area_name) as area_name
    from service_areas
    group by tenant_id, area_id
),

combined as (
    select
        keys.tenant_id,
        keys.area_id,
        keys.area_month,
        coalesce(names.area_name, 'Out of area') as area_name,
        coalesce(completed_by_area.completed_job_count, 0) as completed_job_count,
        coalesce(completed_by_area.customer_count, 0) as customer_count,
        coalesce(members.member_count, 0) as member_count,
        coalesce(revenue_by_area.revenue_amount, 0) as revenue_amount,
        coalesce(completed_by_area.direct_cost, 0) as direct_cost,
        coalesce(completed_by_area.drive_hours, 0) as drive_hours,
        coalesce(booked_by_area.booked_job_count, 0) as booked_job_count,
        coalesce(completed_by_area.opportunity_count, 0) as opportunity_count,
        coalesce(completed_by_area.converted_count, 0) as converted_count
    from keys
    left join names
        on
            keys.tenant_id = names.tenant_id
            and keys.area_id = names.area_id
    left join revenue_by_area
        on
            keys.tenant_id = revenue_by_area.tenant_id
            and keys.area_id = revenue_by_area.area_id
            and keys.area_month = revenue_by_area.area_month
    left join completed_by_area
        on
            keys.tenant_id = completed_by_area.tenant_id
            and keys.area_id = completed_by_area.area_id
            and keys.area_month = completed_by_area.area_month
    left join booked_by_area
        on
            keys.tenant_id = booked_by_area.tenant_id
            and keys.area_id = booked_by_area.area_id
            and keys.area_month = booked_by_area.area_month
    left join members
        on
            keys.tenant_id = members.tenant_id
            and keys.area_id = members.area_id
            and keys.area_month = members.area_month
),

final as (
    select
        tenant_id,
        area_id,
        area_month,
        area_name,
        cast(completed_job_count as integer) as completed_job_count,
        cast(customer_count as integer) as customer_count,
        cast(member_count as integer) as member_count,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(direct_cost as numeric(18, 2)) as direct_cost,
        cast(revenue_amount - direct_cost as numeric(18, 2)) as gross_profit,
        cast(drive_hours as numeric(12, 4)) as drive_hours,
        cast({{ safe_div('drive_hours', 'completed_job_count') }} as numeric(12, 4))
            as drive_hours_per_job,
        cast(booked_job_count as integer) as booked_job_count,
        cast(opportunity_count as integer) as opportunity_count,
        cast(converted_count as integer) as converted_count,
        cast(
            {{ safe_div('cast(converted_count as numeric)', 'opportunity_count') }}
            as numeric(18, 6)
        ) as conversion_rate
    from combined
)

select * from final

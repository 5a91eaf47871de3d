with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

status_intervals as (
    select
        tenant_id,
        membership_id,
        customer_id,
        location_id,
        valid_from,
        valid_to
    from {{ ref('int_membership_status_intervals') }}
    where is_active
),

service_areas as (
    select
        tenant_id,
        location_id,
        area_id
    from {{ ref('int_locations__service_area') }}
),

-- Both ends are month ends; a day that begins after the last one covers none.
covered as (
    select
        status_intervals.tenant_id,
        status_intervals.customer_id,
        coalesce(service_areas.area_id, 'out_of_area') as area_id,
        status_intervals.valid_from,
        coalesce(status_intervals.valid_to, cast('infinity' as date)) as valid_to,
        tenants.as_of_date
    from status_intervals
    inner join tenants on status_intervals.tenant_id = tenants.tenant_id
    left join service_areas
        on
            status_intervals.tenant_id = service_areas.tenant_id
            and status_intervals.location_id = service_areas.location_id
    where status_intervals.valid_from <= tenants.as_of_date
),

member_months as (
    select distinct
        covered.tenant_id,
        covered.area_id,
        covered.customer_id,
        cast(series.first_day as date) as area_month
    from covered
    cross join
        lateral generate_series(
            date_trunc('month', cast(covered.valid_from as timestamp)),
            cast(least(covered.valid_to - 1, covered.as_of_date) as timestamp),
            interval '1 month'
        ) as series (first_day)
    where
        least(
            cast(series.first_day + interval '1 month - 1 day' as date), covered.as_of_date
        ) < covered.valid_to
),

final as (
    select
        tenant_id,
        area_id,
        area_month,
        cast(count(*) as integer) as member_count
    from member_months
    group by tenant_id, area_id, area_month
)

select * from final

with

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
    where is_completed
),

job_costs as (
    select * from {{ ref('int_jobs__costs') }}
),

intervals as (
    select * from {{ ref('int_time_intervals') }}
),

cost_entries as (
    select * from {{ ref('int_cost_entries') }}
),

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
),

hours as (
    select
        tenant_id,
        job_id,
        sum(hours) filter (where interval_type = 'onsite') as onsite_hours,
        sum(hours) filter (where interval_type = 'drive') as drive_hours
    from intervals
    group by tenant_id, job_id
),

-- What is to be spread over the jobs of a month; unit 0 is every unit without a pool of its own.
pools as (
    select
        tenant_id,
        cost_date as completed_month,
        coalesce(business_unit_id, 0) as pool_unit_id,
        sum(amount) as pool_amount
    from cost_entries
    where cost_type = 'overhead'
    group by tenant_id, cost_date, coalesce(business_unit_id, 0)
),

completed as (
    select
        jobs.tenant_id,
        jobs.job_id,
        cast(
            date_trunc(
                'month',
                coalesce(jobs.completed_on_local, jobs.created_on_local, tenants.as_of_date)
            ) as date
        ) as completed_month,
        jobs.completed_on_local,
        jobs.customer_id,
        jobs.location_id,
        jobs.business_unit_id,
        jobs.job_type_id,
        jobs.campaign_id,
        jobs.revenue_amount,
        coalesce(job_costs.labor_cost, 0) as labor_cost,
        coalesce(job_costs.incentive_cost, 0) as incentive_cost,
        coalesce(job_costs.burden_cost, 0) as burden_cost,
        coalesce(job_costs.material_cost, 0) as material_cost,
        coalesce(job_costs.equipment_cost, 0) as equipment_cost,
        coalesce(job_costs.other_cost, 0) as other_cost,
        coalesce(job_costs.direct_cost, 0) as direct_cost,
        jobs.sold_hours,
        coalesce(hours.onsite_hours, 0) as onsite_hours,
        coalesce(hours.drive_hours, 0) as drive_hours
    from jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    left join job_costs
        on
            jobs.tenant_id = job_costs.tenant_id
            and jobs.job_id = job_costs.job_id
    left join hours
        on
            jobs.tenant_id = hours.tenant_id
            and jobs.job_id = hours.job_id
),

bearing as (
    select
        completed.tenant_id,
        completed.job_id,
        completed.completed_month,
        coalesce(unit_pools.pool_unit_id, shared_pools.pool_unit_id) as pool_unit_id,
        coalesce(unit_pools.pool_amount, shared_pools.pool_amount) as pool_amount,
        {%- set bases = {
            'sold_hours': 'greatest(completed.sold_hours, 0)',
            'onsite_hours': 'completed.onsite_hours',
            'revenue': 'greatest(completed.revenue_amount, 0)',
            'direct_cost': 'greatest(completed.direct_cost, 0)',
            'job_count': '1',
        } %}
        {{ bases[var('overhead_method')] }} as basis
    from completed
    left join pools as unit_pools
        on
            completed.tenant_id = unit_pools.tenant_id
            and completed.completed_month = unit_pools.completed_month
            and completed.business_unit_id = unit_pools.pool_unit_id
    left join pools as shared_pools
        on
            completed.tenant_id = shared_pools.tenant_id
            and completed.completed_month = shared_pools.completed_month
            and shared_pools.pool_unit_id = 0
    where coalesce(unit_pools.pool_amount, shared_pools.pool_amount) is not null
),

{{ allocate_cents(
    name='allocated',
    source='bearing',
    amount='pool_amount',
    weight='basis',
    partition=['tenant_id', 'completed_month', 'pool_unit_id'],
    tie=['job_id'],
    into='overhead_allocated',
) }},

borne as (
    select
        tenant_id,
        completed_month,
        pool_unit_id,
        sum(overhead_allocated) as amount
    from allocated
    group by tenant_id, completed_month, pool_unit_id
),

-- Months in which nothing could bear a pool.
unallocated as (
    select
        pools.tenant_id,
        pools.completed_month,
        sum(pools.pool_amount) as overhead_allocated
    from pools
    left join borne
        on
            pools.tenant_id = borne.tenant_id
            and pools.completed_month = borne.completed_month
            and pools.pool_unit_id = borne.pool_unit_id
    where borne.amount is null and pools.pool_amount <> 0
    group by pools.tenant_id, pools.completed_month
),

profits as (
    select
        completed.tenant_id,
        completed.job_id,
        completed.completed_month,
        completed.completed_on_local,
        completed.customer_id,
        completed.location_id,
        completed.business_unit_id,
        completed.job_type_id,
        completed.campaign_id,
        completed.revenue_amount,
        completed.labor_cost,
        completed.incentive_cost,
        completed.burden_cost,
        completed.material_cost,
        completed.equipment_cost,
        completed.other_cost,
        completed.direct_cost,
        coalesce(allocated.overhead_allocated, 0) as overhead_allocated,
        completed.sold_hours,
        completed.onsite_hours,
        completed.drive_hours
    from completed
    left join allocated
        on
            completed.tenant_id = allocated.tenant_id
            and completed.job_id = allocated.job_id
    union all
    select
        tenant_id,
        -1 as job_id,
        completed_month,
        null as completed_on_local,
        null as customer_id,
        null as location_id,
        null as business_unit_id,
        null as job_type_id,
        null as campaign_id,
        0 as revenue_amount,
        0 as labor_cost,
        0 as incentive_cost,
        0 as burden_cost,
        0 as material_cost,
        0 as equipment_cost,
        0 as other_cost,
        0 as direct_cost,
        overhead_allocated,
        0 as sold_hours,
        0 as onsite_hours,
        0 as drive_hours
    from unallocated
),

final as (
    select
        tenant_id,
        job_id,
        completed_month,
        completed_on_local,
        customer_id,
        location_id,
        business_unit_id,
        job_type_id,
        campaign_id,
        cast(revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(labor_cost as numeric(18, 2)) as labor_cost,
        cast(incentive_cost as numeric(18, 2)) as incentive_cost,
        cast(burden_cost as numeric(18, 2)) as burden_cost,
        cast(material_cost as numeric(18, 2)) as material_cost,
        cast(equipment_cost as numeric(18, 2)) as equipment_cost,
        cast(other_cost as numeric(18, 2)) as other_cost,
        cast(direct_cost as numeric(18, 2)) as direct_cost,
        cast(revenue_amount - direct_cost as numeric(18, 2)) as gross_profit,
        cast(
            {{ safe_div('revenue_amount - direct_cost', 'revenue_amount') }} as numeric(18, 6)
        ) as gross_margin_pct,
        cast(overhead_allocated as numeric(18, 2)) as overhead_allocated,
        cast(revenue_amount - direct_cost - overhead_allocated as numeric(18, 2)) as net_profit,
        cast(sold_hours as numeric(12, 4)) as sold_hours,
        cast(onsite_hours as numeric(12, 4)) as onsite_hours,
        cast(drive_hours as numeric(12, 4)) as drive_hours
    from profits
)

select * from final

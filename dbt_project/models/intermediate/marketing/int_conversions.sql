with

tenants as (
    select
        tenant_id,
        as_of_date
    from {{ ref('int_tenants') }}
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

channels as (
    select
        tenant_id,
        campaign_id,
        channel
    from {{ ref('int_campaigns__channels') }}
),

converted as (
    select
        jobs.tenant_id,
        jobs.job_id,
        jobs.customer_id,
        jobs.created_at as converted_at,
        jobs.created_on_local as converted_on_local,
        jobs.completed_on_local,
        jobs.campaign_id,
        jobs.revenue_amount
    from jobs
    inner join tenants on jobs.tenant_id = tenants.tenant_id
    where
        jobs.is_completed
        and jobs.completed_on_local <= tenants.as_of_date
        and jobs.created_at is not null
        and jobs.customer_id is not null
        and jobs.revenue_amount <> 0
        and not (
            jobs.is_recall or jobs.is_warranty or jobs.is_tech_generated or jobs.is_recurring_visit
        )
),

final as (
    select
        converted.tenant_id,
        converted.job_id,
        converted.customer_id,
        converted.converted_at,
        converted.converted_on_local,
        converted.completed_on_local,
        converted.campaign_id,
        case
            when converted.campaign_id is null then 'Unattributed'
            else coalesce(channels.channel, 'Unmapped')
        end as channel,
        converted.revenue_amount,
        cast(converted.revenue_amount - coalesce(job_costs.direct_cost, 0) as numeric(18, 2))
            as gross_profit,
        row_number() over (
            partition by converted.tenant_id, converted.customer_id
            order by converted.converted_at, converted.job_id
        ) = 1 as is_acquisition
    from converted
    left join job_costs
        on
            converted.tenant_id = job_costs.tenant_id
            and converted.job_id = job_costs.job_id
    left join channels
        on
            converted.tenant_id = channels.tenant_id
            and converted.campaign_id = channels.campaign_id
)

select * from final

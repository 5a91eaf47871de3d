with

estimates as (
    select * from {{ ref('fct_estimates') }}
    where is_active and job_id is not null
),

jobs as (
    select * from {{ ref('int_jobs__enriched') }}
),

options as (
    select
        tenant_id,
        job_id,
        count(*) as option_count,
        count(*) filter (where estimate_status = 'Open') as open_option_count,
        min(created_on_local) as first_estimate_on_local,
        min(subtotal_amount) as lowest_option_amount,
        max(subtotal_amount) as highest_option_amount
    from estimates
    where not is_change_order
    group by tenant_id, job_id
),

sold as (
    select
        estimates.tenant_id,
        estimates.job_id,
        estimates.sold_on_local,
        estimates.is_change_order,
        estimates.sold_amount,
        jobs.sold_threshold,
        sum(estimates.sold_amount) over (
            partition by estimates.tenant_id, estimates.job_id
            order by estimates.sold_on_local asc nulls last, estimates.estimate_id asc
        ) as sold_so_far
    from estimates
    inner join jobs
        on
            estimates.tenant_id = jobs.tenant_id
            and estimates.job_id = jobs.job_id
    where estimates.is_sold
),

sales as (
    select
        tenant_id,
        job_id,
        count(*) filter (where not is_change_order) as sold_option_count,
        sum(sold_amount) as sold_amount,
        sum(sold_amount) filter (where is_change_order) as change_order_amount,
        min(sold_on_local) filter (where sold_so_far >= sold_threshold) as closed_on_local
    from sold
    group by tenant_id, job_id
),

joined as (
    select
        options.tenant_id,
        options.job_id,
        jobs.customer_id,
        jobs.location_id,
        jobs.business_unit_id,
        jobs.job_type_id,
        jobs.campaign_id,
        jobs.is_completed,
        jobs.sold_threshold,
        options.option_count,
        options.open_option_count,
        options.first_estimate_on_local,
        options.lowest_option_amount,
        options.highest_option_amount,
        coalesce(sales.sold_option_count, 0) as sold_option_count,
        coalesce(sales.sold_amount, 0) as sold_amount,
        coalesce(sales.change_order_amount, 0) as change_order_amount,
        sales.closed_on_local,
        coalesce(sales.sold_amount >= jobs.sold_threshold, false) as is_closed
    from options
    inner join jobs
        on
            options.tenant_id = jobs.tenant_id
            and options.job_id = jobs.job_id
    left join sales
        on
            options.tenant_id = sales.tenant_id
            and options.job_id = sales.job_id
),

final as (
    select
        tenant_id,
        job_id,
        customer_id,
        location_id,
        business_unit_id,
        job_type_id,
        campaign_id,
        is_completed,
        case
            when is_closed then 'Won'
            when open_option_count > 0 then 'Open'
            else 'Dismissed'
        end as opportunity_status,
        is_closed,
        first_estimate_on_local,
        case when is_closed then closed_on_local end as closed_on_local,
        case when is_closed then closed_on_local - first_estimate_on_local end as days_to_close,
        cast(option_count as integer) as option_count,
        cast(open_option_count as integer) as open_option_count,
        cast(sold_option_count as integer) as sold_option_count,
        cast(lowest_option_amount as numeric(18, 2)) as lowest_option_amount,
        cast(highest_option_amount as numeric(18, 2)) as highest_option_amount,
        cast(sold_threshold as numeric(18, 2)) as sold_threshold,
        cast(sold_amount as numeric(18, 2)) as sold_amount,
        cast(change_order_amount as numeric(18, 2)) as change_order_amount
    from joined
)

select * from final

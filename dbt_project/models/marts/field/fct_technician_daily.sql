with

daily_work as (
    select * from {{ ref('int_technicians__daily_work') }}
),

technician_jobs as (
    select * from {{ ref('fct_technician_jobs') }}
),

recalls as (
    select * from {{ ref('fct_recalls') }}
),

weights as (
    select * from {{ ref('int_jobs__technician_weights') }}
),

cost_entries as (
    select * from {{ ref('int_cost_entries') }}
),

technicians as (
    select
        tenant_id,
        technician_id,
        technician_name,
        business_unit_id
    from {{ ref('stg_servicetitan__technicians') }}
),

entries as (
    select
        tenant_id,
        technician_id,
        completed_on_local as work_date,
        revenue_amount,
        sold_hours,
        job_profit + overhead_allocated + callback_charged - callback_relieved as gross_profit,
        overhead_allocated,
        callback_charged,
        callback_relieved,
        0 as unapplied_cost,
        0 as recalls_caused
    from technician_jobs
    where completed_on_local is not null
    union all
    select
        tenant_id,
        technician_id,
        cost_date as work_date,
        0 as revenue_amount,
        0 as sold_hours,
        0 as gross_profit,
        0 as overhead_allocated,
        0 as callback_charged,
        0 as callback_relieved,
        amount as unapplied_cost,
        0 as recalls_caused
    from cost_entries
    where
        technician_id is not null
        and job_id is null
        and cost_date is not null
        and cost_type in ('labor', 'incentive', 'salary', 'burden')
    union all
    select
        recalls.tenant_id,
        weights.technician_id,
        recalls.completed_on_local as work_date,
        0 as revenue_amount,
        0 as sold_hours,
        0 as gross_profit,
        0 as overhead_allocated,
        0 as callback_charged,
        0 as callback_relieved,
        0 as unapplied_cost,
        1 as recalls_caused
    from recalls
    inner join weights
        on
            recalls.tenant_id = weights.tenant_id
            and recalls.root_job_id = weights.job_id
    where recalls.within_window and recalls.completed_on_local is not null
),

money as (
    select
        tenant_id,
        technician_id,
        work_date,
        sum(revenue_amount) as revenue_amount,
        sum(sold_hours) as sold_hours,
        sum(gross_profit) as gross_profit,
        sum(overhead_allocated) as overhead_allocated,
        sum(callback_charged) as callback_charged,
        sum(callback_relieved) as callback_relieved,
        sum(unapplied_cost) as unapplied_cost,
        sum(recalls_caused) as recalls_caused
    from entries
    group by tenant_id, technician_id, work_date
),

combined as (
    select
        coalesce(daily_work.tenant_id, money.tenant_id) as tenant_id,
        coalesce(daily_work.technician_id, money.technician_id) as technician_id,
        coalesce(daily_work.work_date, money.work_date) as work_date,
        coalesce(daily_work.paid_hours, 0) as paid_hours,
        coalesce(daily_work.regular_hours, 0) as regular_hours,
        coalesce(daily_work.overtime_hours, 0) as overtime_hours,
        coalesce(daily_work.paid_time_off_hours, 0) as paid_time_off_hours,
        coalesce(daily_work.paid_hours - daily_work.paid_time_off_hours, 0) as worked_hours,
        coalesce(daily_work.onsite_hours, 0) as onsite_hours,
        coalesce(daily_work.drive_hours, 0) as drive_hours,
        coalesce(daily_work.completed_jobs, 0) as completed_jobs,
        coalesce(daily_work.opportunities, 0) as opportunities,
        coalesce(daily_work.converted_jobs, 0) as converted_jobs,
        coalesce(daily_work.memberships_sold, 0) as memberships_sold,
        coalesce(money.revenue_amount, 0) as revenue_amount,
        coalesce(money.sold_hours, 0) as sold_hours,
        coalesce(money.gross_profit, 0) as gross_profit,
        coalesce(money.overhead_allocated, 0) as overhead_allocated,
        coalesce(money.callback_charged, 0) as callback_charged,
        coalesce(money.callback_relieved, 0) as callback_relieved,
        coalesce(money.unapplied_cost, 0) as unapplied_cost,
        coalesce(money.recalls_caused, 0) as recalls_caused
    from daily_work
    full outer join money
        on
            daily_work.tenant_id = money.tenant_id
            and daily_work.technician_id = money.technician_id
            and daily_work.work_date = money.work_date
),

named as (
    select
        combined.*,
        case
            when combined.technician_id = -1 then 'Unassigned'
            else technicians.technician_name
        end as technician_name,
        technicians.business_unit_id
    from combined
    left join technicians
        on
            combined.tenant_id = technicians.tenant_id
            and combined.technician_id = technicians.technician_id
),

final as (
    select
        tenant_id,
        technician_id,
        work_date,
        technician_name,
        business_unit_id,
        {{ technician_measures() }},
        {{ technician_rates() }}
    from named
)

select * from final

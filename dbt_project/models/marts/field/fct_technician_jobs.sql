with

job_profits as (
    select * from {{ ref('fct_job_profitability') }}
    where job_id <> -1
),

jobs as (
    select
        tenant_id,
        job_id,
        root_job_id,
        is_recall,
        is_root_missing
    from {{ ref('int_jobs__enriched') }}
),

weights as (
    select * from {{ ref('int_jobs__technician_weights') }}
),

cost_entries as (
    select * from {{ ref('int_cost_entries') }}
),

-- A technician's own pay stays theirs, also without a share in the job; pay of people who are no
-- technicians is nobody's.
own_pay as (
    select
        tenant_id,
        job_id,
        coalesce(technician_id, -1) as technician_id,
        coalesce(sum(amount) filter (where cost_group = 'labor'), 0) as labor_cost,
        coalesce(sum(amount) filter (where cost_group = 'incentive'), 0) as incentive_cost,
        coalesce(sum(amount) filter (where cost_group = 'burden'), 0) as burden_cost
    from cost_entries
    where job_id is not null and cost_group in ('labor', 'incentive', 'burden')
    group by tenant_id, job_id, coalesce(technician_id, -1)
),

workers as (
    select
        coalesce(weights.tenant_id, own_pay.tenant_id) as tenant_id,
        coalesce(weights.job_id, own_pay.job_id) as job_id,
        coalesce(weights.technician_id, own_pay.technician_id) as technician_id,
        coalesce(weights.weight, 0) as split_weight,
        coalesce(own_pay.labor_cost, 0) as labor_cost,
        coalesce(own_pay.incentive_cost, 0) as incentive_cost,
        coalesce(own_pay.burden_cost, 0) as burden_cost
    from weights
    full outer join own_pay
        on
            weights.tenant_id = own_pay.tenant_id
            and weights.job_id = own_pay.job_id
            and weights.technician_id = own_pay.technician_id
),

parts as (
    select
        workers.tenant_id,
        workers.job_id,
        workers.technician_id,
        workers.split_weight,
        workers.labor_cost,
        workers.incentive_cost,
        workers.burden_cost,
        job_profits.revenue_amount as job_revenue,
        job_profits.material_cost as job_material,
        job_profits.equipment_cost as job_equipment,
        job_profits.other_cost as job_other,
        job_profits.overhead_allocated as job_overhead,
        job_profits.sold_hours * workers.split_weight as sold_hours
    from workers
    inner join job_profits
        on
            workers.tenant_id = job_profits.tenant_id
            and workers.job_id = job_profits.job_id
),

{%- for whole in ['revenue', 'material', 'equipment', 'other', 'overhead'] %}

{{ allocate_cents(
    name='parts_of_' ~ whole,
    source='parts' if loop.first else 'parts_of_' ~ loop.previtem,
    amount='job_' ~ whole,
    weight='split_weight',
    partition=['tenant_id', 'job_id'],
    tie=['technician_id'],
    into=whole ~ '_part',
) }},
{%- endfor %}

performed as (
    select
        parts_of_overhead.tenant_id,
        parts_of_overhead.job_id,
        parts_of_overhead.technician_id,
        parts_of_overhead.split_weight,
        parts_of_overhead.revenue_part,
        parts_of_overhead.sold_hours,
        parts_of_overhead.labor_cost,
        parts_of_overhead.incentive_cost,
        parts_of_overhead.burden_cost,
        parts_of_overhead.material_part,
        parts_of_overhead.equipment_part,
        parts_of_overhead.other_part,
        parts_of_overhead.overhead_part,
        parts_of_overhead.labor_cost
        + parts_of_overhead.incentive_cost
        + parts_of_overhead.burden_cost
        + parts_of_overhead.material_part
        + parts_of_overhead.equipment_part
        + parts_of_overhead.other_part as direct_cost
    from parts_of_overhead
),

-- A recall that cost less than nothing, for goods that went back, is charged to nobody.
callbacks as (
    select
        job_profits.tenant_id,
        job_profits.job_id,
        case when not jobs.is_root_missing then jobs.root_job_id end as root_job_id,
        job_profits.direct_cost as callback_amount
    from job_profits
    inner join jobs
        on
            job_profits.tenant_id = jobs.tenant_id
            and job_profits.job_id = jobs.job_id
    where jobs.is_recall and job_profits.direct_cost > 0
),

causers as (
    select
        callbacks.tenant_id,
        callbacks.job_id,
        callbacks.callback_amount,
        coalesce(weights.technician_id, -1) as technician_id,
        coalesce(weights.weight, 1) as root_weight
    from callbacks
    left join weights
        on
            callbacks.tenant_id = weights.tenant_id
            and callbacks.root_job_id = weights.job_id
),

{{ allocate_cents(
    name='charged',
    source='causers',
    amount='callback_amount',
    weight='root_weight',
    partition=['tenant_id', 'job_id'],
    tie=['technician_id'],
    into='callback_charged',
) }},

performers as (
    select
        performed.tenant_id,
        performed.job_id,
        performed.technician_id,
        callbacks.callback_amount,
        greatest(performed.direct_cost, 0) as own_cost
    from performed
    inner join callbacks
        on
            performed.tenant_id = callbacks.tenant_id
            and performed.job_id = callbacks.job_id
),

{{ allocate_cents(
    name='relieved',
    source='performers',
    amount='callback_amount',
    weight='own_cost',
    partition=['tenant_id', 'job_id'],
    tie=['technician_id'],
    into='callback_relieved',
) }},

-- Who did a recall and who caused it are rows of the same job, one row for who did both.
rows_of_jobs as (
    select
        tenant_id,
        job_id,
        technician_id,
        split_weight,
        revenue_part,
        sold_hours,
        labor_cost,
        incentive_cost,
        burden_cost,
        material_part,
        equipment_part,
        other_part,
        direct_cost,
        overhead_part,
        0 as callback_charged,
        0 as callback_relieved,
        true as is_performer
    from performed
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        0 as split_weight,
        0 as revenue_part,
        0 as sold_hours,
        0 as labor_cost,
        0 as incentive_cost,
        0 as burden_cost,
        0 as material_part,
        0 as equipment_part,
        0 as other_part,
        0 as direct_cost,
        0 as overhead_part,
        callback_charged,
        0 as callback_relieved,
        false as is_performer
    from charged
    union all
    select
        tenant_id,
        job_id,
        technician_id,
        0 as split_weight,
        0 as revenue_part,
        0 as sold_hours,
        0 as labor_cost,
        0 as incentive_cost,
        0 as burden_cost,
        0 as material_part,
        0 as equipment_part,
        0 as other_part,
        0 as direct_cost,
        0 as overhead_part,
        0 as callback_charged,
        callback_relieved,
        true as is_performer
    from relieved
),

summed as (
    select
        tenant_id,
        job_id,
        technician_id,
        bool_or(is_performer) as is_performer,
        sum(split_weight) as split_weight,
        sum(revenue_part) as revenue_amount,
        sum(sold_hours) as sold_hours,
        sum(labor_cost) as labor_cost,
        sum(incentive_cost) as incentive_cost,
        sum(burden_cost) as burden_cost,
        sum(material_part) as material_cost,
        sum(equipment_part) as equipment_cost,
        sum(other_part) as other_cost,
        sum(direct_cost) as direct_cost,
        sum(overhead_part) as overhead_allocated,
        sum(callback_charged) as callback_charged,
        sum(callback_relieved) as callback_relieved
    from rows_of_jobs
    group by tenant_id, job_id, technician_id
),

final as (
    select
        summed.tenant_id,
        summed.job_id,
        summed.technician_id,
        job_profits.completed_on_local,
        job_profits.completed_month,
        job_profits.business_unit_id,
        job_profits.job_type_id,
        job_profits.customer_id,
        jobs.is_recall,
        jobs.root_job_id,
        summed.is_performer,
        cast(summed.split_weight as numeric(18, 6)) as split_weight,
        cast(summed.revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(summed.sold_hours as numeric(12, 4)) as sold_hours,
        cast(summed.labor_cost as numeric(18, 2)) as labor_cost,
        cast(summed.incentive_cost as numeric(18, 2)) as incentive_cost,
        cast(summed.burden_cost as numeric(18, 2)) as burden_cost,
        cast(summed.material_cost as numeric(18, 2)) as material_cost,
        cast(summed.equipment_cost as numeric(18, 2)) as equipment_cost,
        cast(summed.other_cost as numeric(18, 2)) as other_cost,
        cast(summed.direct_cost as numeric(18, 2)) as direct_cost,
        cast(summed.revenue_amount - summed.direct_cost as numeric(18, 2)) as gross_profit,
        cast(summed.overhead_allocated as numeric(18, 2)) as overhead_allocated,
        cast(summed.callback_charged as numeric(18, 2)) as callback_charged,
        cast(summed.callback_relieved as numeric(18, 2)) as callback_relieved,
        cast(
            summed.revenue_amount
            - summed.direct_cost
            - summed.overhead_allocated
            - summed.callback_charged
            + summed.callback_relieved as numeric(18, 2)
        ) as job_profit
    from summed
    inner join job_profits
        on
            summed.tenant_id = job_profits.tenant_id
            and summed.job_id = job_profits.job_id
    inner join jobs
        on
            summed.tenant_id = jobs.tenant_id
            and summed.job_id = jobs.job_id
)

select * from final

with

periods as (
    select * from {{ ref('stg_platform__closed_periods') }}
    where is_in_force
),

frozen as (
    select
        closed_lines.tenant_id,
        closed_lines.month,
        closed_lines.invoice_item_id,
        closed_lines.business_unit_id,
        closed_lines.revenue_kind,
        closed_lines.revenue_amount
    from {{ ref('stg_platform__closed_revenue_lines') }} as closed_lines
    inner join periods on closed_lines.close_id = periods.close_id
),

revenue_lines as (
    select
        tenant_id,
        invoice_item_id,
        business_unit_id,
        revenue_kind,
        revenue_date,
        is_recognised,
        revenue_amount,
        created_at
    from {{ ref('int_revenue_lines') }}
),

present as (
    select
        revenue_lines.tenant_id,
        periods.month,
        revenue_lines.invoice_item_id,
        revenue_lines.business_unit_id,
        revenue_lines.revenue_kind,
        revenue_lines.revenue_amount,
        coalesce(revenue_lines.created_at > periods.known_until_at, true) as is_late
    from revenue_lines
    inner join periods
        on
            revenue_lines.tenant_id = periods.tenant_id
            and cast(date_trunc('month', revenue_lines.revenue_date) as date) = periods.month
    where revenue_lines.is_recognised
),

paired as (
    select
        coalesce(frozen.tenant_id, present.tenant_id) as tenant_id,
        coalesce(frozen.month, present.month) as month,
        coalesce(frozen.invoice_item_id, present.invoice_item_id) as invoice_item_id,
        coalesce(present.revenue_kind, frozen.revenue_kind) as revenue_kind,
        frozen.invoice_item_id is not null as was_there,
        present.invoice_item_id is not null as is_there,
        present.is_late,
        frozen.business_unit_id as closed_business_unit_id,
        present.business_unit_id as present_business_unit_id,
        frozen.revenue_amount as closed_amount,
        present.revenue_amount as present_amount,
        coalesce(frozen.business_unit_id, -1) <> coalesce(present.business_unit_id, -1)
            as has_other_unit
    from frozen
    full outer join present
        on
            frozen.tenant_id = present.tenant_id
            and frozen.month = present.month
            and frozen.invoice_item_id = present.invoice_item_id
),

-- A line that left one closed month and is in another now was frozen there.
explained as (
    select
        paired.*,
        case
            when paired.was_there and paired.is_there and paired.has_other_unit
                then 'changed_business_unit'
            when
                paired.was_there
                and paired.is_there
                and paired.closed_amount <> paired.present_amount
                then 'changed_line'
            when paired.was_there and paired.is_there then 'unchanged'
            when paired.was_there and lines_now.invoice_item_id is null then 'deleted_line'
            when paired.was_there and not lines_now.is_recognised then 'reopened_job'
            when paired.is_there and elsewhere.invoice_item_id is null and paired.is_late
                then case
                    when paired.revenue_kind = 'adjustment' then 'adjustment' else 'late_line'
                end
            when paired.revenue_kind = 'job' then 'moved_job_completion'
            else 'moved_date'
        end as cause
    from paired
    left join revenue_lines as lines_now
        on
            paired.tenant_id = lines_now.tenant_id
            and paired.invoice_item_id = lines_now.invoice_item_id
            and not paired.is_there
    left join frozen as elsewhere
        on
            paired.tenant_id = elsewhere.tenant_id
            and paired.invoice_item_id = elsewhere.invoice_item_id
            and paired.month <> elsewhere.month
            and not paired.was_there
),

-- A line counts where it was and where it is, so that a change of business unit shows in both.
sides as (
    select
        tenant_id,
        month,
        closed_business_unit_id as business_unit_id,
        cause,
        invoice_item_id,
        closed_amount as as_closed_amount,
        0 as restated_amount
    from explained
    where was_there
    union all
    select
        tenant_id,
        month,
        present_business_unit_id as business_unit_id,
        cause,
        invoice_item_id,
        0 as as_closed_amount,
        present_amount as restated_amount
    from explained
    where is_there
),

summed as (
    select
        tenant_id,
        month,
        business_unit_id,
        cause,
        count(distinct invoice_item_id) as line_count,
        sum(as_closed_amount) as as_closed_amount,
        sum(restated_amount) as restated_amount
    from sides
    group by tenant_id, month, business_unit_id, cause
),

final as (
    select
        {{ surrogate_key([
            'summed.tenant_id', 'summed.month', 'summed.business_unit_id', 'summed.cause'
        ]) }} as fct_revenue_restatements_key,
        summed.tenant_id,
        summed.month,
        summed.business_unit_id,
        summed.cause,
        periods.closed_at,
        periods.closed_as_of_date,
        summed.line_count,
        cast(summed.as_closed_amount as numeric(18, 2)) as as_closed_amount,
        cast(summed.restated_amount as numeric(18, 2)) as restated_amount,
        cast(summed.restated_amount - summed.as_closed_amount as numeric(18, 2)) as delta_amount
    from summed
    inner join periods
        on
            summed.tenant_id = periods.tenant_id
            and summed.month = periods.month
)

select * from final

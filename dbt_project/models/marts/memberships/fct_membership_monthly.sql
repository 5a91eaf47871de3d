with

tenants as (
    select
        tenant_id,
        {{ month_of('as_of_date') }} as last_month
    from {{ ref('int_tenants') }}
),

activity as (
    select
        tenant_id,
        customer_id,
        month,
        sum(monthly_amount) as mrr,
        count(*) as membership_count
    from {{ ref('int_membership_activity_monthly') }}
    where customer_id is not null
    group by tenant_id, customer_id, month
),

first_months as (
    select
        tenant_id,
        customer_id,
        min(month) as first_month
    from activity
    group by tenant_id, customer_id
),

-- A month closes with what is active at its end and opens with what was at the end of the last.
ends as (
    select
        tenant_id,
        customer_id,
        month,
        0 as opening_mrr,
        mrr as closing_mrr,
        0 as opening_count,
        membership_count as closing_count
    from activity
    union all
    select
        activity.tenant_id,
        activity.customer_id,
        cast(activity.month + interval '1 month' as date) as month,
        activity.mrr as opening_mrr,
        0 as closing_mrr,
        activity.membership_count as opening_count,
        0 as closing_count
    from activity
    inner join tenants on activity.tenant_id = tenants.tenant_id
    where activity.month < tenants.last_month
),

months as (
    select
        tenant_id,
        customer_id,
        month,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(opening_count) as opening_count,
        sum(closing_count) as closing_count
    from ends
    group by tenant_id, customer_id, month
),

moved as (
    select
        months.tenant_id,
        months.customer_id,
        months.month,
        months.opening_mrr,
        months.closing_mrr,
        months.opening_count,
        months.closing_count,
        case
            when months.closing_count = 0 then 'churn'
            when months.opening_count > 0 and months.closing_mrr > months.opening_mrr
                then 'expansion'
            when months.opening_count > 0 and months.closing_mrr < months.opening_mrr
                then 'contraction'
            when months.opening_count > 0 then 'none'
            when months.month = first_months.first_month then 'new'
            else 'reactivation'
        end as movement,
        abs(months.closing_mrr - months.opening_mrr) as moved_mrr
    from months
    inner join first_months
        on
            months.tenant_id = first_months.tenant_id
            and months.customer_id = first_months.customer_id
),

final as (
    select
        tenant_id,
        customer_id,
        month,
        cast(opening_mrr as numeric(18, 2)) as opening_mrr,
        {%- for kind in ['new', 'reactivation', 'expansion', 'contraction', 'churn'] %}
        cast(
            case when movement = '{{ kind }}' then moved_mrr else 0 end as numeric(18, 2)
        ) as {{ kind }}_mrr,
        {%- endfor %}
        cast(closing_mrr as numeric(18, 2)) as closing_mrr,
        movement,
        cast(opening_count as integer) as opening_membership_count,
        cast(closing_count as integer) as closing_membership_count
    from moved
)

select * from final

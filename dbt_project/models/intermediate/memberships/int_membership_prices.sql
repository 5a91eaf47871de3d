with

memberships as (
    select * from {{ ref('stg_servicetitan__memberships') }}
),

templates as (
    select
        tenant_id,
        invoice_template_id,
        total_amount
    from {{ ref('stg_servicetitan__invoice_templates') }}
    where not is_deleted
),

options as (
    select * from {{ ref('stg_servicetitan__membership_type_durations') }}
),

renewals as (
    select distinct
        tenant_id,
        renewed_by_id as membership_id
    from memberships
    where renewed_by_id is not null and not is_deleted
),

periods as (
    select
        memberships.tenant_id,
        memberships.membership_id,
        memberships.membership_type_id,
        memberships.billing_template_id,
        memberships.billing_frequency,
        memberships.duration_months,
        renewals.membership_id is not null as is_renewal,
        case memberships.billing_frequency
            when 'Monthly' then 1
            when 'EveryOtherMonth' then 2
            when 'Quarterly' then 3
            when 'BiAnnual' then 6
            when 'Annual' then 12
        end as period_months
    from memberships
    left join renewals
        on
            memberships.tenant_id = renewals.tenant_id
            and memberships.membership_id = renewals.membership_id
    where memberships.is_active
),

-- What the type charges for this duration and frequency; the first of equal options.
offers as (
    select distinct on (tenant_id, membership_type_id, duration_months, billing_frequency)
        tenant_id,
        membership_type_id,
        duration_months,
        billing_frequency,
        billing_price_amount,
        sale_price_amount,
        renewal_price_amount
    from options
    order by
        tenant_id asc,
        membership_type_id asc,
        duration_months asc,
        billing_frequency asc,
        option_number asc
),

priced as (
    select
        periods.tenant_id,
        periods.membership_id,
        periods.billing_frequency,
        periods.period_months,
        periods.is_renewal,
        {{ safe_div('templates.total_amount', 'periods.period_months') }} as template_amount,
        {{ safe_div('offers.billing_price_amount', 'periods.period_months') }} as billing_amount,
        case
            when periods.billing_frequency = 'OneTime'
                then {{ safe_div(
                    'case when periods.is_renewal then offers.renewal_price_amount'
                    ~ ' else offers.sale_price_amount end',
                    'periods.duration_months'
                ) }}
        end as one_time_amount
    from periods
    left join templates
        on
            periods.tenant_id = templates.tenant_id
            and periods.billing_template_id = templates.invoice_template_id
    left join offers
        on
            periods.tenant_id = offers.tenant_id
            and periods.membership_type_id = offers.membership_type_id
            and coalesce(periods.duration_months, 0) = coalesce(offers.duration_months, 0)
            and periods.billing_frequency = offers.billing_frequency
),

final as (
    select
        tenant_id,
        membership_id,
        billing_frequency,
        period_months,
        is_renewal,
        case
            when template_amount is not null then 'template'
            when billing_amount is not null then 'billing_price'
            when one_time_amount is not null then 'one_time_price'
            else 'none'
        end as price_source,
        cast(
            coalesce(template_amount, billing_amount, one_time_amount, 0) as numeric(18, 2)
        ) as monthly_amount
    from priced
)

select * from final

with

reported as (
    select
        tenant_id,
        month,
        lower(business_unit_name) as unit_key,
        business_unit_name,
        coalesce(total_amount, completed_amount) as reported_amount
    from {{ ref('stg_platform__reported_revenue') }}
),

report_months as (
    select distinct
        tenant_id,
        month
    from reported
),

business_units as (
    select
        tenant_id,
        business_unit_id,
        business_unit_name
    from {{ ref('stg_servicetitan__business_units') }}
),

revenue as (
    select * from {{ ref('fct_revenue') }}
),

invoices as (
    select
        tenant_id,
        invoice_id,
        invoice_date
    from {{ ref('int_invoices__rooted') }}
),

jobs as (
    select
        tenant_id,
        job_id,
        completed_at,
        completed_on_local
    from {{ ref('int_jobs__enriched') }}
),

-- Each line with the months that a report with other rules would put it into.
lines as (
    select
        revenue.tenant_id,
        coalesce(business_units.business_unit_name, 'No business unit') as business_unit_name,
        revenue.revenue_kind,
        cast(date_trunc('month', revenue.revenue_date) as date) as month,
        case
            when revenue.revenue_kind = 'adjustment'
                then cast(
                    date_trunc(
                        'month', coalesce(jobs.completed_on_local, roots.invoice_date)
                    ) as date
                )
        end as root_month,
        case
            when revenue.revenue_kind = 'job'
                then cast(date_trunc('month', jobs.completed_at at time zone 'UTC') as date)
        end as utc_month,
        case
            when revenue.revenue_kind = 'job'
                then cast(date_trunc('month', revenue.invoice_date) as date)
        end as billed_month,
        revenue.revenue_amount,
        revenue.unmapped_amount,
        revenue.non_income_amount
    from revenue
    left join business_units
        on
            revenue.tenant_id = business_units.tenant_id
            and revenue.business_unit_id = business_units.business_unit_id
    left join invoices as roots
        on
            revenue.tenant_id = roots.tenant_id
            and revenue.root_invoice_id = roots.invoice_id
            and revenue.revenue_kind = 'adjustment'
    left join jobs
        on
            revenue.tenant_id = jobs.tenant_id
            and revenue.job_id = jobs.job_id
    where revenue.tenant_id in (select report_months.tenant_id from report_months)
),

dated as (
    select
        tenant_id,
        business_unit_name,
        revenue_kind,
        month,
        root_month,
        utc_month,
        billed_month,
        sum(revenue_amount) as revenue_amount,
        sum(unmapped_amount) as unmapped_amount,
        sum(non_income_amount) as non_income_amount
    from lines
    group by
        tenant_id,
        business_unit_name,
        revenue_kind,
        month,
        root_month,
        utc_month,
        billed_month
),

measured as (
    select
        report_months.tenant_id,
        report_months.month,
        lower(dated.business_unit_name) as unit_key,
        min(dated.business_unit_name) as business_unit_name,
        sum(case when dated.month = report_months.month then dated.revenue_amount else 0 end)
            as revenue_amount,
        sum(
            case
                when dated.month = report_months.month and dated.revenue_kind = 'adjustment'
                    then dated.revenue_amount
                else 0
            end
        ) as adjustments_amount,
        sum(
            case when dated.root_month = report_months.month then dated.revenue_amount else 0 end
        ) as adjustments_by_root_amount,
        sum(
            case
                when
                    dated.month = report_months.month
                    and dated.revenue_kind in ('membership', 'non_job')
                    then dated.revenue_amount
                else 0
            end
        ) as without_job_amount,
        sum(case when dated.month = report_months.month then dated.unmapped_amount else 0 end)
            as unmapped_amount,
        sum(case when dated.month = report_months.month then dated.non_income_amount else 0 end)
            as non_income_amount,
        sum(
            case
                when dated.month = report_months.month and dated.revenue_kind = 'job'
                    then dated.revenue_amount
                else 0
            end
        ) as job_amount,
        sum(case when dated.utc_month = report_months.month then dated.revenue_amount else 0 end)
            as job_by_utc_amount,
        sum(
            case when dated.billed_month = report_months.month then dated.revenue_amount else 0 end
        ) as job_by_invoice_amount
    from report_months
    inner join dated
        on
            report_months.tenant_id = dated.tenant_id
            and report_months.month
            in (dated.month, dated.root_month, dated.utc_month, dated.billed_month)
    group by report_months.tenant_id, report_months.month, lower(dated.business_unit_name)
),

compared as (
    select
        coalesce(reported.tenant_id, measured.tenant_id) as tenant_id,
        coalesce(reported.month, measured.month) as month,
        coalesce(reported.business_unit_name, measured.business_unit_name) as business_unit_name,
        coalesce(reported.reported_amount, 0) as reported_amount,
        coalesce(measured.revenue_amount, 0) as revenue_amount,
        coalesce(measured.revenue_amount, 0) - coalesce(reported.reported_amount, 0)
            as difference_amount,
        coalesce(measured.adjustments_amount, 0) as adjustments_left_out,
        coalesce(measured.adjustments_amount - measured.adjustments_by_root_amount, 0)
            as adjustments_by_root,
        coalesce(measured.without_job_amount, 0) as without_job_left_out,
        -coalesce(measured.unmapped_amount, 0) as unmapped_counted,
        -coalesce(measured.non_income_amount, 0) as non_income_counted,
        coalesce(measured.job_amount - measured.job_by_utc_amount, 0) as days_in_utc,
        coalesce(measured.job_amount - measured.job_by_invoice_amount, 0) as days_of_invoice
    from reported
    full outer join measured
        on
            reported.tenant_id = measured.tenant_id
            and reported.month = measured.month
            and reported.unit_key = measured.unit_key
),

-- The ways in which a report may be made by other rules than ours, all their combinations.
rules as (
    select
        row_number() over (
            order by
                adjustments.choice, without_job.choice, bypass.choice, timings.choice
        ) as rule_number,
        adjustments.choice as adjustment_rule,
        without_job.choice as non_job_rule,
        bypass.choice as bypass_rule,
        timings.choice as timing_rule
    from (values (0), (1), (2)) as adjustments (choice)
    cross join (values (0), (1)) as without_job (choice)
    cross join (values (0), (1), (2), (3)) as bypass (choice)
    cross join (values (0), (1), (2)) as timings (choice)
),

tried as (
    select
        compared.tenant_id,
        compared.month,
        compared.business_unit_name,
        compared.reported_amount,
        compared.revenue_amount,
        compared.difference_amount,
        rules.rule_number,
        case rules.adjustment_rule
            when 1 then compared.adjustments_left_out
            when 2 then compared.adjustments_by_root
            else 0
        end as adjustment_amount,
        case rules.non_job_rule when 1 then compared.without_job_left_out else 0 end
            as non_job_amount,
        case rules.bypass_rule
            when 1 then compared.unmapped_counted
            when 2 then compared.non_income_counted
            when 3 then compared.unmapped_counted + compared.non_income_counted
            else 0
        end as bypass_amount,
        case rules.timing_rule
            when 1 then compared.days_in_utc
            when 2 then compared.days_of_invoice
            else 0
        end as timing_amount
    from compared
    cross join rules
),

-- One set of rules for the whole report. What they explain must be worth more than half of what
-- they move, or a difference would be explained by whatever is about as large.
weighed as (
    select
        tenant_id,
        month,
        rule_number,
        sum(
            abs(
                difference_amount
                - adjustment_amount
                - non_job_amount
                - bypass_amount
                - timing_amount
            )
            + 0.5
            * (
                abs(adjustment_amount)
                + abs(non_job_amount)
                + abs(bypass_amount)
                + abs(timing_amount)
            )
        ) as weight
    from tried
    group by tenant_id, month, rule_number
),

chosen as (
    select distinct on (tenant_id, month)
        tenant_id,
        month,
        rule_number
    from weighed
    order by tenant_id asc, month asc, weight asc, rule_number asc
),

final as (
    select
        {{ surrogate_key(['tried.tenant_id', 'tried.month', 'lower(tried.business_unit_name)']) }}
            as fct_revenue_tie_out_key,
        tried.tenant_id,
        tried.month,
        tried.business_unit_name,
        cast(tried.reported_amount as numeric(18, 2)) as reported_amount,
        cast(tried.revenue_amount as numeric(18, 2)) as revenue_amount,
        cast(tried.difference_amount as numeric(18, 2)) as difference_amount,
        cast(tried.adjustment_amount as numeric(18, 2)) as adjustment_amount,
        cast(tried.non_job_amount as numeric(18, 2)) as non_job_amount,
        cast(tried.bypass_amount as numeric(18, 2)) as bypass_amount,
        cast(tried.timing_amount as numeric(18, 2)) as timing_amount,
        cast(
            tried.difference_amount
            - tried.adjustment_amount
            - tried.non_job_amount
            - tried.bypass_amount
            - tried.timing_amount as numeric(18, 2)
        ) as unexplained_amount
    from tried
    inner join chosen
        on
            tried.tenant_id = chosen.tenant_id
            and tried.month = chosen.month
            and tried.rule_number = chosen.rule_number
)

select * from final

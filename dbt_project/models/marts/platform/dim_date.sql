{# Wide enough for every date a trade business writes, and fixed: no run changes a day. #}
{% set first_day, last_day = '1990-01-01', '2049-12-31' %}

with

tenants as (
    select * from {{ ref('int_tenants') }}
),

-- One calendar for the group: the fiscal year that most tenants keep (on a tie the earliest start).
fiscal as (
    select coalesce(mode() within group (order by fiscal_start_month), 1) as start_month
    from tenants
),

days as (
    select cast(series.day as date) as date_day
    from
        generate_series(
            cast('{{ first_day }}' as date), cast('{{ last_day }}' as date), interval '1 day'
        ) as series (day)
),

final as (
    select
        days.date_day,
        cast(extract(isodow from days.date_day) as integer) as iso_day_of_week,
        to_char(days.date_day, 'FMDay') as day_name,
        extract(isodow from days.date_day) >= 6 as is_weekend,
        extract(isodow from days.date_day) < 6 as is_business_day,
        cast(extract(isoyear from days.date_day) as integer) as iso_year,
        cast(extract(week from days.date_day) as integer) as iso_week,
        cast(date_trunc('week', days.date_day) as date) as iso_week_start_date,
        cast(extract(day from days.date_day) as integer) as day_of_month,
        cast(extract(doy from days.date_day) as integer) as day_of_year,
        cast(extract(month from days.date_day) as integer) as month_of_year,
        to_char(days.date_day, 'FMMonth') as month_name,
        cast(date_trunc('month', days.date_day) as date) as month_start_date,
        cast(date_trunc('month', days.date_day) + interval '1 month - 1 day' as date)
            as month_end_date,
        cast(extract(quarter from days.date_day) as integer) as quarter_of_year,
        cast(date_trunc('quarter', days.date_day) as date) as quarter_start_date,
        cast(extract(year from days.date_day) as integer) as calendar_year,
        {{ fiscal_year('days.date_day', 'fiscal.start_month') }} as fiscal_year,
        {{ fiscal_quarter('days.date_day', 'fiscal.start_month') }} as fiscal_quarter,
        {{ fiscal_month('days.date_day', 'fiscal.start_month') }} as fiscal_month
    from days
    cross join fiscal
)

select * from final

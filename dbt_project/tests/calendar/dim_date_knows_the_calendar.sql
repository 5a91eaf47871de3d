{# Days whose parts are easily got wrong: ISO years around New Year, leap days, quarter ends. #}
with

known (
    date_day, iso_year, iso_week, iso_day_of_week, is_business_day, day_of_year, month_end_date,
    quarter_start_date
) as (
    values
    (date '2024-12-30', 2025, 1, 1, true, 365, date '2024-12-31', date '2024-10-01'),
    (date '2021-01-03', 2020, 53, 7, false, 3, date '2021-01-31', date '2021-01-01'),
    (date '2024-02-29', 2024, 9, 4, true, 60, date '2024-02-29', date '2024-01-01'),
    (date '2023-02-28', 2023, 9, 2, true, 59, date '2023-02-28', date '2023-01-01'),
    (date '2026-03-28', 2026, 13, 6, false, 87, date '2026-03-31', date '2026-01-01')
)

select known.date_day
from known
left join {{ ref('dim_date') }} as dates
    on
        known.date_day = dates.date_day
        and known.iso_year = dates.iso_year
        and known.iso_week = dates.iso_week
        and known.iso_day_of_week = dates.iso_day_of_week
        and known.is_business_day = dates.is_business_day
        and known.day_of_year = dates.day_of_year
        and known.month_end_date = dates.month_end_date
        and known.quarter_start_date = dates.quarter_start_date
where dates.date_day is null

{# The fiscal macros on both sides of a year's start, for calendar, July and October years. #}
-- depends_on: {{ ref('dim_date') }}
with

known (day, start_month, expected_year, expected_quarter, expected_month) as (
    values
    (date '2024-01-01', 1, 2024, 1, 1),
    (date '2024-12-31', 1, 2024, 4, 12),
    (date '2024-09-30', 10, 2024, 4, 12),
    (date '2024-10-01', 10, 2025, 1, 1),
    (date '2025-01-15', 10, 2025, 2, 4),
    (date '2024-06-30', 7, 2024, 4, 12),
    (date '2024-07-01', 7, 2025, 1, 1)
)

select *
from known
where
    {{ fiscal_year('day', 'start_month') }} <> expected_year
    or {{ fiscal_quarter('day', 'start_month') }} <> expected_quarter
    or {{ fiscal_month('day', 'start_month') }} <> expected_month

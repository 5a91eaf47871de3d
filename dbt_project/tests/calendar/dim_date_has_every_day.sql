{# No day is missing between the first and the last. #}
select count(*) as day_count
from {{ ref('dim_date') }}
having count(*) <> max(date_day) - min(date_day) + 1

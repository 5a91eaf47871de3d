{# dim_date has one fiscal calendar: a tenant with another start month must not read it there. #}
{{ config(severity='warn') }}

with

common as (
    select mode() within group (order by fiscal_start_month) as start_month
    from {{ ref('int_tenants') }}
)

select
    tenants.tenant_id,
    tenants.fiscal_start_month
from {{ ref('int_tenants') }} as tenants
cross join common
where tenants.fiscal_start_month <> common.start_month

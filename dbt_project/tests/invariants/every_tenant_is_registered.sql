{# Rows of a tenant that int_tenants does not know have no time zone and drop out of every mart. #}
with

present as (
    select tenant_id from {{ ref('stg_servicetitan__customers') }}
    union
    select tenant_id from {{ ref('stg_servicetitan__jobs') }}
    union
    select tenant_id from {{ ref('stg_servicetitan__invoices') }}
    union
    select tenant_id from {{ ref('stg_servicetitan__payments') }}
    union
    select tenant_id from {{ ref('stg_servicetitan__credit_memos') }}
)

select present.tenant_id
from present
left join {{ ref('int_tenants') }} as tenants on present.tenant_id = tenants.tenant_id
where tenants.tenant_id is null

{% snapshot snap_technicians %}

{{
    config(
        unique_key=['tenant_id', 'technician_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=[
            'technician_name',
            'business_unit_id',
            'team',
            'technician_status',
            'hourly_rate',
            'burden_rate',
            'commission_rate',
            'is_active',
        ],
    )
}}

select
    tenant_id,
    technician_id,
    technician_name,
    business_unit_id,
    team,
    technician_status,
    hourly_rate,
    burden_rate,
    commission_rate,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__technicians') }}

{% endsnapshot %}

{% snapshot snap_payroll_settings %}

{{
    config(
        unique_key=['tenant_id', 'employee_type', 'employee_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=[
            'hourly_rate',
            'payroll_business_unit_id',
            'is_included_in_payroll',
            'is_active',
        ],
    )
}}

select
    tenant_id,
    employee_type,
    employee_id,
    hourly_rate,
    payroll_business_unit_id,
    is_included_in_payroll,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__payroll_settings') }}

{% endsnapshot %}

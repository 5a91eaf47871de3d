{% snapshot snap_membership_types %}

{{
    config(
        unique_key=['tenant_id', 'membership_type_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=[
            'membership_type_name',
            'billing_template_id',
            'discount_mode',
            'discount_percent',
            'duration_billing',
            'discounts',
            'revenue_recognition_mode',
            'is_active',
        ],
    )
}}

select
    tenant_id,
    membership_type_id,
    membership_type_name,
    billing_template_id,
    discount_mode,
    discount_percent,
    duration_billing,
    discounts,
    revenue_recognition_mode,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__membership_types') }}

{% endsnapshot %}

{% snapshot snap_location_zones %}

{{
    config(
        unique_key=['tenant_id', 'location_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=[
            'zone_id',
        ],
    )
}}

select
    tenant_id,
    location_id,
    zone_id,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__locations') }}

{% endsnapshot %}

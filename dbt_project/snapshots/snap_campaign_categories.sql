{% snapshot snap_campaign_categories %}

{{
    config(
        unique_key=['tenant_id', 'campaign_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=[
            'campaign_category_id',
            'campaign_category_name',
        ],
    )
}}

select
    tenant_id,
    campaign_id,
    campaign_category_id,
    campaign_category_name,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__campaigns') }}

{% endsnapshot %}
